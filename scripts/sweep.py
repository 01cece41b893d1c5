"""Finish or take back whatever dead commands left."""

from staddle.__main__ import launch

launch("sweep")
