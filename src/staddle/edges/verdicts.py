"""The verdict store: answers by the key of their question, and the latest one of each target's check.

Below the common git folder, so all trees share it and none carries it away. One execution of a question at a time: its
key is a kernel lock, for whoever asks, in this process or another.
"""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..core.names import Oid
from ..core.verdict import Judged, Verdict
from .state import SECRET_FOLDER, State, try_lock, write_durably

FORMAT = 2
ANSWER = "verdict.json"
REUSED = (Verdict.PASS, Verdict.FAIL)
"""What is kept for the next time: a pass is given again, a fail is shown again."""


class Store:
    """The verdicts of one repository."""

    def __init__(self, state: State) -> None:
        self._proofs = state.folder / "proofs"
        self._latest = state.folder / "verdicts"

    def folder(self, key: str) -> Path:
        """Where the verdict on a question and its attempts are, made."""
        folder = self._proofs / key[:2] / key
        folder.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
        return folder

    def attempt(self, key: str, number: int) -> Path:
        """An empty folder for the log and the report of one attempt at an answer; no earlier answer holds from now."""
        folder = self.folder(key) / str(number)
        (self.folder(key) / ANSWER).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=SECRET_FOLDER)
        return folder

    def claim(self, key: str) -> int | None:
        """The right to answer a question, as a descriptor to close afterwards; None while another has it."""
        return try_lock(self.folder(key) / "mutex")

    def answer(self, key: str) -> Judged | None:
        """The kept answer to a question, marked as cached; None when there is none to be used."""
        found = _load(self._proofs / key[:2] / key / ANSWER)
        return replace(found, cached=True) if found and found.key == key and found.verdict in REUSED else None

    def keep(self, judged: Judged) -> None:
        """Make this the answer to its question."""
        write_durably(self.folder(judged.key) / ANSWER, _text(judged))

    def show(self, judged: Judged) -> None:
        """Make this the latest verdict on its target's check."""
        folder = self._latest / judged.target
        folder.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
        write_durably(folder / f"{judged.check}.json", _text(judged))

    def latest(self, target: str) -> dict[str, Judged]:
        """The latest verdict on each check of a target, by the check's name."""
        found = {path.stem: _load(path) for path in sorted((self._latest / target).glob("[!.]*.json"))}
        return {name: judged for name, judged in found.items() if judged}


def _text(judged: Judged) -> str:
    return json.dumps({"format": FORMAT, **asdict(judged)}, indent=1)


def _load(path: Path) -> Judged | None:
    """The verdict in a file; None when there is none, or one of another version."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if data.pop("format", None) != FORMAT:
        return None
    kinds = {"verdict": Verdict(data["verdict"]), "failed": tuple(data["failed"])}
    return Judged(**data | kinds | {name: Oid(data[name]) for name in ("tree", "commit")})
