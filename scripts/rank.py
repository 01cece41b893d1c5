"""Rank a run's candidates by their checks and each other's tests."""

from staddle.__main__ import launch

launch("rank")
