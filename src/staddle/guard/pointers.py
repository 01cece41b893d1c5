"""Pointers: which submodules a landing leaves as they were, because what is checked out in one is a person's."""

from ..core.names import shell
from ..edges.entries import entries
from ..edges.git import Git
from ..edges.objects import Objects
from ..edges.submodules import checked_out
from .landing import Landing

SUBMODULE = "160000"
"""The mode of a path that is a submodule."""


def left_behind(git: Git, move: Landing) -> list[str]:
    """A line to tell of the submodules that stand in the target's checkout as they did before it moved, if any do."""
    place = next((entry.folder for entry in entries(git) if entry.head == move.target), None)
    if place is None:
        return []
    changes = Objects(git).diff(move.old, move.new)
    changed = (change.path for change in changes if SUBMODULE in (change.old_mode, change.new_mode))
    left = " ".join(map(shell, checked_out(place, changed)))
    return [f"{left} left as checked out; git -C {shell(place)} submodule update {left}"] if left else []
