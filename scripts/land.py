"""Bring a milestone's work to the base, one commit a requirement."""

from staddle.__main__ import launch

launch("land")
