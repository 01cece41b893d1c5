"""Foresee which trees get in each other's way, before they land."""

from staddle.__main__ import launch

launch("conflicts")
