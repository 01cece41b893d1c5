"""Make N candidate trees for one hard task, all of them or none."""

from staddle.__main__ import launch

launch("spawn")
