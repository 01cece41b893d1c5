"""Keeping: what a candidate that goes still holds, commits and uncommitted work, is put away for a while.

What git can carry goes into a bundle: the branch, a HEAD that has left it, and a commit of all that lies in
the tree. What git cannot carry (a repository inside the tree, a tree that lost its `.git`) is kept as the
folder it is. When commits cannot be bundled, nothing of their candidate goes. Bundles and folders lie below
`staddle/bundles` and are named by run, candidate and the time of the run.
"""

import errno
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Candidate, Oid
from ..core.runs import Run
from ..edges.entries import Entry, entries, is_linked
from ..edges.git import Git, RefUpdate
from ..edges.gitcalls import GitError
from ..edges.objects import Objects
from ..edges.state import SECRET_FOLDER, State
from ..edges.submodules import is_absorbed
from . import branches
from .locks import clear_stale
from .pool import each
from .removal import delete_folder

DAYS = 14
NAMES = "refs/staddle/work/"


def keep(git: Git, state: State, run: Run, trees: Mapping[Path, Candidate]) -> list[str]:
    """Put away what candidates hold beyond the run's base, or beyond its landing; a line on each that held anything."""
    look = _Look(git, state, run, {entry.folder: entry for entry in entries(git)}, git.refs("refs/heads/pqa/", NAMES))
    told = []
    for done in each(trees.items(), lambda tree: look.keep(*tree)):
        if done.error:
            raise done.error
        told += done.result or []
    return told


def bundles(state: State, candidate: Candidate) -> list[Path]:
    """The bundles that are kept of a candidate, newest last."""
    return sorted((state.folder / "bundles").glob(f"{candidate.run}-b{candidate.number}.*.bundle"))


def folders(state: State, candidate: Candidate) -> list[Path]:
    """The folders that are kept of a candidate, newest last."""
    return sorted((state.folder / "bundles").glob(f"{candidate.run}-b{candidate.number}.*.folder"))


def expire(state: State) -> list[str]:
    """Delete what has been kept for its time; the names."""
    kept = (state.folder / "bundles").glob("*.*")
    old = [path for path in kept if time.time() - path.stat().st_mtime > DAYS * 86400]
    for path in old:
        delete_folder(path)
    return [path.name for path in old]


def forget_refs(git: Git, run: Run) -> None:
    """Delete the refs that uncommitted work was held by while it was being bundled."""
    names = [_work_ref(candidate) for candidate in run.candidates]
    branches.drop_refs(git, git.refs(NAMES), names, run.since)


def _work_ref(candidate: Candidate) -> str:
    return f"{NAMES}{candidate.run}-b{candidate.number}"


@dataclass(frozen=True)
class _Look:
    """What git showed when the keeping began: entries by folder, and refs."""

    git: Git
    state: State
    run: Run
    entries: Mapping[Path, Entry]
    refs: Mapping[str, Oid]

    def keep(self, place: Path, candidate: Candidate) -> list[str]:
        """Put away what one candidate holds; a line on it, if anything was."""
        if place.is_symlink() or not place.exists():
            return self._bundled(candidate, [])
        if not place.is_dir():
            return self._bundled(candidate, []) + keep_folder(self.state, self.run, candidate, place)
        entry = self.entries.get(place)
        if entry is None or not is_linked(place, entry.admin):
            if (place / ".git").exists():  # somebody's own repository: the removal will refuse it
                return []
            entry = None
        work, whole = list[str](), entry is not None and not self._is_beyond_git(place, entry)
        try:
            work = [] if entry is None else self._save_work(candidate, entry)
        except GitError:
            whole = False
            self._clear_drafts(candidate)
        told = self._bundled(candidate, work)
        return told if whole else told + keep_folder(self.state, self.run, candidate, place)

    def _is_beyond_git(self, place: Path, entry: Entry) -> bool:
        """Whether a tree holds what no commit of it can: repositories, or files that its index says to overlook."""
        inner = (path.parent for path in place.rglob(".git") if path.parent != place)
        return any(not is_absorbed(one, entry.admin) for one in inner) or bool(self.git.hidden(place))

    def _save_work(self, candidate: Candidate, entry: Entry) -> list[str]:
        """Hold a HEAD that left its branch, or work that is not committed, by a ref of ours; the ref, if any."""
        branch = self.refs.get(candidate.ref)
        head = branch if entry.head == candidate.ref and branch else self.git.commit_at(entry.folder) or self.run.base
        changes = self.git.changes(entry.folder, entry.admin)
        if not changes and any(known and self._holds(known, head) for known in (branch, self.run.base)):
            return []
        index = self._index(candidate)
        self._clear_drafts(candidate)
        with suppress(FileNotFoundError):
            shutil.copy2(entry.admin / "index", index)
        message = f"uncommitted work of {candidate.run}-b{candidate.number}\n"
        work = Objects(self.git).snapshot(entry, index, head, message, self.run.began) if changes else head
        index.unlink(missing_ok=True)
        ref = _work_ref(candidate)
        clear_stale(self.git, self.git.common / f"{ref}.lock", self.run.since)
        if self.refs.get(ref) != work:
            self.git.update_refs([RefUpdate(ref, work, self.refs.get(ref))], "staddle: uncommitted work")
        return [ref]

    def _bundled(self, candidate: Candidate, refs: list[str]) -> list[str]:
        tip = self.refs.get(candidate.ref)
        landed = candidate.number == self.run.survivor and tip == self.run.tip
        beyond = tip is not None and not landed and not self._holds(self.run.base, tip)
        names = [*refs, *([candidate.ref] if beyond else [])]
        if not names:
            return []
        file = _place(self.state, self.run, candidate, "bundle")
        self._clear_drafts(candidate)
        draft = file.with_suffix(".new")
        Objects(self.git).bundle(draft, names, self.run.base)
        draft.rename(file)
        return [f"b{candidate.number}: kept for {DAYS} days; staddle undo {candidate.run}-b{candidate.number}"]

    def _holds(self, whole: Oid, part: Oid) -> bool:
        return whole == part or self.git.is_ancestor(part, whole)

    def _index(self, candidate: Candidate) -> Path:
        return self.state.folder / f"work-{candidate.number}.index"

    def _clear_drafts(self, candidate: Candidate) -> None:
        """Remove what a git that was cut had begun to write for a candidate; all of it is ours alone."""
        for name in (_place(self.state, self.run, candidate, "new"), self._index(candidate)):
            for left in (name, name.with_name(f"{name.name}.lock")):
                left.unlink(missing_ok=True)


def keep_folder(state: State, run: Run, candidate: Candidate, place: Path) -> list[str]:
    """Put a candidate's folder away as it is; a line on it."""
    kept = _place(state, run, candidate, "folder")
    while kept.exists():  # what was put there after a kill
        kept = kept.with_name(f"{kept.stem}-again{kept.suffix}")
    try:
        place.rename(kept)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        draft = kept.with_suffix(".new")
        shutil.copytree(place, draft, symlinks=True) if place.is_dir() else shutil.copy2(place, draft)
        draft.rename(kept)
    os.utime(kept)  # its days begin now
    return [f"b{candidate.number}: its folder is kept for {DAYS} days in {kept}"]


def _place(state: State, run: Run, candidate: Candidate, kind: str) -> Path:
    home = state.folder / "bundles"
    home.mkdir(mode=SECRET_FOLDER, exist_ok=True)
    return home / f"{candidate.run}-b{candidate.number}.{int(run.began * 1000)}.{kind}"
