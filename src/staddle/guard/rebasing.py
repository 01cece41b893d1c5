"""Rebasing: git's own rebase in a tree, for a person who resolves its conflicts there.

Invariants. The journal `rebasing` stands while git works in the tree. A rebase that was cut before HEAD left its
branch, or after it came back, is taken back or ended, the files with it; one that was cut in between stays as git left
it and is marked, for what the tree holds may be half a commit: it can be given up, and is not gone on with.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..core.names import Oid
from ..edges.conflicts import Conflicts
from ..edges.entries import Entry, entries
from ..edges.git import Git
from ..edges.state import State
from . import landing, moving
from .landing import Landing
from .locks import clear_stale
from .removal import delete_folder
from .trap import Trap

JOURNAL, TODO = "rebasing", "rebasing.todo"
MARK = "staddle-cut"
"""The file in git's folder of the rebase that says it was cut: it goes when that goes."""


Result = TypeVar("Result")


@dataclass(frozen=True)
class Rebase:
    """A rebase of `target`, a full ref name, from `old` onto `onto`, in the tree of the entry `admin`."""

    target: str
    old: Oid
    onto: Oid
    admin: Path

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Rebase":
        """The rebase that a journal tells of."""
        return cls(record["target"], Oid(record["old"]), Oid(record["onto"]), Path(record["admin"]))


def let_in(
    git: Git, state: State, trap: Trap, one: Rebase, act: Callable[[Conflicts], Result], *, deciding: bool = False
) -> Result:
    """Let git work on a rebase in its tree; a branch that has moved then is written down for an undo.

    `deciding` when it is but about files in conflict.
    """
    trap.undo(lambda: settle(git, state))
    rebase = asdict(one) | {"admin": str(one.admin)}
    since = time.time()
    state.write(JOURNAL, {"since": since, "deciding": deciding, "rebase": rebase})
    outcome = act(Conflicts(git))
    with trap.shielded():
        _clear_locks(git, one, since)  # git may have been killed, and we not
        _note(git, state, one)
        state.drop(JOURNAL)
    return outcome


def todo(state: State) -> Path:
    """Where the list of commits is put for git."""
    return state.folder / TODO


def was_cut(entry: Entry) -> bool:
    """Whether git was killed in the middle of the rebase in this tree."""
    return (entry.admin / "rebase-merge" / MARK).exists()


def settle(git: Git, state: State) -> None:
    """Make up for a rebase that was cut; idempotent."""
    todo(state).unlink(missing_ok=True)
    record = state.read(JOURNAL)
    if not record:
        return
    one, since = Rebase.load(record["rebase"]), record["since"]
    _clear_locks(git, one, since)
    entry = next((entry for entry in entries(git) if entry.admin == one.admin), None)
    home, tip = one.admin / "rebase-merge", git.refs(one.target).get(one.target)
    if entry and home.exists() and not record["deciding"]:
        if entry.head == tip and tip != one.old:  # it had only to come back to its branch
            git.attach(entry.folder, one.target)
            delete_folder(home)
        elif entry.head == one.target:
            if tip == one.old:
                landing.settle(git, state, Landing(one.target, one.onto, one.old, since))
            delete_folder(home)
        else:
            (home / MARK).touch()
    _note(git, state, one)
    state.drop(JOURNAL)


def _clear_locks(git: Git, one: Rebase, since: float) -> None:
    shared = (git.common / f"{one.target}.lock", git.common / "packed-refs.lock", git.common / "packed-refs.new")
    for lock in (*one.admin.rglob("*.lock"), *shared):
        clear_stale(git, lock, since)


def _note(git: Git, state: State, one: Rebase) -> None:
    tip = git.refs(one.target).get(one.target)
    if tip and tip != one.old and not (one.admin / "rebase-merge").exists():
        moving.begin(state, [Landing(one.target, one.old, tip, time.time(), "staddle: synced")])
