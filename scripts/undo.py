"""Bring back what was taken away: a candidate, or a milestone's tree."""

from staddle.__main__ import launch

launch("undo")
