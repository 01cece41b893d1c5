"""Bring back what was taken away: a candidate or a milestone."""

from staddle.__main__ import launch

launch("undo")
