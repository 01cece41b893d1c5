"""The task queue in redis: runtimes on several machines take from it."""

from ..errors import Conflict
from ..redis import Redis
from .envelope import TaskEnvelope

SUBMIT = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[2], ARGV[1])
"""
"""Both or neither: a task that is known waits, or was taken."""


class SharedTaskQueue:
    """Tasks wait here, first in, first out; whoever asks first gets one, and nobody else does."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def submit(self, task: TaskEnvelope) -> None:
        """Adds a task; its id is used once."""
        if not self._redis.command("EVAL", SUBMIT, 2, "tasks", "waiting", task.task_id, task.encode()):
            raise Conflict(f"task {task.task_id} was submitted already")

    def take(self) -> TaskEnvelope | None:
        """The next task, or None when there is none to do."""
        task_id = self._redis.command("LPOP", "waiting")
        return None if task_id is None else TaskEnvelope.decode(self._redis.command("HGET", "tasks", task_id))
