"""The outside world, one owner module for each thing in it."""
