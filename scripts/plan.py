"""Show what the plan declares against what git has; change nothing."""

from staddle.__main__ import launch

launch("plan")
