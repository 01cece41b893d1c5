"""Cut one command at every k-th file-changing call, recover, and judge what is left, point after point.

Each worker builds its case once, keeps a pristine copy, and puts that copy back at the same absolute path for every
point: git writes absolute paths into its files, and a copy takes milliseconds where a build takes a tenth of a second.
"""

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from ..core.errors import WorkFailed
from ..edges.process import capture
from ..guard.pool import each
from .cutter import MODES, Cut
from .cutting import cut

COPY_SECONDS = 60.0
Thing = TypeVar("Thing")
Made = TypeVar("Made")


class Case(NamedTuple):
    """A repository to hurt: where commands run, and what is wrong with it after the recovery that is handed over."""

    cwd: Path
    check: Callable[[Cut], list[str]]


class Point(NamedTuple):
    """Where a command was cut, and where its first recovery was (None: it was left in peace)."""

    mode: str
    at: int
    again: int | None = None


class Failure(NamedTuple):
    """A point whose recovery left something wrong: the last path touched, the faults, and what both commands said."""

    point: Point
    touched: str
    faults: list[str]
    output: str

    def plain(self) -> dict[str, object]:
        """The failure as JSON has it."""
        return self.point._asdict() | {"before": self.touched, "faults": self.faults, "said": self.output}

    def __str__(self) -> str:
        again = f", its recovery at {self.point.again}" if self.point.again else ""
        faults = "".join(f"\n    {fault}" for fault in self.faults)
        return f"{self.point.mode} at {self.point.at}{again}, before {self.touched}{faults}\n{self.output}"


@dataclass
class Result:
    """What a sweep found: the points tried, the undisturbed run at each mode's end included, and the failures."""

    tried: list[Point] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def table(self) -> str:
        """Points and failures of each mode, one line each."""
        failed = Counter(failure.point.mode for failure in self.failures)
        tried = Counter(point.mode for point in self.tried)
        rows = [f"{mode:8} {points:7} {failed[mode]:9}" for mode, points in tried.items()]
        return "\n".join([f"{'mode':8} {'points':>7} {'failures':>9}", *rows])

    def report(self) -> str:
        """The table and the first failures in full; what an assertion shows."""
        first = sorted(self.failures, key=lambda failure: failure.point[:2])[:3]
        return "\n\n".join([self.table(), *map(str, first)])


class _Slot:
    """One worker's case, as good as new for every point."""

    def __init__(self, folder: Path, make_case: Callable[[Path], Case]) -> None:
        self.folder, self.pristine = folder / "case", folder / "pristine"
        self.folder.mkdir(parents=True)
        self.case = make_case(self.folder)
        self._copy(self.folder, self.pristine)

    def renew(self) -> None:
        shutil.rmtree(self.folder)
        self._copy(self.pristine, self.folder)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        done = capture(["cp", "-a", str(source), str(target)], timeout=COPY_SECONDS)
        if done.rc != 0:
            raise WorkFailed(f"a case could not be copied: {done.err.decode(errors='replace').strip()}")


class _Places:
    """Hands out k = first, first + every, ... to all workers until one of them has come to an end."""

    def __init__(self, first: int, every: int) -> None:
        self._next, self._every, self._lock, self._ended = first, every, threading.Lock(), False

    def __iter__(self) -> Iterator[int]:
        while not self._ended:
            with self._lock:
                at, self._next = self._next, self._next + self._every
            yield at

    def end(self) -> None:
        """Hand out no more."""
        self._ended = True


def _side_by_side(job: Callable[[Thing], Made], things: Sequence[Thing]) -> list[Made]:
    """What each job gave, or the first error once all have ended."""
    outcomes = list(each(things, job, len(things)))
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    return [cast(Made, outcome.result) for outcome in outcomes]


@dataclass(frozen=True)
class Sweep:
    """One command and its recovery, to be cut at every place; `env` is the whole environment of both."""

    command: Sequence[str]
    recover: Sequence[str]
    make_case: Callable[[Path], Case]
    env: Mapping[str, str]
    timeout: float = 60
    tell: Callable[[Result], None] = lambda _: None
    """Hears after each point what has been found so far."""

    def run(
        self, work: Path, modes: Sequence[str], *, every: int = 1, about: int = 0, double: int = 0, jobs: int = 2
    ) -> Result:
        """Try every `every`-th place in each mode, or `about` so many, side by side in `jobs` cases below `work`.

        Modes begin at different places, so that together they reach more of them. With `double`, each place is tried
        that many times again, with the recovery itself killed, at places spread evenly over it, and run once more.
        """
        result = Result()
        slots = _side_by_side(lambda number: _Slot(work / f"slot{number}", self.make_case), range(jobs))
        if about:
            every = 1 + len(self._cut(slots[0], self.command).calls) // about
        for mode in modes:
            places = _Places(1 + MODES.index(mode) % every, every)
            _side_by_side(partial(self._work, mode=mode, places=places, double=double, result=result), slots)
        return result

    def _work(self, slot: _Slot, mode: str, places: _Places, double: int, result: Result) -> None:
        try:
            for at in places:
                first, steps = self._try(slot, Point(mode, at), result)
                if not first.hit:
                    return
                for place in sorted({1 + steps * part // double for part in range(double)}):
                    self._try(slot, Point(mode, at, place), result)
        finally:
            places.end()

    def _try(self, slot: _Slot, point: Point, result: Result) -> tuple[Cut, int]:
        """Hurt a new case, recover and check; gives the command's cut, and how many calls the recovery made."""
        slot.renew()
        runs = [self._cut(slot, self.command, point.at, point.mode)]
        if point.again:
            runs.append(self._cut(slot, self.recover, point.again, "kill"))
        runs.append(self._cut(slot, self.recover))
        faults = slot.case.check(runs[-1])
        faults += [f"{run.survivors} processes outlived the time limit" for run in runs if run.survivors]
        if faults:
            last = runs[0].calls[point.at - 1] if runs[0].hit else "its end"
            result.failures.append(Failure(point, last, faults, "---\n".join(run.output for run in runs)))
        result.tried.append(point)
        self.tell(result)
        return runs[0], len(runs[-1].calls)

    def _cut(self, slot: _Slot, argv: Sequence[str], at: int | None = None, mode: str = "kill") -> Cut:
        roots, cwd = [slot.folder], slot.case.cwd
        return cut(argv, at=at, mode=mode, roots=roots, cwd=cwd, env=self.env, timeout=self.timeout)
