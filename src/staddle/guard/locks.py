"""Git's own lock files: taking one so that it is known as ours for ever, and clearing a dead child's.

A lock taken here is a hard link to a file of ours: whoever finds it later sees by the inode whose it
is. A lock that a killed git child left has no such mark; it goes only when our journal says that the
step which takes it was under way, nobody has it open, no git works in the repository, and it stays
the same for a while.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import Held
from ..core.names import shell
from ..edges.entries import entries
from ..edges.git import Git
from ..edges.state import State

GRACE_SECONDS = 0.4
WAIT_SECONDS = 5.0
POLL_SECONDS = 0.02


@contextmanager
def editing_config(git: Git, state: State) -> Iterator[Path]:
    """Give a copy of the repository's config to edit; at the end it replaces the config, under git's lock."""
    config = (git.common / "config").resolve()
    draft = state.folder / "config.draft"
    lock = config.with_name("config.lock")
    forget_draft(git, state)
    shutil.copy2(config, draft)
    before = draft.read_bytes()
    yield draft
    take(lock, draft)
    if config.read_bytes() != before:
        lock.unlink()
        raise Held("the repository's config changed just now", "run the same command again")
    lock.rename(config)
    draft.unlink()


def forget_draft(git: Git, state: State) -> None:
    """Remove what a killed `editing_config` left: its draft, and the lock when it is that very file."""
    draft = state.folder / "config.draft"
    lock = (git.common / "config").resolve().with_name("config.lock")
    with suppress(FileNotFoundError):
        if draft.samefile(lock):
            lock.unlink()
    draft.unlink(missing_ok=True)
    draft.with_name("config.draft.lock").unlink(missing_ok=True)


def take(lock: Path, stone: Path) -> None:
    """Take one of git's locks as a hard link to `stone`, a file of ours; Held when it stays taken."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            lock.hardlink_to(stone)
            return
        except FileExistsError:
            if time.monotonic() > deadline:
                raise Held(f"{lock} is held by a git at work", f"see who made it: ls -l {shell(lock)}") from None
            time.sleep(POLL_SECONDS)


def clear_stale(git: Git, lock: Path, since: float) -> None:
    """Remove a lock file left by a killed git child of a step that began at `since` (seconds, epoch).

    A lock that is older, or that a living git may hold, stays: Held after a bounded wait, so that the
    journal remains and the next command looks again.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    seen, quiet_since = None, time.monotonic()
    while True:
        try:
            found = lock.lstat()
        except (FileNotFoundError, NotADirectoryError):  # a branch may stand where its folder would have to be
            return
        if found.st_mtime < since - 1:
            return
        if found.st_ino != seen or _git_works_in(git, lock):
            seen, quiet_since = found.st_ino, time.monotonic()
        elif time.monotonic() - quiet_since > GRACE_SECONDS:
            aside = lock.with_name(f"{lock.name}.staddle")
            with suppress(FileNotFoundError):
                lock.rename(aside)
                aside.unlink()
            return
        if time.monotonic() > deadline:
            raise Held(f"{lock} is held by a git that is at work", "wait for it, then run the same command again")
        time.sleep(POLL_SECONDS)


def _git_works_in(git: Git, lock: Path) -> bool:
    """Whether a living process has the lock open, or is a git standing in this repository."""
    roots = {str(git.main), str(git.common), *(str(entry.folder) for entry in entries(git))}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(link.readlink() == lock for link in (process / "fd").iterdir()):
                return True
            if (process / "comm").read_text().startswith("git"):
                place = str((process / "cwd").readlink())
                if any(place == root or place.startswith(f"{root}/") for root in roots):
                    return True
    return False
