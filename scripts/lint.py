"""Hold branches, messages and changed paths to the plan's rules."""

from staddle.__main__ import launch

launch("lint")
