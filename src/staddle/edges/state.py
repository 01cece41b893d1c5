"""State: the folder `staddle` in the common git folder, its locks and its records.

Records are JSON files replaced by write, fsync, rename, fsync of the folder: a reader sees the old
text or the new one. Locks are kernel locks (flock) on files that stay: a dead holder has let go,
whatever its pid or the clock says. A holder's descriptor is handed to git children, so that a lock
is free only when every child that could still write is gone.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.errors import Held, StaddleError

FORMAT = 1
POLL_SECONDS = 0.02
MOST_TOLD = 200  # bytes of a lock file that are read to tell who holds it
SECRET_FOLDER = 0o700


def write_durably(path: Path, text: str, mode: int | None = None) -> None:
    """Replace a file so that after a crash it holds the old text or the new one, whole; one writer at a time."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", errors="surrogateescape") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def user_folder() -> Path:
    """The folder of what is this user's on the whole machine, whichever the repository; made."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "staddle"
    home.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
    return home


@contextmanager
def locked(path: Path, wait: float, who: str, *, shared: bool = False) -> Iterator[int]:
    """Hold the lock file `path` for the block, giving its descriptor; Held when `wait` seconds pass.

    Several may hold it `shared`, and nobody else meanwhile. `who` is what a waiting process is told: the file's text
    serves people, the kernel lock decides.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _take(descriptor, path, wait, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        before, mine = os.pread(descriptor, MOST_TOLD, 0), f"{who}, process {os.getpid()}\n".encode()
        _tell(descriptor, mine)
        try:
            yield descriptor
        finally:
            if shared and os.pread(descriptor, MOST_TOLD, 0) == mine:  # who was there before may hold it still
                _tell(descriptor, before)
    finally:
        os.close(descriptor)


def _tell(descriptor: int, who: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, who, 0)


def try_lock(path: Path) -> int | None:
    """The descriptor of a lock that is ours until it is closed; None while anybody else has it, this process too."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _take(descriptor: int, path: Path, wait: float, kind: int) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, MOST_TOLD, 0).decode(errors="replace").strip() or "another process"
                what = f"{path.stem} is held by {holder}"
                raise Held(what, "wait for it to end, then run the same command again") from None
            time.sleep(POLL_SECONDS)


class State:
    """The records and locks of one repository, below `<common git folder>/staddle`.

    `mark` is this repository's own: the units of all processes started for it begin with it.
    """

    def __init__(self, common: Path) -> None:
        self.folder = common / "staddle"
        self.mark = hashlib.sha256(os.fsencode(common)).hexdigest()[:8]

    def prepare(self) -> None:
        """Make the folder; what commands that only read never do."""
        self.folder.mkdir(mode=SECRET_FOLDER, exist_ok=True)

    def tidy(self) -> None:
        """Remove records that a killed process had begun to write; for the holder of all locks under which they are."""
        for unfinished in (*self.folder.glob(".*.new"), *self.folder.glob("runs/.*.new")):
            unfinished.unlink(missing_ok=True)

    def lock(self, name: str, wait: float, who: str, *, shared: bool = False) -> Any:
        """`locked` on this repository's lock `name`."""
        return locked(self.folder / f"{name}.mutex", wait, who, shared=shared)

    def forget_locks(self, pattern: str) -> None:
        """Delete lock files that nobody can come to hold: whoever would is kept out by another lock of the caller's."""
        for path in self.folder.glob(f"{pattern}.mutex"):
            path.unlink(missing_ok=True)

    def read(self, name: str) -> dict[str, Any]:
        """The record `name`, empty when there is none."""
        path = self.folder / f"{name}.json"
        try:
            record = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StaddleError(f"{path} is not a record of staddle: {error}", f"mv {path} {path}.bad") from None
        if record.pop("format", None) != FORMAT:
            raise StaddleError(f"{path} was written by another version of staddle", "install that version, or newer")
        return dict(record)

    def write(self, name: str, record: dict[str, Any]) -> None:
        """Replace the record `name`."""
        path = self.folder / f"{name}.json"
        path.parent.mkdir(mode=SECRET_FOLDER, exist_ok=True)
        text = json.dumps({"format": FORMAT} | record, indent=1)
        write_durably(path, text)

    def drop(self, name: str) -> None:
        """Remove the record `name`, if it is there."""
        path = self.folder / f"{name}.json"
        if path.exists():
            path.unlink()
            sync_folder(path.parent)
