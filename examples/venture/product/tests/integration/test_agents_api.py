import sqlite3
from collections.abc import Callable

import pytest

from app.agents import AgentRuntime, TaskQueue, routes
from app.client import Client
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client], database: sqlite3.Connection) -> Client:
    runtime = AgentRuntime(TaskQueue(database))
    runtime.add_tool("add", lambda arguments: sum(arguments["numbers"]))
    return serve(routes(runtime))


def test_a_submitted_task_is_run(client: Client) -> None:
    assert client.post("/tasks", task_id="t-1", tool="add", arguments={"numbers": [1, 2]})[0] == 201
    assert client.post("/tasks/next") == (200, {"task_id": "t-1", "result": 3})
    assert client.post("/tasks/next") == (200, None)


def test_a_task_is_submitted_once(client: Client) -> None:
    client.post("/tasks", task_id="t-1", tool="add", arguments={})
    assert client.post("/tasks", task_id="t-1", tool="add", arguments={})[0] == 409
