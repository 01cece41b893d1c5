"""The envelope a task travels in."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class TaskEnvelope:
    """One call of a tool, to be made by an agent."""

    task_id: str
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> str:
        """The envelope as text."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> "TaskEnvelope":
        """The inverse of encode."""
        return cls(**json.loads(text))
