"""Run the declared checks inside the trees, side by side."""

from staddle.__main__ import launch

launch("verify")
