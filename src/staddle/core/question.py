"""Questions: what a verdict is the answer to, and the key under which an answer may be given again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from .names import Oid

FORMAT = 1


@dataclass(frozen=True)
class Question:
    """Is this content right? Two checks with equal questions have the same answer.

    `tree` is the content, `env` the variables that a plan sets for its checks, and `tools` a digest of the programs
    that run it. Ports, temporary folders and whatever else the caller's environment holds are no part of it.
    """

    tree: Oid
    argv: tuple[str, ...]
    env: Mapping[str, str]
    tools: str
    limit: float
    evidence: str
    setup: tuple[tuple[str, ...], ...] = ()
    services: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """64 hex digits; equal for equal questions alone, whatever the order of the variables."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
