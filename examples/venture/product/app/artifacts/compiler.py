"""The compiler: one manifest and its parts become one document."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DomainError


@dataclass(frozen=True)
class Artifact:
    """A compiled document and the sha256 it is known by."""

    digest: str
    content: bytes


def compile_artifact(manifest: Mapping[str, Any], parts: Mapping[str, str]) -> Artifact:
    """Compiles the parts that the manifest lists under `parts`."""
    missing = [name for name in manifest.get("parts", []) if name not in parts]
    if missing:
        raise DomainError(f"the manifest lists parts that are not there: {', '.join(missing)}")
    content = _encode({"manifest": manifest, "parts": parts})
    return Artifact(hashlib.sha256(content).hexdigest(), content)


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode()
