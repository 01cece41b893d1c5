"""The shared event schema. A change here goes through main before any service uses it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class EventEnvelope:
    """Something that happened: its kind is a dotted name such as `treasury.spend`."""

    event_id: str
    kind: str
    workflow_id: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The envelope as it travels."""
        return asdict(self)
