"""Questions: what a verdict is the answer to, and the key under which an answer may be given again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from .names import Oid

FORMAT = 2


@dataclass(frozen=True)
class Question:
    """Is this content right? Two checks with equal questions have the same answer.

    `tree` is the content, or a digest of the part that matters, `env` the variables that a plan sets for its checks,
    `tools` a digest of the programs that run it, and `apart` digests, by path, of files in the tree that are no content
    to git. Ports, temporary folders and whatever else the caller's environment holds are no part of it.
    """

    tree: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    tools: str
    limit: float
    evidence: str
    setup: tuple[tuple[str, ...], ...] = ()
    services: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """64 hex digits; equal for equal questions alone, whatever the order of the variables."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def compared_key(key: str, begun: Oid) -> str:
    """The key of the same question asked of a tree together with the commit that its work began at."""
    return hashlib.sha256(f"{key} against {begun}".encode()).hexdigest()
