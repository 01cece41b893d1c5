"""Show what the plan declares against what git has."""

from staddle.__main__ import launch

launch("plan")
