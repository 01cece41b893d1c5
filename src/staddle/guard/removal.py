"""Removal: one that a kill cannot leave half done, of one tree or of many at once.

Invariants. `remove` moves trees that nothing speaks against aside by rename, looks once more whether anyone has
written into them since, and puts them back if so; from then on the journal `departures` only rolls forward:
`finish` ends it from any state. Nothing is found by name or id alone: the folder must be linked to the entry, the
branch must stand at the oid that was looked at. Folders are deleted before anything is written, for the disk may be
full; what cannot be deleted stays in the journal, hidden, and holds up nothing else.
"""

import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..core.errors import Refused, WorkFailed
from ..core.names import Oid, shell
from ..edges.entries import Entry, entries, is_linked
from ..edges.git import Git
from ..edges.processes import mounts_below
from ..edges.state import State
from ..edges.submodules import losses
from . import branches, ledger, roster
from .branches import Branch
from .creation import REPOSITORY_WAIT_SECONDS
from .pool import each
from .trap import Trap


class Step(StrEnum):
    """How far a removal has come."""

    LOOKING = "looking"
    """A person's tree, moved aside to be looked at once more: it goes back."""
    GOING = "going"
    """A tree of the machine's, in its place: whatever stands there goes, without a gate."""
    ASIDE = "aside"
    """Moved aside for good: what stands in the place now is somebody else's."""


@dataclass(frozen=True)
class Departure:
    """A removal under way, as the journal knows it; `branch` is None where the branch stays.

    `since` is when the removal began, `made` when the branch was, if it is the machine's alone (None: a person's too).
    """

    folder: Path
    admin: Path
    branch: Branch | None
    nonce: str
    since: float
    step: Step
    made: float | None = None

    @property
    def aside(self) -> Path:
        """Where the tree waits for its deletion: a hidden name beside its place, on the same disk."""
        return self.folder.with_name(f".{self.folder.name}.staddle-{self.nonce}")

    def admin_aside(self, state: State) -> Path:
        """Where the entry waits for its deletion."""
        return state.folder / f"old-{self.nonce}"

    def record(self) -> dict[str, Any]:
        """The departure as JSON data."""
        branch = [self.branch.name, self.branch.oid] if self.branch else None
        rest = {"branch": branch, "nonce": self.nonce, "since": self.since, "step": self.step, "made": self.made}
        return {"folder": str(self.folder), "admin": str(self.admin), **rest}

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Departure":
        """The departure that `record` gave."""
        branch = Branch(record["branch"][0], Oid(record["branch"][1])) if record["branch"] else None
        folder, admin, step = Path(record["folder"]), Path(record["admin"]), Step(record["step"])
        return cls(folder, admin, branch, record["nonce"], record["since"], step, record["made"])


def remove(
    git: Git,
    state: State,
    trap: Trap,
    going: Sequence[tuple[Entry, Branch | None]],
    unchanged: Callable[[Path, Path], bool] | None = None,
) -> None:
    """Remove trees that passed the gate, and their branches; Refused, and all stay, when one changed since.

    `unchanged` says so of a folder that was moved aside to another; without it nothing uncommitted may be there.
    """
    leaving = [_departure(entry.folder, entry.admin, branch, Step.LOOKING) for entry, branch in going]
    if not leaving:
        return
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, "removing trees"), trap.shielded():
        for one in leaving:
            if not is_linked(one.folder, one.admin):
                what = f"{one.folder} is not the tree that {one.admin} belongs to"
                raise Refused("foreign", what, f"git -C {shell(git.main)} worktree repair {one.folder}")
        _journal(state, leaving)
        for one in leaving:
            one.folder.rename(one.aside)
            well = unchanged(one.folder, one.aside) if unchanged else _nothing_in(git, one)
            if not well:
                _put_back(leaving)
                state.drop("departures")
                raise Refused(
                    "dirty", f"{one.folder} was written to just now", "look at it, then run the command again"
                )
        _journal(state, [replace(one, step=Step.ASIDE) for one in leaving])
    _finish_all(git, state)


def _nothing_in(git: Git, one: Departure) -> bool:
    return not git.changes(one.aside, one.admin) and not losses(git, one.aside, one.admin)


def require_removable(git: Git, found: Sequence[Entry], folder: Path) -> None:
    """Refused when what stands in a tree of the machine's is not ours to remove, or holds what is not.

    `found` are all entries of the repository.
    """
    admin = next((entry.admin for entry in found if entry.folder == folder), None)
    if not folder.is_symlink() and os.path.lexists(folder / ".git") and not (admin and is_linked(folder, admin)):
        what = f"{folder} is another repository, not the tree that staddle made there"
        raise Refused("foreign", what, f"move it away: mv {shell(folder)} somewhere")
    if admin and folder.is_dir() and is_linked(folder, admin) and (lost := losses(git, folder, admin)):
        what = f"{folder} has submodules with work of their own: {'; '.join(lost)}"
        raise Refused(
            "submodules", what, f"git -C {shell(folder)} submodule foreach git status, and push what is there"
        )
    if mounts := mounts_below(folder):
        raise Refused("mount", f"{mounts[0]} is mounted inside {folder}", f"umount {shell(mounts[0])}")
    if inner := [entry.folder for entry in found if folder in entry.folder.parents and entry.folder.exists()]:
        what = f"{inner[0]} is a worktree of its own inside {folder}"
        raise Refused(
            "nested", what, f"git worktree move {shell(inner[0])} elsewhere, or: git worktree remove {shell(inner[0])}"
        )


def discard(git: Git, state: State, going: Sequence[tuple[Path, Branch | None]], made: float) -> None:
    """Remove trees of the machine's, made at that time, and their branches, whatever is left of them.

    The caller has ended their processes and kept their work.

    Refused, and all stay, when one is not ours to remove; WorkFailed, at the end, when a folder cannot be deleted.
    """
    found = list(entries(git))
    for folder, _ in going:
        require_removable(git, found, folder)
    admins = {entry.folder: entry.admin for entry in found}
    leaving = [
        _departure(
            folder,
            admins.get(folder, git.common / "worktrees" / folder.name),
            branch,
            Step.GOING if os.path.lexists(folder) else Step.ASIDE,
            made,
        )
        for folder, branch in going
    ]
    if leaving:
        _journal(state, leaving)
        _finish_all(git, state)


def forget(git: Git, state: State, entry: Entry) -> None:
    """Remove the entry of a tree of ours whose folder a person has deleted."""
    _journal(state, [_departure(entry.folder, entry.admin, None, Step.ASIDE)])
    finish(git, state)


def finish(git: Git, state: State) -> list[str]:
    """Bring the removals in the journal to their end, or back to their beginning if they had not been decided.

    Returns what could not be deleted, a line each; the journal keeps it for the next time.
    """
    leaving = [Departure.load(record) for record in state.read("departures").get("departures", [])]
    if not leaving:
        return []
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, "removing trees"):
        _put_back(leaving)
        leaving = _moved_aside(git, state, [one for one in leaving if one.step is not Step.LOOKING])
    trash = {place: one for one in leaving for place in (one.aside, one.admin_aside(state))}
    stuck = {trash[done.thing]: done.error for done in each(trash, delete_folder) if done.error}
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, "removing branches"):
        going = [(one, one.branch) for one in leaving if one.branch]
        if going:
            ledger.note(state, [(branch, one.folder) for one, branch in going])
            since, made = min(one.since for one, _ in going), going[0][0].made
            branches.delete(git, [branch for _, branch in going], since, made)
        roster.strike(state, [one.folder for one in leaving])
        if stuck:
            _journal(state, [replace(one, branch=None) for one in stuck])
        else:
            state.drop("departures")
    return [f"{one.aside} cannot be deleted: {error}" for one, error in stuck.items()]


def _departure(folder: Path, admin: Path, branch: Branch | None, step: Step, made: float | None = None) -> Departure:
    return Departure(folder, admin, branch, secrets.token_hex(6), time.time(), step, made)


def _journal(state: State, leaving: Sequence[Departure]) -> None:
    """Write down these removals, and what could not be deleted before."""
    known = {one.nonce for one in leaving}
    before = [one for one in state.read("departures").get("departures", []) if one["nonce"] not in known]
    left = [one for one in before if one["step"] == Step.ASIDE and not one["branch"]]
    state.write("departures", {"departures": left + [one.record() for one in leaving]})


def _finish_all(git: Git, state: State) -> None:
    if stuck := finish(git, state):
        raise WorkFailed("; ".join(stuck), "mend that; every later command tries again, and so does: staddle sweep")


def _put_back(leaving: Sequence[Departure]) -> None:
    for one in leaving:
        if one.step is Step.LOOKING and os.path.lexists(one.aside) and not os.path.lexists(one.folder):
            one.aside.rename(one.folder)


def _moved_aside(git: Git, state: State, leaving: Sequence[Departure]) -> list[Departure]:
    """The removals with their folders and entries out of sight."""
    going = [one for one in leaving if one.step is Step.GOING]
    for one in going:
        if os.path.lexists(one.folder) and not os.path.lexists(one.aside):
            one.folder.rename(one.aside)
    leaving = [replace(one, step=Step.ASIDE) for one in leaving]
    if going:
        _journal(state, leaving)
    found = {entry.admin: entry for entry in entries(git)}
    for one in leaving:
        entry = found.get(one.admin)  # unless it is one that a person has made since
        if entry and entry.folder == one.folder and not is_linked(entry.folder, entry.admin):
            one.admin.rename(one.admin_aside(state))
    return leaving


def delete_folder(folder: Path) -> None:
    """Delete a folder of ours with all it holds, read-only folders included; never through a link or mount."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink()
        return
    try:
        shutil.rmtree(folder)
    except PermissionError:
        for place, names, _ in os.walk(folder):
            for path in (Path(place), *(Path(place, name) for name in names)):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | stat.S_IRWXU)
        shutil.rmtree(folder)
