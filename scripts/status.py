"""Show all trees at a glance: commits, changes, checks, next step."""

from staddle.__main__ import launch

launch("status")
