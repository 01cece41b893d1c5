"""The ledger: every branch that staddle deleted, and where it was, so that `git branch NAME OID` brings it back."""

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from ..core.names import Oid
from ..edges.state import State, sync_folder
from .branches import Branch

NAME = "ledger.jsonl"


def note(state: State, going: Iterable[tuple[Branch, Path]]) -> None:
    """Write down which branches are about to be deleted, and whose tree they were."""
    now = time.time()
    notes = [{"time": now, "branch": branch.name, "oid": branch.oid, "folder": str(folder)} for branch, folder in going]
    with (state.folder / NAME).open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(note)}\n" for note in notes)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(state.folder)


def last_noted(state: State, branch: str) -> Oid | None:
    """The commit that a branch we deleted was at, None when the ledger does not know it."""
    path = state.folder / NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    notes = [json.loads(line) for line in lines if line.endswith("}")]  # a torn last line is no note
    return next((Oid(note["oid"]) for note in reversed(notes) if note["branch"] == branch), None)
