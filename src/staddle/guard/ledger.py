"""The ledger: every branch that staddle deleted, and where it was, so that `git branch NAME OID` brings it back."""

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..core.names import Oid
from ..edges.state import State, sync_folder
from .branches import Branch

NAME = "ledger.jsonl"


def note(state: State, going: Iterable[tuple[Branch, Path]]) -> None:
    """Write down which branches are about to be deleted, and whose tree they were."""
    now = time.time()
    notes = [{"time": now, "branch": branch.name, "oid": branch.oid, "folder": str(folder)} for branch, folder in going]
    with (state.folder / NAME).open("a", encoding="utf-8") as file:
        file.writelines(f"\n{json.dumps(note)}" for note in notes)  # the newline first: the line before may be torn
        file.flush()
        os.fsync(file.fileno())
    sync_folder(state.folder)


def last_noted(state: State, branch: str) -> Oid | None:
    """The commit that a branch we deleted was at, None when the ledger does not know it."""
    return next((Oid(note["oid"]) for note in _notes(state, branch)), None)


def has_noted(state: State, branch: str, since: float) -> bool:
    """Whether we deleted a branch at `since` (seconds since the epoch) or later."""
    return any(note["time"] >= since for note in _notes(state, branch))


def _notes(state: State, branch: str) -> Iterator[dict[str, Any]]:
    """What is written of a branch, the latest first."""
    path = state.folder / NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in reversed(lines):
        with suppress(ValueError):
            note = json.loads(line)
            if note["branch"] == branch:
                yield note
