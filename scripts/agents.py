"""Put an agent into each tree, and judge it by what git shows."""

from staddle.__main__ import launch

launch("agents")
