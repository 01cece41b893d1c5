"""The command line: options and printing for each group of verbs."""
