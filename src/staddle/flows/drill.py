"""drill: on copies of this repository's content, cut runs at place after place and see what the next command leaves."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UsageError
from ..edges.git import Git
from ..faults.cases import STADDLE, STORIES, environment
from ..faults.cutter import MODES
from ..faults.cutting import cut
from ..faults.seed import plant
from ..faults.sweep import Failure, Result, Sweep
from .workspace import Tell

USUAL_MODES = ("kill", "torn")
QUICK_PLACES = 10
"""About so many of each command, over all modes together; each mode ends with an undisturbed run or two."""
TELL_SECONDS = 5.0


@dataclass(frozen=True)
class Drilled:
    """One command in one mode: the points tried, and what was wrong at some of them."""

    command: str
    mode: str
    points: int
    failures: tuple[Failure, ...]


def drill(source: Git, wanted: Sequence[str], *, quick: bool, tell: Tell) -> list[Drilled]:
    """Cut `spawn`, `reconcile` and a conflict in modes `wanted`, at every place or at some; what came of each.

    All happens in a temporary folder; the repository `source` is read. UsageError where system calls cannot be stopped.
    """
    if unknown := [mode for mode in wanted if mode not in MODES]:
        raise UsageError(f"there is no mode {', '.join(unknown)}", f"--mode with one of: {', '.join(MODES)}")
    modes = list(dict.fromkeys(wanted)) or list(USUAL_MODES)
    cut(["true"])  # where this is impossible, no drill is begun
    with tempfile.TemporaryDirectory(prefix="staddle-drill-") as folder:
        work = Path(folder).resolve()
        plant(source, work / "seed.git")
        return [row for name in STORIES for row in _rows(name, modes, work, quick, tell)]


def _rows(name: str, modes: Sequence[str], work: Path, quick: bool, tell: Tell) -> list[Drilled]:
    command, recover, make_case = STORIES[name]
    home = work / f"home-{name}"
    home.mkdir()
    tell(f"{name}: making two copies")
    sweep = Sweep(
        [*STADDLE, *command],
        [*STADDLE, *recover],
        lambda folder: make_case(folder, work / "seed.git"),
        environment(home),
        tell=_Progress(name, tell),
    )
    result = sweep.run(work / name, modes, about=QUICK_PLACES // len(modes) if quick else 0)
    return [
        Drilled(
            name,
            mode,
            sum(point.mode == mode for point in result.tried),
            tuple(failure for failure in result.failures if failure.point.mode == mode),
        )
        for mode in modes
    ]


class _Progress:
    """Tells how far a sweep has come, every few seconds."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name, self._tell, self._next = name, tell, time.monotonic() + TELL_SECONDS

    def __call__(self, result: Result) -> None:
        if (now := time.monotonic()) > self._next:
            self._next = now + TELL_SECONDS
            self._tell(f"{self._name}: {len(result.tried)} points, {len(result.failures)} failures")
