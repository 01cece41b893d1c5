"""Abandoning: all that a milestone's tree holds is put away, so that tree and branch may go without having landed.

Invariants. What is put away is a bundle of the branch and of a commit of the uncommitted work, below
`staddle/bundles` like those of losers, named by milestone, tip and work; it is whole before anything goes, and goes
itself when it has been brought back. The journal `abandoning` names whose refs and drafts are there meanwhile.
"""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.names import Oid
from ..edges.entries import Entry
from ..edges.git import Git, RefUpdate
from ..edges.objects import Objects
from ..edges.state import SECRET_FOLDER, State
from . import branches, keeping
from .branches import Branch

JOURNAL = "abandoning"


@dataclass(frozen=True)
class Kept:
    """What is kept of a tree: the branch's tip, and the commit of its uncommitted work, the tip when there was none."""

    file: Path
    tip: Oid
    work: Oid


def begin(state: State, names: Iterable[str]) -> None:
    """Write down whose trees are about to be put away; `settle` is the end of it."""
    state.write(JOURNAL, {"names": list(names), "since": time.time()})


def keep(git: Git, state: State, name: str, entry: Entry, branch: Branch, base: Oid) -> Kept:
    """Put away what the tree of `entry` holds beyond `base`; no file is made when that is nothing."""
    home = state.folder / "bundles"
    home.mkdir(mode=SECRET_FOLDER, exist_ok=True)
    work = picture(git, state, name, entry, branch.oid)
    kept = Kept(home / f"{name}.{branch.oid}-{work}.bundle", branch.oid, work)
    names = [] if git.is_ancestor(branch.oid, base) else [branch.ref]
    if work != branch.oid:
        git.update_refs(
            [RefUpdate(_ref(name), work, git.refs(_ref(name)).get(_ref(name)))], "staddle: uncommitted work"
        )
        names.append(_ref(name))
    if names:
        draft = kept.file.with_suffix(".new")
        Objects(git).bundle(draft, names, base)
        draft.rename(kept.file)
    return kept


def picture(git: Git, state: State, name: str, entry: Entry, tip: Oid) -> Oid:
    """A commit of all that a tree on `tip` holds, the same one for the same content; `tip` where nothing differs."""
    if not git.changes(entry.folder, entry.admin):
        return tip
    index = _index(state, name)
    with suppress(FileNotFoundError):
        shutil.copy2(entry.admin / "index", index)
    work = Objects(git).snapshot(entry, index, tip, f"uncommitted work of {name}\n", 0.0)
    index.unlink()
    return work


def is_as_kept(git: Git, state: State, name: str, entry: Entry, aside: Path, kept: Kept) -> bool:
    """Whether a tree that was moved aside still holds what was put away, and nothing else."""
    return picture(git, state, name, replace(entry, folder=aside), kept.tip) == kept.work


def last_kept(state: State, name: str) -> Kept | None:
    """What was put away last of a milestone and has not come back."""
    found = sorted((state.folder / "bundles").glob(f"{name}.*.bundle"), key=lambda file: file.stat().st_mtime)
    if not found:
        return None
    tip, _, work = found[-1].name.split(".")[-2].partition("-")
    return Kept(found[-1], Oid(tip), Oid(work))


def settle(git: Git, state: State) -> None:
    """Remove what putting away needs meanwhile; idempotent, also after a kill."""
    if not (record := state.read(JOURNAL)):
        return
    names = record["names"]
    for name in names:
        index = _index(state, name)
        for left in (index, index.with_name(f"{index.name}.lock"), *(state.folder / "bundles").glob(f"{name}.*.new*")):
            left.unlink(missing_ok=True)
    branches.drop_refs(git, git.refs(keeping.NAMES), [_ref(name) for name in names], record["since"])
    state.drop(JOURNAL)


def _ref(name: str) -> str:
    return f"{keeping.NAMES}{name}"


def _index(state: State, name: str) -> Path:
    return state.folder / f"work-{name}.index"
