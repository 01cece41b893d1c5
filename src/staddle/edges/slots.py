"""Slots: how many jobs run at once on this machine, for this user, whichever staddle starts them.

A slot is a kernel lock on a small file, so one that a killed process held is free at once.
"""

import os

from .state import SECRET_FOLDER, try_lock, user_folder


def default_slots() -> int:
    """How many jobs this machine does well at once: its usable cores, at least two."""
    return max(2, len(os.sched_getaffinity(0)))


class Slots:
    """The machine's slots, `count` of them as this process sees it; each is taken and given back by its descriptor."""

    def __init__(self, count: int) -> None:
        self._folder = user_folder() / "slots"
        self._folder.mkdir(mode=SECRET_FOLDER, exist_ok=True)
        self._count = count

    def take(self) -> int | None:
        """The descriptor of a free slot that is ours from now on; None when all are taken."""
        found = (try_lock(self._folder / str(number)) for number in range(self._count))
        return next((slot for slot in found if slot is not None), None)


def give_back(slot: int) -> None:
    """Let somebody else have the slot."""
    os.close(slot)
