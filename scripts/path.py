"""Print where a milestone's tree is: cd "$(staddle path m3)"."""

from staddle.__main__ import launch

launch("path")
