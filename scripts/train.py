"""Land every milestone that is ready, in order, proven together."""

from staddle.__main__ import launch

launch("train")
