"""Agents: the tasks given to them and the queue they take them from."""

from .api import routes
from .envelope import TaskEnvelope
from .queue import TaskQueue
from .runtime import AgentRuntime
from .shared_queue import SharedTaskQueue

__all__ = ["AgentRuntime", "SharedTaskQueue", "TaskEnvelope", "TaskQueue", "routes"]
