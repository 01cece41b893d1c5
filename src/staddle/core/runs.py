"""Runs: several candidates for one task, of which one survives; where a run stands, as data."""

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from .errors import UsageError
from .names import Candidate, Oid, RunId, quoted

MOST_CANDIDATES = 64


class Mode(StrEnum):
    """What a candidate is: a tree on a branch of its own, or a folder that holds files and patches."""

    WORKTREE = "worktree"
    CONTEXT = "context"


class Stage(StrEnum):
    """How far a run has come. From `chosen` on its survivor is binding; from `merged` on nothing goes back."""

    SPAWNING = "spawning"
    READY = "ready"
    CHOSEN = "chosen"
    GATING = "gating"
    MERGING = "merging"
    MERGED = "merged"
    KEPT = "kept"
    CLEARING = "clearing"


@dataclass(frozen=True)
class Run:
    """A run as its journal knows it.

    `target` is the full name of the branch to land on, the one that HEAD was on, None when that was detached; `old`
    and `new` are its commit before and after the landing under way. `since` is when the run's end was begun,
    `began` when the run was; both in seconds since the epoch. `trusted` are the digests of the repository's
    settings and hooks as they were when it began. `kept` says that its survivor could not land, once: the losers
    have gone, and the survivor's branch is a person's to mend. `task` is what its candidates are to do: words of a
    person's, or a requirement's id.
    """

    id: RunId
    stage: Stage
    base: Oid
    target: str | None
    count: int
    began: float
    since: float = 0.0
    survivor: int | None = None
    tip: Oid | None = None
    old: Oid | None = None
    new: Oid | None = None
    mode: Mode = Mode.WORKTREE
    trusted: tuple[str, ...] = ()
    kept: bool = False
    task: str = ""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All its candidates, by number."""
        return tuple(Candidate(self.id, number) for number in range(1, self.count + 1))

    def at(self, stage: Stage, **changes: Any) -> Self:
        """The run at another stage, with what else has changed."""
        return replace(self, stage=stage, **changes)

    def record(self) -> dict[str, Any]:
        """The run as JSON data."""
        return asdict(self)

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Run":
        """The run that `record` gave."""
        kinds = {"stage": Stage(record["stage"]), "mode": Mode(record.get("mode", Mode.WORKTREE))}
        return cls(**record | kinds | {"trusted": tuple(record.get("trusted", ()))})


def require_count(text: str, source: str = "") -> int:
    """A number of candidates; UsageError, naming the `source` of the text, when it is none."""
    if not re.fullmatch("[1-9][0-9]?", text) or int(text) > MOST_CANDIDATES:
        what = f"{source}{text!r} is not a number of candidates, 1 to {MOST_CANDIDATES}"
        raise UsageError(what, "3, as in: staddle spawn run42 3")
    return int(text)


def require_mode(text: str, source: str = "") -> Mode:
    """A run's mode; UsageError, naming the `source` of the text, when it is none."""
    if text not in tuple(Mode):
        raise UsageError(f"{source}{text!r} is no mode of a run", f"one of: {', '.join(Mode)}")
    return Mode(text)


def require_number(text: str) -> int:
    """The number of the candidate that `b2` or `2` means; UsageError when it means none."""
    match = re.fullmatch("b?([1-9][0-9]{0,8})", text)
    if match is None:
        raise UsageError(f"{text!r} is no candidate", "name it as in: staddle undo run42 b1")
    return int(match[1])


def require_survivor(text: str, run: Run) -> int:
    """The number of the candidate that `b2`, `2`, `run42-b2` or `pqa/run42-b2` means; UsageError when none does."""
    number = survivor_number(text, run.id)
    if number is None or number > run.count:
        known = ", ".join(f"b{candidate.number}" for candidate in run.candidates)
        raise UsageError(f"{quoted(text)} is no candidate of run {run.id}", f"one of: {known}")
    return number


def survivor_number(text: str, run: RunId) -> int | None:
    """The number that `b2`, `B2`, `2`, `run42-b2` or `pqa/run42-b2` gives a candidate of `run`; None when none."""
    match = re.fullmatch(rf"(?:refs/heads/)?(?:pqa/)?(?:{re.escape(run)}-)?[bB]?([1-9][0-9]{{0,8}})", text)
    return int(match[1]) if match else None
