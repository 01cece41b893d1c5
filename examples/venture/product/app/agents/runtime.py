"""The runtime: takes tasks from the queue and calls the tools they name."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import DomainError
from .queue import TaskQueue
from .shared_queue import SharedTaskQueue

Tool = Callable[[Mapping[str, Any]], Any]


class AgentRuntime:
    """Runs one task at a time with the tools it was given."""

    def __init__(self, queue: TaskQueue | SharedTaskQueue) -> None:
        self.queue = queue
        self._tools: dict[str, Tool] = {}

    def add_tool(self, name: str, tool: Tool) -> None:
        """Gives agents a tool."""
        self._tools[name] = tool

    def run_next(self) -> tuple[str, Any] | None:
        """Runs the next task and returns its id and result, or None when there is none to do."""
        task = self.queue.take()
        if task is None:
            return None
        if task.tool not in self._tools:
            raise DomainError(f"task {task.task_id} names the tool {task.tool}, which this runtime does not have")
        return task.task_id, self._tools[task.tool](task.arguments)
