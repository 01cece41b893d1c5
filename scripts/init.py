"""Write milestones.yaml, noxfile.py, Makefile where missing."""

from staddle.__main__ import launch

launch("init")
