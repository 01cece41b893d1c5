"""Scratch trees: detached at some commit for the time of a proof, in nobody's way, and never left behind.

Whoever uses one holds its lock meanwhile; `settle`, where every command begins, removes those whose holder is dead.
"""

from pathlib import Path

from ..core.errors import Held
from ..core.names import Oid
from ..edges.git import Git
from ..edges.process import sweep
from ..edges.state import State
from ..edges.surroundings import temporary_place
from . import candidates, creation, removal, roster
from .creation import Wish
from .trap import Trap


def lock_name(name: str) -> str:
    """The lock that the user of the scratch tree `name` holds."""
    return f"scratch-{name}"


def make(git: Git, state: State, trap: Trap, name: str, commit: Oid) -> Path:
    """Make the tree `name`; the caller holds its lock and the `trees` lock."""
    candidates.make_home(git)
    place = git.main / candidates.HOME / name
    wish = Wish(name, place, None, commit, new_branch=False, locked="scratch", kind=roster.Kind.SCRATCH)
    creation.create_all(git, state, trap, [wish], "mend that, then run the same command again")
    return place


def discard(git: Git, state: State, place: Path) -> None:
    """Remove a scratch tree; its processes are ended first. The caller holds both locks, as for `make`."""
    member = roster.members(state).get(place)
    if member is not None and member.kind is roster.Kind.SCRATCH:
        sweep(f"{state.mark}/{member.name}")
        removal.discard(git, state, [(place, None)], 0.0)
        removal.delete_folder(temporary_place(place))


def settle(git: Git, state: State) -> None:
    """Remove the scratch trees that a killed command left; those in use are left alone."""
    for place, member in roster.members(state).items():
        if member.kind is roster.Kind.SCRATCH:
            try:
                with state.lock(lock_name(member.name), 0.0, "clearing up"):
                    discard(git, state, place)
            except Held:
                continue
