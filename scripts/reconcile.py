"""Land a run's survivor, if named, and take the rest away."""

from staddle.__main__ import launch

launch("reconcile")
