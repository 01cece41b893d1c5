"""Render a prompt for each requirement or candidate."""

from staddle.__main__ import launch

launch("prompts")
