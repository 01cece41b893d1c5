from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.agents import AgentRuntime, SharedTaskQueue, TaskEnvelope, routes
from app.client import Client
from app.errors import Conflict
from app.redis import Redis
from app.web import Routes

Connect = Callable[[], Redis]


def test_what_one_submits_another_takes(redis: Connect) -> None:
    SharedTaskQueue(redis()).submit(TaskEnvelope("t-1", "add", {"numbers": [1, 2]}))
    other = SharedTaskQueue(redis())
    assert other.take() == TaskEnvelope("t-1", "add", {"numbers": [1, 2]})
    assert other.take() is None


def test_a_task_id_is_used_once_by_all(redis: Connect) -> None:
    SharedTaskQueue(redis()).submit(TaskEnvelope("t-1", "add"))
    with pytest.raises(Conflict):
        SharedTaskQueue(redis()).submit(TaskEnvelope("t-1", "add"))


def test_many_takers_get_each_task_once_and_in_order(redis: Connect) -> None:
    submitted = [f"t-{number:03}" for number in range(200)]
    queue = SharedTaskQueue(redis())
    for task_id in submitted:
        queue.submit(TaskEnvelope(task_id, "noop"))

    def take_all(taker: SharedTaskQueue) -> list[str]:
        return [task.task_id for task in iter(taker.take, None)]

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take_all, [SharedTaskQueue(redis()) for _ in range(4)]))
    assert sorted(sum(taken, [])) == submitted
    assert all(mine == sorted(mine) for mine in taken)


def test_a_runtime_serves_tasks_out_of_redis(redis: Connect, serve: Callable[[Routes], Client]) -> None:
    runtime = AgentRuntime(SharedTaskQueue(redis()))
    runtime.add_tool("add", lambda arguments: sum(arguments["numbers"]))
    client = serve(routes(runtime))
    assert client.post("/tasks", task_id="t-1", tool="add", arguments={"numbers": [1, 2]})[0] == 201
    assert client.post("/tasks", task_id="t-1", tool="add", arguments={})[0] == 409
    assert client.post("/tasks/next") == (200, {"task_id": "t-1", "result": 3})
