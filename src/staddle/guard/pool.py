"""The pool: the same small job for many things, a few at a time, each failure kept beside its thing."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event, Thread, current_thread
from typing import Generic, TypeVar

from ..edges.process import LOOK_SECONDS, stop_when
from ..edges.slots import default_slots

Thing = TypeVar("Thing")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Done(Generic[Thing, Result]):
    """One finished job: its thing, and either its result or what it failed of."""

    thing: Thing
    result: Result | None
    error: Exception | None


def each(
    things: Iterable[Thing], job: Callable[[Thing], Result], at_once: int | None = None
) -> Iterator[Done[Thing, Result]]:
    """Yield every outcome as it comes, in the caller's thread.

    When the caller is interrupted, jobs not yet begun are dropped, and the commands of running ones are
    ended and waited for: nothing works on behind an unwinding command.
    """
    stopping, workers = Event(), list[Thread]()

    def begin() -> None:
        workers.append(current_thread())
        stop_when(stopping)

    executor = ThreadPoolExecutor(at_once or default_slots(), initializer=begin)
    try:
        futures: dict[Future[Result], Thing] = {executor.submit(job, thing): thing for thing in things}
        waiting = set(futures)
        while waiting:
            finished, waiting = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
            for future in finished:
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield Done(futures[future], None if error else future.result(), error)
    finally:
        stopping.set()
        executor.shutdown(wait=True, cancel_futures=True)
        for worker in workers:  # one whose start was interrupted is at work, and unknown to the executor
            worker.join()
