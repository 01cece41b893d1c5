"""Bring a candidate back that a run took away, uncommitted work included."""

from staddle.__main__ import launch

launch("undo")
