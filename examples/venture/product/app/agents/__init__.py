"""Agents: the tasks given to them and the queue they take them from."""

from .api import routes
from .envelope import TaskEnvelope
from .queue import TaskQueue
from .runtime import AgentRuntime

__all__ = ["AgentRuntime", "TaskEnvelope", "TaskQueue", "routes"]
