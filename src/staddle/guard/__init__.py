"""What keeps a promise while the machine may fail: the trap, the pool, creation and removal."""
