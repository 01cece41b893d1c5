"""Removal: one that a kill cannot leave half done.

Invariants. `remove` moves a tree that nothing speaks against aside by rename, looks once more whether anyone has
written into it since, and puts it back if so; from then on the journal `departures` only rolls forward:
`finish` ends it from any state. Nothing is found by name or id alone: the folder must be linked to
the entry, the branch must stand at the oid that was looked at.
"""

import json
import os
import secrets
import shutil
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import Refused
from ..core.names import Oid
from ..edges.entries import Entry, entries, is_linked
from ..edges.git import Git
from ..edges.processes import mounts_below
from ..edges.state import State, sync_folder
from . import branches, roster
from .branches import Branch
from .creation import REPOSITORY_WAIT_SECONDS
from .trap import Trap


@dataclass(frozen=True)
class Departure:
    """A removal under way, as the journal knows it; `branch` is None where the branch stays.

    `discard` marks a tree of the machine's that is still in its place: whatever stands there goes, without a gate.
    """

    folder: Path
    admin: Path
    branch: Branch | None
    nonce: str
    since: float
    discard: bool = False

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
        return {
            "folder": str(self.folder),
            "admin": str(self.admin),
            "branch": branch,
            "nonce": self.nonce,
            "since": self.since,
            "discard": self.discard,
        }

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Departure":
        """The departure that `record` gave."""
        branch = Branch(record["branch"][0], Oid(record["branch"][1])) if record["branch"] else None
        return cls(
            Path(record["folder"]), Path(record["admin"]), branch, record["nonce"], record["since"], record["discard"]
        )


def remove(git: Git, state: State, trap: Trap, entry: Entry, branch: Branch | None) -> None:
    """Remove a tree that passed the gate, and `branch` with it; Refused when it changed since."""
    leaving = Departure(entry.folder, entry.admin, branch, secrets.token_hex(6), time.time())
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, f"removing {entry.folder.name}"), trap.shielded():
        if not is_linked(entry.folder, entry.admin):
            what = f"{entry.folder} is not the tree that {entry.admin} belongs to"
            raise Refused("foreign", what, f"git -C {git.main} worktree repair {entry.folder}")
        state.write("departures", leaving.record() | {"forward": False})
        entry.folder.rename(leaving.aside)
        if git.changes(leaving.aside, entry.admin):
            leaving.aside.rename(entry.folder)
            state.drop("departures")
            raise Refused("dirty", f"{entry.folder} was written to just now", "look at it, then run the command again")
        state.write("departures", leaving.record() | {"forward": True})
    finish(git, state)


def require_removable(git: Git, folder: Path) -> None:
    """Refused when what stands in a tree of the machine's is not ours to remove, or holds what is not."""
    admin = _admin_of(git, folder)
    if not folder.is_symlink() and os.path.lexists(folder / ".git") and not is_linked(folder, admin):
        what = f"{folder} is another repository, not the tree that staddle made there"
        raise Refused("foreign", what, f"move it away: mv {folder} somewhere")
    if mounts := mounts_below(folder):
        raise Refused("mount", f"{mounts[0]} is mounted inside {folder}", f"umount {mounts[0]}")
    if inner := [entry.folder for entry in entries(git) if folder in entry.folder.parents and entry.folder.exists()]:
        what = f"{inner[0]} is a worktree of its own inside {folder}"
        raise Refused("nested", what, f"git worktree move {inner[0]} elsewhere, or: git worktree remove {inner[0]}")


def discard(git: Git, state: State, folder: Path, branch: Branch | None) -> None:
    """Remove a tree of the machine's and `branch`, whatever is left of them; the caller has kept its work.

    Refused when it is not ours to remove.
    """
    require_removable(git, folder)
    leaving = Departure(
        folder, _admin_of(git, folder), branch, secrets.token_hex(6), time.time(), discard=os.path.lexists(folder)
    )
    state.write("departures", leaving.record() | {"forward": True})
    finish(git, state)


def _admin_of(git: Git, folder: Path) -> Path:
    entry = next((entry for entry in entries(git) if entry.folder == folder), None)
    return entry.admin if entry else git.common / "worktrees" / folder.name


def forget(git: Git, state: State, entry: Entry) -> None:
    """Remove the entry of a tree of ours whose folder a person has deleted."""
    leaving = Departure(entry.folder, entry.admin, None, secrets.token_hex(6), time.time())
    state.write("departures", leaving.record() | {"forward": True})
    finish(git, state)


def finish(git: Git, state: State) -> None:
    """Bring the removal in the journal to its end, or back to its beginning if it had not been decided."""
    record = state.read("departures")
    if not record:
        return
    leaving = Departure.load(record)
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, f"removing {leaving.folder.name}"):
        if not record["forward"]:
            if os.path.lexists(leaving.aside) and not os.path.lexists(leaving.folder):
                leaving.aside.rename(leaving.folder)
            state.drop("departures")
            return
        if leaving.discard:
            if os.path.lexists(leaving.folder) and not os.path.lexists(leaving.aside):
                leaving.folder.rename(leaving.aside)
            state.write("departures", replace(leaving, discard=False).record() | {"forward": True})
        if _is_bereft(git, leaving):
            leaving.admin.rename(leaving.admin_aside(state))
        delete_folder(leaving.aside)
        delete_folder(leaving.admin_aside(state))
        if leaving.branch:
            _note(state, leaving.branch, leaving.folder)
            branches.delete(git, [leaving.branch], leaving.since)
        roster.strike(state, leaving.folder)
        state.drop("departures")


def _is_bereft(git: Git, leaving: Departure) -> bool:
    """Whether the entry still is the one whose tree was moved aside, not one that a person made since."""
    found = [entry for entry in entries(git) if entry.admin == leaving.admin]
    return any(entry.folder == leaving.folder and not is_linked(entry.folder, entry.admin) for entry in found)


def _note(state: State, branch: Branch, folder: Path) -> None:
    """Write into the ledger what is about to be deleted, so that `git branch NAME OID` brings it back."""
    ledger = state.folder / "ledger.jsonl"
    line = json.dumps({"time": time.time(), "branch": branch.name, "oid": branch.oid, "folder": str(folder)})
    with ledger.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(state.folder)


def last_noted(state: State, branch: str) -> Oid | None:
    """The commit that a branch we deleted was at, None when the ledger does not know it."""
    ledger = state.folder / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    notes = [json.loads(line) for line in lines if line.endswith("}")]  # a torn last line is no note
    return next((Oid(note["oid"]) for note in reversed(notes) if note["branch"] == branch), None)


def delete_folder(folder: Path) -> None:
    """Delete a folder of ours with all it holds, read-only folders included; never through a link or mount."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink():
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
