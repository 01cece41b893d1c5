"""Bring a candidate back, uncommitted work included."""

from staddle.__main__ import launch

launch("undo")
