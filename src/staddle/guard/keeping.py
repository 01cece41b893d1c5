"""Keeping: what a candidate that goes still holds, commits and uncommitted work, is put away for a while.

What git can carry goes into a bundle: the branch, a HEAD that has left it, and a commit of all that lies in
the tree. What git cannot carry (a repository inside the tree, a tree that lost its `.git`) is kept as the
folder it is. Both lie below `staddle/bundles` and are named by run, candidate and the time of the run.
"""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from ..core.names import Candidate
from ..core.runs import Run
from ..edges.entries import Entry, entries, is_linked
from ..edges.git import Git, RefUpdate
from ..edges.gitcalls import GitError
from ..edges.objects import Objects
from ..edges.state import SECRET_FOLDER, State
from . import branches
from .locks import clear_stale

DAYS = 14
NAMES = "refs/staddle/work/"


def keep(git: Git, state: State, run: Run, candidate: Candidate, place: Path, *, landed: bool) -> list[str]:
    """Put away what a candidate holds beyond the run's base, or beyond its landing; a line on it, if anything was."""
    if not place.is_dir() or place.is_symlink():
        return _bundled(git, state, run, candidate, [], landed)
    entry = next((entry for entry in entries(git) if entry.folder == place and is_linked(place, entry.admin)), None)
    if entry is None and (place / ".git").exists():  # somebody's own repository: the removal will refuse it
        return []
    nested = [path for path in place.rglob(".git") if path.parent != place]
    try:
        work = [] if entry is None else _save_work(git, state, run, candidate, entry)
        told = _bundled(git, state, run, candidate, work, landed)
    except GitError:
        entry, told = None, []
        _clear_drafts(_place(state, run, candidate, "bundle"), state)
    return told if entry and not nested else told + keep_folder(state, run, candidate, place)


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
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [path.name for path in old]


def forget_refs(git: Git, run: Run) -> None:
    """Delete the refs that uncommitted work was held by while it was being bundled."""
    names = [_work_ref(candidate) for candidate in run.candidates]
    for name in names:
        clear_stale(git, git.common / f"{name}.lock", run.since)
    branches.drop_refs(git, git.refs(*names), run.since)


def _work_ref(candidate: Candidate) -> str:
    return f"{NAMES}{candidate.run}-b{candidate.number}"


def _save_work(git: Git, state: State, run: Run, candidate: Candidate, entry: Entry) -> list[str]:
    """Hold a HEAD that left its branch, or work that is not committed, by a ref of ours; the ref, if any."""
    head = git.commit_at(entry.folder) or run.base
    branch = git.refs(candidate.ref).get(candidate.ref)
    changes = git.changes(entry.folder, entry.admin)
    if not changes and branch and git.is_ancestor(head, branch):
        return []
    if not changes and git.is_ancestor(head, run.base):
        return []
    index = state.folder / "work.index"
    _clear_drafts(_place(state, run, candidate, "bundle"), state)
    with suppress(FileNotFoundError):
        shutil.copy2(entry.admin / "index", index)
    message = f"uncommitted work of {candidate.run}-b{candidate.number}\n"
    work = Objects(git).snapshot(entry, index, head, message, run.began) if changes else head
    index.unlink(missing_ok=True)
    ref = _work_ref(candidate)
    clear_stale(git, git.common / f"{ref}.lock", run.since)
    found = git.refs(ref).get(ref)
    if found != work:
        git.update_refs([RefUpdate(ref, work, found)], "staddle: uncommitted work")
    return [ref]


def _bundled(git: Git, state: State, run: Run, candidate: Candidate, refs: list[str], landed: bool) -> list[str]:
    tip = git.refs(candidate.ref).get(candidate.ref)
    beyond = tip is not None and not git.is_ancestor(tip, run.base) and not (landed and tip == run.tip)
    names = [*refs, *([candidate.ref] if beyond else [])]
    if not names:
        return []
    file = _place(state, run, candidate, "bundle")
    _clear_drafts(file, state)
    draft = file.with_suffix(".new")
    Objects(git).bundle(draft, names, run.base)
    draft.rename(file)
    return [f"b{candidate.number}: kept for {DAYS} days; staddle undo {run.id} b{candidate.number}"]


def _clear_drafts(file: Path, state: State) -> None:
    """Remove what a git that was cut had begun to write for the bundle `file`; all of it is ours alone."""
    for name in (file.with_suffix(".new"), state.folder / "work.index"):
        for left in (name, name.with_name(f"{name.name}.lock")):
            left.unlink(missing_ok=True)


def keep_folder(state: State, run: Run, candidate: Candidate, place: Path) -> list[str]:
    """Put a candidate's folder away as it is; a line on it."""
    kept = _place(state, run, candidate, "folder")
    if not kept.exists():
        place.rename(kept)
    return [f"b{candidate.number}: its folder is kept for {DAYS} days in {kept}"]


def _place(state: State, run: Run, candidate: Candidate, kind: str) -> Path:
    home = state.folder / "bundles"
    home.mkdir(mode=SECRET_FOLDER, exist_ok=True)
    return home / f"{candidate.run}-b{candidate.number}.{int(run.began * 1000)}.{kind}"
