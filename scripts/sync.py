"""Rebase every tree onto the fetched base; leave what conflicts."""

from staddle.__main__ import launch

launch("sync")
