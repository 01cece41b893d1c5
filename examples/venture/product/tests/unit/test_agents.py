import sqlite3

import pytest

from app.agents import AgentRuntime, TaskEnvelope, TaskQueue
from app.errors import Conflict, DomainError


@pytest.fixture
def queue(database: sqlite3.Connection) -> TaskQueue:
    return TaskQueue(database)


def test_an_envelope_decodes_to_itself() -> None:
    task = TaskEnvelope("t-1", "add", {"numbers": [1, 2]})
    assert TaskEnvelope.decode(task.encode()) == task


def test_a_task_is_handed_out_once(queue: TaskQueue) -> None:
    queue.submit(TaskEnvelope("t-1", "add"))
    assert queue.take() == TaskEnvelope("t-1", "add")
    assert queue.take() is None


def test_a_task_id_is_used_once(queue: TaskQueue) -> None:
    queue.submit(TaskEnvelope("t-1", "add"))
    with pytest.raises(Conflict):
        queue.submit(TaskEnvelope("t-1", "add"))


def test_an_agent_calls_the_tool_of_its_task(queue: TaskQueue) -> None:
    runtime = AgentRuntime(queue)
    runtime.add_tool("add", lambda arguments: sum(arguments["numbers"]))
    queue.submit(TaskEnvelope("t-1", "add", {"numbers": [1, 2]}))
    assert runtime.run_next() == ("t-1", 3)
    assert runtime.run_next() is None


def test_an_unknown_tool_is_refused(queue: TaskQueue) -> None:
    queue.submit(TaskEnvelope("t-1", "shell"))
    with pytest.raises(DomainError, match="shell"):
        AgentRuntime(queue).run_next()


def test_tasks_run_in_order_of_arrival(queue: TaskQueue) -> None:
    """FR-VNT-AGENT-001: first in, first out, whatever the tasks are called."""
    runtime = AgentRuntime(queue)
    runtime.add_tool("noop", lambda _arguments: None)
    for task_id in ("c", "a", "b"):
        queue.submit(TaskEnvelope(task_id, "noop"))
    done = [runtime.run_next() for _ in range(3)]
    assert done == [("c", None), ("a", None), ("b", None)]
