"""Render a prompt for each requirement into its tree."""

from staddle.__main__ import launch

launch("prompts")
