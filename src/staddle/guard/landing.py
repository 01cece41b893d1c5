"""Landing: move a branch from one commit to the next, and the checkout that has it with it, all or nothing.

Invariants. The new commit exists before anything moves, and is made without any checkout. The caller has
journalled {target, old, new} before `publish`. Up to the compare-and-swap of the ref everything is
undone by deleting files of ours; after it everything only rolls forward. Where the target is checked out,
its `index.lock` is held as a hard link to our stone, so whoever finds it later knows whose it is; the
index is changed as a private copy and renamed in. `settle` ends a landing that was cut, path by path:
what is as the new commit has it is done; what is as the old one had it, absent, or a torn prefix is
ours to write; anything else is the person's, and is left and told of.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Refused
from ..core.names import Oid, shell
from ..edges.entries import Entry, entries, is_linked, is_symbolic
from ..edges.git import Git, RefUpdate
from ..edges.gitcalls import GitError
from ..edges.objects import Change, Objects
from ..edges.promised import require_here
from ..edges.state import State
from . import clearance
from .locks import clear_stale, take


@dataclass(frozen=True)
class Landing:
    """One move of `target`, a full ref name, from `old` to `new`; `since` is when its journal was written."""

    target: str
    old: Oid
    new: Oid
    since: float
    because: str = "staddle: landed"


class TargetMoved(Exception):
    """The target is no longer at the old commit: compute the landing again."""


def _checkout(git: Git, target: str) -> Entry | None:
    """The checkout that has `target`, read from HEAD files: one broken entry of somebody's must not hide it."""
    return next((entry for entry in entries(git) if entry.head == target and entry.folder.is_dir()), None)


def _require_sound(git: Git, target: str) -> None:
    """Refused when the target's checkout is rebasing it, unplugged, or not the only one: landing could not be whole."""
    name, everyone = target.removeprefix("refs/heads/"), list(entries(git))
    if other := next((entry for entry in everyone if is_symbolic(git, entry.head)), None):
        what = f"{other.folder} is on {other.head.removeprefix('refs/heads/')}, which is another branch's other name"
        raise Refused("symbolic", what, f"git -C {shell(other.folder)} switch {name}")
    found = [entry for entry in everyone if name == entry.branch]
    if len(found) > 1:
        what = f"{name} is checked out twice, in {found[0].folder} and {found[1].folder}"
        raise Refused("checked-out-twice", what, f"git -C {shell(found[1].folder)} switch --detach")
    linked = found and (found[0].folder == git.main or is_linked(found[0].folder, found[0].admin))
    if found and not linked:
        what = f"{name} is checked out in {found[0].folder}, which is not there now"
        raise Refused("unplugged", what, f"bring it back, or: git worktree remove {shell(found[0].folder)}")
    if found and found[0].head != target:
        what = f"{name} is being rebased in {found[0].folder}"
        raise Refused("under-way", what, f"git -C {shell(found[0].folder)} rebase --abort")


def publish(git: Git, state: State, landing: Landing) -> None:
    """Land. TargetMoved when the target moved, Refused when a person's work is in the way, Held when git works there.

    On any of these nothing has changed.
    """
    _require_sound(git, landing.target)
    entry = _checkout(git, landing.target)
    if entry is None:
        _swap(git, landing)
        return
    objects = Objects(git)
    with _index_of(git, state, entry) as private:
        if _checkout(git, landing.target) != entry:  # somebody switched before we had the lock
            raise TargetMoved
        _require_quiet(entry)
        objects.refresh(entry.folder, private)
        _require_clear(git, objects, entry, private, landing)
        _swap(git, landing)
        if not objects.move(entry.folder, private, landing.old, landing.new, dry_run=False):
            _roll_forward(objects, entry, private, landing)
        private.rename(entry.admin / "index")


def rehearse(git: Git, landing: Landing, index: Path) -> None:
    """Refused for whatever `publish` would refuse; takes no lock and changes nothing. `index` is a file to make."""
    _require_sound(git, landing.target)
    entry = _checkout(git, landing.target)
    if entry is None:
        return
    _require_quiet(entry)
    if (entry.admin / "index").exists():
        shutil.copy2(entry.admin / "index", index)
    objects = Objects(git)
    objects.refresh(entry.folder, index)
    _require_clear(git, objects, entry, index, landing)


def settle(git: Git, state: State, landing: Landing) -> tuple[bool, list[str]]:
    """End a landing that was cut: whether it has landed, and the paths left as a person has them."""
    clear_stale(git, git.common / f"{landing.target}.lock", landing.since)
    entry = _checkout(git, landing.target)
    if entry:
        _release(state, entry)
        clear_stale(git, entry.admin / "HEAD.lock", landing.since)
    tip = git.refs(landing.target).get(landing.target)
    if tip is None or not git.is_ancestor(landing.new, tip):
        return False, []
    if entry is None or tip != landing.new:
        return True, []
    objects = Objects(git)
    with _index_of(git, state, entry) as private:
        kept = _roll_forward(objects, entry, private, landing)
        private.rename(entry.admin / "index")
    return True, kept


def lay(git: Git, state: State, target: str, old: Oid, work: Oid, staged: Oid) -> list[str]:
    """Give the checkout of `target`, at `old`, the files of `work` uncommitted, and the index of `staged`.

    Path by path, as in `settle`: what is a person's own stays, and is returned.
    """
    entry = _checkout(git, target)
    if entry is None:
        return []
    objects = Objects(git)
    with _index_of(git, state, entry) as private:
        kept = _roll_forward(objects, entry, private, Landing(target, old, work, 0.0))
        objects.stage(entry.folder, private, objects.diff(work, staged))
        objects.refresh(entry.folder, private)
        private.rename(entry.admin / "index")
    return kept


def _swap(git: Git, landing: Landing) -> None:
    """The commit point."""
    try:
        git.update_refs([RefUpdate(landing.target, landing.new, landing.old)], landing.because)
    except GitError:
        if git.refs(landing.target).get(landing.target) == landing.old:
            raise
        raise TargetMoved from None


def _require_quiet(entry: Entry) -> None:
    if operation := entry.under_way():
        what = f"a {operation} is under way in {entry.folder}"
        raise Refused("under-way", what, f"git -C {shell(entry.folder)} {operation} --abort")


def _require_clear(git: Git, objects: Objects, entry: Entry, private: Path, landing: Landing) -> None:
    changes = objects.diff(landing.old, landing.new)
    require_here(git, [change.new for change in changes if change.new_mode not in ("000000", "160000")])
    clearance.require_free(entry.folder, changes)
    if not objects.move(entry.folder, private, landing.old, landing.new, dry_run=True):
        touched = {change.path for change in changes}
        edited = [path for path in git.changes(entry.folder).tracked if path in touched] or ["its index"]
        what = f"{entry.folder} has uncommitted changes where the landing changes too: {', '.join(edited[:3])}"
        raise Refused("in-the-way", what, f"git -C {shell(entry.folder)} commit --all, or stash them, and run it again")


def _roll_forward(objects: Objects, entry: Entry, private: Path, landing: Landing) -> list[str]:
    kept: list[Change] = []
    to_write: list[Change] = []
    changes = objects.diff(landing.old, landing.new)
    for change in changes:
        if not _is(objects, entry, change, change.new, change.new_mode):
            (to_write if _is_ours(objects, entry, change) else kept).append(change)
    absent = objects.stage(entry.folder, private, changes)
    to_write = [change for change in to_write if change.path not in absent]
    for change in to_write:
        if change.deleted:
            with suppress(IsADirectoryError):  # a submodule: what is checked out there is a person's
                (entry.folder / change.path).unlink(missing_ok=True)
            with suppress(OSError):
                os.removedirs((entry.folder / change.path).parent)
    objects.write(entry.folder, private, [change.path for change in to_write if not change.deleted])
    objects.refresh(entry.folder, private)
    return [change.path for change in kept]


def _is(objects: Objects, entry: Entry, change: Change, oid: Oid, mode: str) -> bool:
    """Whether the work file is exactly this side of the change."""
    path = entry.folder / change.path
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return mode == "000000"
    if stat.S_ISLNK(found.st_mode):
        return mode == "120000" and os.fsencode(path.readlink()) == objects.content(entry.folder, oid, change.path)
    if not stat.S_ISREG(found.st_mode):
        return mode == "160000"
    executable = "100755" if found.st_mode & stat.S_IXUSR else "100644"
    return mode == executable and objects.hash_file(entry.folder, change.path) == oid


def _is_ours(objects: Objects, entry: Entry, change: Change) -> bool:
    """Whether the work file is the old side, absent, or a torn write of the new one."""
    path = entry.folder / change.path
    if not os.path.lexists(path) or _is(objects, entry, change, change.old, change.old_mode):
        return True
    if change.deleted or path.is_symlink() or not path.is_file():
        return False
    whole, found = objects.content(entry.folder, change.new, change.path), path.read_bytes()
    return whole.startswith(found)


@contextmanager
def _index_of(git: Git, state: State, entry: Entry) -> Iterator[Path]:
    """A private copy of a checkout's index, with git's own lock on the original held as a link to our stone."""
    stone, lock, private = _stone(state), entry.admin / "index.lock", entry.admin / "index.staddle"
    try:
        stone.touch()
        take(lock, stone)
        if (entry.admin / "index").exists():
            shutil.copy2(entry.admin / "index", private)
        yield private
    finally:
        _release(state, entry)


def _release(state: State, entry: Entry) -> None:
    """Give the checkout's index lock back, if it is ours, and drop the private copies."""
    stone, lock = _stone(state), entry.admin / "index.lock"
    with suppress(FileNotFoundError):
        if stone.samefile(lock):
            lock.unlink()
    for name in ("index.staddle", "index.staddle.lock"):
        (entry.admin / name).unlink(missing_ok=True)
    stone.unlink(missing_ok=True)


def _stone(state: State) -> Path:
    return state.folder / "landing.stone"
