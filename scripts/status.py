"""Show all trees: commits, changes, checks and the next step."""

from staddle.__main__ import launch

launch("status")
