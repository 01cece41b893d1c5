"""Rows of `status`: what a milestone's and a candidate's have in common, and how many are read side by side."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..core.names import Oid
from ..core.verdict import Judged
from ..edges.git import Changes
from ..guard.pool import each
from .survey import Standing

READERS = 4
"""Trees read at once: beyond four the disk, not the cores, decides."""

NO_CHANGES = Changes((), ())
CALM = ("pass", "flaky", "base-red", "stale", "-")

Thing = TypeVar("Thing")
Seen = TypeVar("Seen")


@dataclass(frozen=True, kw_only=True)
class Row:
    """Where one tree stands; `ahead` counts its commits beyond where it began, None without a branch."""

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
    next_step: str

    @property
    def verdict(self) -> str:
        """The checks in a word: pass, the first red one, stale, or none."""
        red = next((f"{verdict} {check}" for check, verdict in self.checks.items() if verdict not in CALM), None)
        if red:
            return red
        said = set(self.checks.values())
        return "stale" if "stale" in said else "-" if "-" in said or not said else "pass"


def check_words(kept: dict[str, Judged], declared: Iterable[str], tree: Oid | None, changes: Changes) -> dict[str, str]:
    """Each declared check's word: its verdict while it still speaks of what the tree holds."""
    words = {}
    for name in declared:
        judged = kept.get(name)
        fresh = judged is not None and judged.tree == tree and not changes
        words[name] = "-" if judged is None else str(judged.verdict) if fresh else "stale"
    return words


def in_order(things: Sequence[Thing], look: Callable[[Thing], Seen]) -> list[Seen]:
    """Look at several things side by side; what was seen, in their order."""
    done = sorted(each(range(len(things)), lambda at: look(things[at]), READERS), key=lambda one: one.thing)
    for one in done:
        if one.error:
            raise one.error
    return [one.result for one in done if one.result is not None]
