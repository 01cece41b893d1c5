"""Open a milestone's pull request, or bring it up to date."""

from staddle.__main__ import launch

launch("pr")
