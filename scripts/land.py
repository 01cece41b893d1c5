"""Bring a milestone's work to the base, a commit a requirement."""

from staddle.__main__ import launch

launch("land")
