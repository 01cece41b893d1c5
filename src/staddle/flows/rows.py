"""Rows of `status`: what a milestone's and a candidate's have in common, and how many are read side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from ..core.agency import Outcome
from ..core.names import Oid
from ..core.question import compared_key
from ..core.verdict import Judged, Verdict
from ..edges.entries import Entry
from ..edges.git import Changes, Git
from ..edges.shelf import Shelf
from ..edges.verdicts import Store
from ..guard.pool import each
from .subject import Look, Subject, look, question
from .survey import Standing
from .workspace import Site

READERS = 4
"""Trees read at once: beyond four the disk, not the cores, decides."""

NO_CHANGES = Changes((), ())
CALM = ("pass", "flaky", "base-red", "cancelled", "stale", "-")

Thing = TypeVar("Thing")
Seen = TypeVar("Seen")


@dataclass(frozen=True, kw_only=True)
class Row:
    """Where one tree stands; `ahead` counts its commits beyond where it began, None without a branch.

    `agent` is how the agent there stands, None where there never was one.
    """

    kind: str
    name: str
    folder: Path
    branch: str
    standing: Standing
    ahead: int | None
    changed: int
    untracked: int
    under_way: str | None
    checks: dict[str, str]
    agent: Outcome | None
    next_step: str

    @property
    def verdict(self) -> str:
        """The checks in a word: pass, the first red one, stale, or none."""
        red = next((f"{verdict} {check}" for check, verdict in self.checks.items() if verdict not in CALM), None)
        if red:
            return red
        said = set(self.checks.values())
        if Verdict.CANCELLED in said:
            return "not finished"
        return "stale" if "stale" in said else "-" if "-" in said or not said else "pass"

    @property
    def step(self) -> str:
        """What to do next, as the table has it."""
        return self.next_step

    @property
    def tree(self) -> str:
        """Where its tree stands, in a word or three."""
        return self.standing.value


def attended(agent: Outcome | None, name: str, step: str) -> str:
    """The next step where an agent may be at work: to see what it does."""
    return f"agents --follow {name}" if agent and agent.under_way else step


def check_words(
    kept: Mapping[str, Judged], declared: Iterable[str], now: Oid | None, again: Callable[[str], Judged | None]
) -> dict[str, str]:
    """Each declared check's word: its latest verdict, when that speaks of the content `now`, else an earlier one.

    `again` gives the kept answer to a check's question; without one a verdict on other content is stale.
    """
    words = {}
    for name in declared:
        judged = kept.get(name)
        if judged and judged.tree not in ("", now):  # without content, it never came to look at any
            judged = again(name)
            words[name] = str(judged.verdict) if judged else "stale"
        else:
            words[name] = str(judged.verdict) if judged else "-"
    return words


def content_now(aside: Shelf, git: Git, entry: Entry | None, tip: Oid, changes: Changes) -> Oid | None:
    """What a tree holds, uncommitted work included; None when it is not there to be read."""
    if not changes:
        return git.tree_of(tip)
    return aside.seen(entry) if entry else None


def answers(site: Site, asked: Callable[[], Subject]) -> Callable[[str], Judged | None]:
    """Gives the kept answer to a check's question of a subject without uncommitted work; looks once, writes nothing."""
    store = Store(site.state)

    @cache
    def seen() -> tuple[Subject, Look]:
        subject = asked()
        return subject, look(site.git, subject)

    def again(name: str) -> Judged | None:
        subject, found = seen()
        if (check := subject.checks.get(name)) is None:
            return None
        judged = store.answer(question(site.git, subject, check, found).key)
        if judged and judged.verdict is Verdict.FAIL and subject.base:
            return store.answer(compared_key(judged.key, subject.base)) or judged
        return judged

    return again


def no_answer(_: str) -> None:
    """What is known of a content that cannot be asked for."""


def in_order(things: Sequence[Thing], look: Callable[[Thing], Seen]) -> list[Seen]:
    """Look at several things side by side; what was seen, in their order."""
    done = sorted(each(range(len(things)), lambda at: look(things[at]), READERS), key=lambda one: one.thing)
    for one in done:
        if one.error:
            raise one.error
    return [one.result for one in done if one.result is not None]
