"""Real agent programs, offline, against a model that follows a script."""
