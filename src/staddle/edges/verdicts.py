"""The verdict store: answers by the key of their question, and the latest one of each target's check.

Below the common git folder, so all trees share it and none carries it away. One execution of a question at a time: its
key is a kernel lock, for whoever asks, in this process or another.
"""

import json
import os
import shutil
import time
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from ..core.verdict import Judged, Verdict
from .state import SECRET_FOLDER, State, try_lock, write_durably

FORMAT = 3
ANSWER = "verdict.json"
KEPT_DAYS, DAY_SECONDS = 14, 86_400
REUSED = (Verdict.PASS, Verdict.FAIL, Verdict.BASE_RED)
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
        claimed = try_lock(self.folder(key) / "mutex")
        if claimed is not None and not os.fstat(claimed).st_nlink:  # it was forgotten just now
            os.close(claimed)
            return None
        return claimed

    def forget_old(self) -> int:
        """Delete, once a day, the answers that nobody has asked for in KEPT_DAYS days; how many."""
        stamp, now = self._proofs / ".tidied", time.time()
        if not self._proofs.exists() or (stamp.exists() and now - stamp.stat().st_mtime < DAY_SECONDS):
            return 0
        stamp.touch()
        old = [one for one in self._proofs.glob("??/*") if now - _used(one) > KEPT_DAYS * DAY_SECONDS]
        for folder in old:
            if (claimed := try_lock(folder / "mutex")) is not None:
                with closing(os.fdopen(claimed)):
                    shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    def answer(self, key: str) -> Judged | None:
        """The kept answer to a question, marked as cached; None when there is none to be used."""
        path = self._proofs / key[:2] / key / ANSWER
        found = _load(path)
        if found is None or found.key != key or found.verdict not in REUSED:
            return None
        with suppress(OSError):
            os.utime(path)
        return replace(found, cached=True)

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


def _used(folder: Path) -> float:
    """When an answer was last asked for; now, when it has just gone."""
    for path in (folder / ANSWER, folder):
        with suppress(OSError):
            return path.stat().st_mtime
    return time.time()


def _text(judged: Judged) -> str:
    return json.dumps({"format": FORMAT, **asdict(judged)}, indent=1)


def _load(path: Path) -> Judged | None:
    """The verdict in a file; None when there is none that can be read, or one of another version."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(data, Judged) if data["format"] == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError, msgspec.ValidationError):
        return None
