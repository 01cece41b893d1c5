"""The engine: runs jobs side by side on this machine, each under a supervisor, and leaves none behind.

It works in the caller's thread alone, so that a signal or a failing callback interrupts it there;
whatever interrupts it, the jobs under way are cancelled and their end is waited for.
"""

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from ..core.unit import Ended, Job
from .process import Running, start


def default_slots() -> int:
    """How many jobs this machine does well at once: its usable cores, at least two."""
    return max(2, len(os.sched_getaffinity(0)))


class LocalEngine:
    """Runs jobs on this machine, at most `slots` at once."""

    def __init__(self, slots: int | None = None) -> None:
        self._slots = slots or default_slots()

    def run_lanes(
        self,
        lanes: Mapping[str, Sequence[Job]],
        *,
        on_ended: Callable[[str, Ended], None] = lambda lane, ended: None,
        stop_lane: Callable[[Ended], bool] = lambda ended: False,
    ) -> dict[str, list[Ended]]:
        """Run the jobs of each lane one after another, lanes side by side; how they ended, by lane.

        `on_ended` hears of each end as it comes. Where `stop_lane` holds, the rest of the lane is left out.
        """
        waiting = {lane: deque(jobs) for lane, jobs in lanes.items()}
        results: dict[str, list[Ended]] = {lane: [] for lane in lanes}
        running: dict[str, Running] = {}
        try:
            while running or any(waiting.values()):
                for lane, jobs in waiting.items():
                    if jobs and lane not in running and len(running) < self._slots:
                        running[lane] = start(jobs.popleft())
                for lane in _next_over(running):
                    ended = running.pop(lane).wait()
                    results[lane].append(ended)
                    if stop_lane(ended):
                        waiting[lane].clear()
                    on_ended(lane, ended)
        finally:
            for under_way in running.values():
                under_way.cancel()
            for under_way in running.values():
                under_way.wait()
        return results


def _next_over(running: Mapping[str, Running]) -> list[str]:
    """Wait until a job is over, or overdue, and name the lanes of those that are."""
    with selectors.DefaultSelector() as selector:
        for lane, under_way in running.items():
            selector.register(under_way, selectors.EVENT_READ, lane)
        first = min(running, key=lambda lane: running[lane].deadline)
        ready = selector.select(max(0.0, running[first].deadline - time.monotonic()))
    return [key.data for key, _ in ready] or [first]
