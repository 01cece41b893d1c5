"""Print where a tree is: cd "$(staddle path run42-b1)"."""

from staddle.__main__ import launch

launch("path")
