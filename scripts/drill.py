"""Cut runs at every step in a copy; see that nothing is left."""

from staddle.__main__ import launch

launch("drill")
