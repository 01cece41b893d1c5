"""Events: the schema all services share, and the log they are kept in."""

from .log import EventLog
from .models import EventEnvelope

__all__ = ["EventEnvelope", "EventLog"]
