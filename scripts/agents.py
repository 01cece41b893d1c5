"""Start an agent inside each tree, one requirement after another."""

from staddle.__main__ import launch

launch("agents")
