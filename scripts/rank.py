"""Rank a run's candidates by checks and each other's tests."""

from staddle.__main__ import launch

launch("rank")
