"""Show all trees at a glance: branch, changes, checks, next step."""

from staddle.__main__ import launch

launch("status")
