"""Give every milestone its tree on its branch, set up and ready."""

from staddle.__main__ import launch

launch("worktrees")
