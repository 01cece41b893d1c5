"""Write the workflow that runs the plan's checks on GitHub."""

from staddle.__main__ import launch

launch("ci")
