"""Agency: what becomes of an agent that is put into a tree, as data.

Only what git and the supervisor show counts; what an agent says of itself, its exit code included, proves nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How an agent's work on one task stands; from `done` on it has ended."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    ALREADY = "already"
    IDLE = "idle"
    FAILED = "failed"
    TIMEOUT = "timeout"
    STRAYED = "strayed"
    STOPPED = "stopped"
    LOST = "lost"

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self in (Outcome.WAITING, Outcome.WORKING)

    @property
    def well(self) -> bool:
        """Whether what was asked is on the branch, and nothing speaks against it."""
        return self in (Outcome.DONE, Outcome.ALREADY)


@dataclass(frozen=True)
class Stray:
    """One thing that an agent should not have done: its short name, and what was found."""

    rule: str
    what: str


OUTSIDE = frozenset({"branch", "rewritten", "refs", "main-checkout", "worktrees", "stash", "settings", "pushed"})
"""The rules about what is not the agent's own: who breaks one has strayed, however its work ended."""


@dataclass(frozen=True)
class Work:
    """An agent's work on one task in one tree, under way or ended; times are seconds since the epoch.

    `since` and `ended` enclose all that it may have done; `seconds` is what its program took. `begun` is the branch's
    commit before it, `commits` are the first lines of those made since. `session` is its
    program's own id of the conversation. Of `tests`, by what became of them, the names.
    """

    target: str
    task: str
    agent: str
    kind: str
    outcome: Outcome
    branch: str
    unit: str
    log: str
    begun: str = ""
    since: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0
    attempt: int = 1
    note: str = ""
    strays: tuple[Stray, ...] = ()
    commits: tuple[str, ...] = ()
    tests: Mapping[str, tuple[str, ...]] | None = None
    session: str = ""
    digest: str = ""
    tokens: int | None = None
    cost: float | None = None

    @property
    def key(self) -> str:
        """What it is, in a word: `m3/FR-VNT-TREAS-003`."""
        return f"{self.target}/{self.task}"

    def record(self) -> dict[str, Any]:
        """The work as JSON data."""
        return asdict(self)

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Work":
        """The work that `record` gave."""
        strays = tuple(Stray(**one) for one in record.pop("strays"))
        commits, outcome = tuple(record.pop("commits")), Outcome(record.pop("outcome"))
        return cls(outcome=outcome, strays=strays, commits=commits, **record)


def outcome_of(reason: str, rc: int, commits: int, strays: tuple[Stray, ...]) -> tuple[Outcome, str]:
    """How a job that ended like this turned out, and why in a line."""
    first = next((one for one in strays if one.rule in OUTSIDE), None)
    if first:
        return Outcome.STRAYED, first.what
    if reason != "exited":
        ended = {"limit": Outcome.TIMEOUT, "cancelled": Outcome.STOPPED, "lost": Outcome.LOST}
        return ended.get(reason, Outcome.FAILED), ""
    if rc != 0:
        return Outcome.FAILED, f"exit code {rc}"
    if not commits:
        return Outcome.IDLE, "exit code 0, no commit"
    return (Outcome.STRAYED, strays[0].what) if strays else (Outcome.DONE, "")
