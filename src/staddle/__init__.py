"""staddle: git worktrees for many people and agents on one repository, from one file."""

__version__ = "0.1.0"
