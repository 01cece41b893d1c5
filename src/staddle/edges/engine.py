"""The engine: runs jobs side by side on this machine, each under a supervisor, and leaves none behind.

Work comes in lanes. A lane is a generator: it yields a job and is sent how that ended, or yields None when it has to
wait for something outside and wants to be asked again soon. The engine works in the caller's thread alone, so that a
signal or a failing lane interrupts it there; whatever does, the jobs under way are cancelled and waited for.
"""

import selectors
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from ..core.unit import Ended, Job
from .process import LOOK_SECONDS, Running, start
from .slots import Slots, default_slots, give_back

Lane = Generator[Job | None, Ended | None, None]
POLL_SECONDS = 0.05


def in_turn(jobs: Sequence[Job], on_ended: Callable[[Ended], bool]) -> Lane:
    """The lane of jobs that run one after another; when `on_ended` says False of one, the rest is left out."""
    for job in jobs:
        ended = yield job
        if ended is None or not on_ended(ended):
            return


@dataclass
class _State:
    """Where one lane stands: what it is to be told, the job it wants to start, or the one under way and its slot."""

    lane: Lane
    answer: Ended | None = None
    begun: bool = False
    wanted: Job | None = None
    running: Running | None = None
    slot: int | None = None


@dataclass
class LocalEngine:
    """Runs jobs on this machine, at most `at_once` of ours, and no more than it has slots for all of this user's.

    `shared` False leaves the machine's slots alone: for work that mostly waits for others.
    """

    at_once: int | None = None
    shared: bool = True
    _lanes: dict[str, _State] = field(default_factory=dict)

    def run_lanes(
        self,
        lanes: Mapping[str, Lane],
        until: Callable[[], bool] = lambda: False,
        watch: Callable[[Sequence[Running]], None] = lambda _: None,
    ) -> None:
        """Run all lanes to their end, side by side; once `until` holds, what is under way is cancelled, none begins.

        `watch` is shown the jobs under way, every 0.1 s or sooner.
        """
        most = self.at_once or default_slots()
        slots = Slots(max(most, default_slots())) if self.shared else None
        self._lanes = {name: _State(lane) for name, lane in lanes.items()}
        try:
            while self._lanes:
                self._ask()
                if until():
                    self._cancel()
                self._start(most, slots)
                watch([state.running for state in self._lanes.values() if state.running])
                self._wait(most)
        finally:
            self._cancel()

    def _ask(self) -> None:
        """Let every lane that has nothing under way say what is next."""
        for name, state in list(self._lanes.items()):
            if state.running or state.wanted:
                continue
            try:
                state.wanted = state.lane.send(state.answer) if state.begun else next(state.lane)
            except StopIteration:
                del self._lanes[name]
            state.begun, state.answer = True, None

    def _start(self, most: int, slots: Slots | None) -> None:
        under_way = sum(state.running is not None for state in self._lanes.values())
        for state in self._lanes.values():
            if state.wanted is None or under_way >= most:
                continue
            state.slot = slots.take() if slots else None
            if slots and state.slot is None:
                return
            state.running, state.wanted, under_way = start(state.wanted), None, under_way + 1

    def _wait(self, most: int) -> None:
        """Wait until a job is over or overdue, or for a moment when a lane waits for something that is not ours."""
        running = {state.running: state for state in self._lanes.values() if state.running}
        idle = [state for state in self._lanes.values() if not state.running]
        if any(state.wanted is None or len(running) < most for state in idle):
            over = _next_over(list(running), POLL_SECONDS)
        else:
            over = _next_over(list(running), LOOK_SECONDS)
        for one in over:
            self._end(running[one])

    def _end(self, state: _State) -> None:
        if state.running is None:
            return
        state.answer, state.running = state.running.wait(), None
        if state.slot is not None:
            give_back(state.slot)
            state.slot = None

    def _cancel(self) -> None:
        """Cancel what is under way, and tell the lanes how that ended; they begin nothing more."""
        for state in self._lanes.values():
            if state.running:
                state.running.cancel()
        for state in self._lanes.values():
            self._end(state)
        with ExitStack() as closing:  # whatever one of them raises, all are closed
            for state in self._lanes.values():
                closing.callback(_close, state)
        self._lanes = {}


def _close(state: _State) -> None:
    try:
        if state.answer:
            with suppress(StopIteration):
                state.lane.send(state.answer)
    finally:
        state.lane.close()


def _next_over(running: Sequence[Running], most: float) -> list[Running]:
    """Those that are over or overdue; waits for one of them, but `most` seconds."""
    if not running:
        time.sleep(most)
        return []
    first = min(running, key=lambda one: one.deadline)
    due = max(0.0, first.deadline - time.monotonic())
    with selectors.DefaultSelector() as selector:
        for one in running:
            selector.register(one, selectors.EVENT_READ)
        ready = selector.select(min(due, most))
    return [key.fileobj for key, _ in ready if isinstance(key.fileobj, Running)] or ([first] if not due else [])
