"""Shelving: a shelf for the time of a block, outside the repository, gone after a kill when the next one is asked for.

Whoever uses a shelf holds one lock, shared, and so do its git children; whoever gets that lock alone knows that every
shelf there is belongs to the dead.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import Held
from ..edges.git import Git
from ..edges.shelf import Shelf
from ..edges.state import locked, user_folder

WAIT_SECONDS = 10.0
PREFIX = "shelf-"


@contextmanager
def shelf(git: Git) -> Iterator[Shelf]:
    """An empty shelf for the block."""
    _settle()
    home = _home()
    with (
        locked(home / "shelves.mutex", WAIT_SECONDS, "staddle", shared=True) as descriptor,
        git.handing_down(descriptor),
    ):
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
        try:
            yield Shelf(git, place)
        finally:
            shutil.rmtree(place)


def _settle() -> None:
    """Remove the shelves that killed commands left; none while any is in use."""
    home = _home()
    if not any(home.glob(f"{PREFIX}*")):
        return
    try:
        with locked(home / "shelves.mutex", 0.0, "staddle, clearing up"):
            for left in home.glob(f"{PREFIX}*"):
                shutil.rmtree(left)
    except Held:
        return


def _home() -> Path:
    return user_folder() / "shelves"
