"""Take a landed tree away; refuse what could lose anything."""

from staddle.__main__ import launch

launch("remove")
