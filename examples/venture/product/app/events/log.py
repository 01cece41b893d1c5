"""The log of what happened, in order."""

from collections.abc import Mapping
from typing import Any

from .models import EventEnvelope


class EventLog:
    """Keeps every event; numbers them as they come."""

    def __init__(self) -> None:
        self._events: list[EventEnvelope] = []

    def record(self, kind: str, workflow_id: str, payload: Mapping[str, Any] | None = None) -> EventEnvelope:
        """Adds an event and returns it."""
        event = EventEnvelope(f"evt-{len(self._events) + 1}", kind, workflow_id, payload or {})
        self._events.append(event)
        return event

    def of(self, workflow_id: str) -> tuple[EventEnvelope, ...]:
        """The events of one workflow, oldest first."""
        return tuple(event for event in self._events if event.workflow_id == workflow_id)
