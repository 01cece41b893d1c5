"""Artifacts: documents compiled from a manifest and its parts, kept under their digest."""

from .api import routes
from .compiler import Artifact, compile_artifact
from .store import ArtifactStore

__all__ = ["Artifact", "ArtifactStore", "compile_artifact", "routes"]
