"""The agent runtime over HTTP."""

from ..web import Body, Reply, Routes, required
from .envelope import TaskEnvelope
from .runtime import AgentRuntime


def routes(runtime: AgentRuntime) -> Routes:
    """POST /tasks, POST /tasks/next."""

    def submit(_name: str, body: Body) -> Reply:
        task_id, tool = required(body, "task_id", str), required(body, "tool", str)
        runtime.queue.submit(TaskEnvelope(task_id, tool, required(body, "arguments", dict)))
        return 201, {"task_id": task_id}

    def run_next(_name: str, _body: Body) -> Reply:
        done = runtime.run_next()
        return 200, None if done is None else {"task_id": done[0], "result": done[1]}

    return {("POST", "/tasks"): submit, ("POST", "/tasks/next"): run_next}
