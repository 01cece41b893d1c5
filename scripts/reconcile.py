"""Land a run's survivor, if one is named, and take all the rest of it away."""

from staddle.__main__ import launch

launch("reconcile")
