"""Start here: write milestones.yaml, noxfile.py and Makefile where they are missing."""

from staddle.__main__ import launch

launch("init")
