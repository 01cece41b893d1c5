"""Pure rules and data: nothing here reads a file, starts a process or asks the clock."""
