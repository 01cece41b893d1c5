"""Take a tree away after its work has landed; refuse whatever could lose something."""

from staddle.__main__ import launch

launch("remove")
