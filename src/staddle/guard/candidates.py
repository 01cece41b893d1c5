"""Candidates: the trees of a run, which are the machine's; made all together or not at all, and always taken away.

Invariants. The journal `runs/<run>` is written before the first act for the run and dropped after the last.
Only what the roster says we made is ever removed; the work of a candidate that goes, committed or not, is kept
in a bundle first. `clear` is idempotent from any state and is the undo of spawn, the end of reconcile and the
recovery of both.
"""

from pathlib import Path

from ..core.names import Candidate
from ..core.runs import Run
from ..edges.entries import Entry, entries
from ..edges.git import Git, RefUpdate
from ..edges.objects import Objects
from ..edges.process import sweep
from ..edges.state import SECRET_FOLDER, State
from . import branches, removal, roster
from .branches import Branch

HOME = ".pqa_worktrees"
BUNDLE_DAYS = 14
KEPT_NAMES = "refs/staddle/work/"


def load(state: State, run: str) -> Run | None:
    """The run's journal; None when there is no such run, or it has ended."""
    record = state.read(f"runs/{run}")
    return Run.load(record) if record else None


def every(state: State) -> list[Run]:
    """All runs that have a journal, by name."""
    names = sorted(path.stem for path in (state.folder / "runs").glob("[!.]*.json"))
    return [run for name in names if (run := load(state, name))]


def save(state: State, run: Run) -> Run:
    """Write the run's journal; gives the run."""
    state.write(f"runs/{run.id}", run.record())
    return run


def end(state: State, run: Run) -> None:
    """Drop the run's journal: there is nothing left of it."""
    state.drop(f"runs/{run.id}")


def folder(git: Git, candidate: Candidate) -> Path:
    """Where a candidate's tree stands."""
    return git.main / HOME / f"{candidate.run}-b{candidate.number}"


def unit(git: Git, state: State, candidate: Candidate) -> str:
    """The marker that a candidate's processes bear."""
    return f"{state.mark}/{candidate.run}/b{candidate.number}"


def clear(git: Git, state: State, run: Run, keep: int | None = None) -> list[str]:
    """Remove every tree of the run and every branch but `keep`'s; the commits and work of losers are bundled.

    Returns what was kept, a line for each bundle.
    """
    enrolled = roster.members(state)
    bundled = []
    for candidate in run.candidates:
        member = enrolled.get(folder(git, candidate))
        survives = candidate.number == keep
        if member is None or not member.made_tree:
            if candidate.number == run.survivor and not survives:
                branches.delete(git, filter(None, [_branch(git, candidate)]), run.began)
            continue
        sweep(unit(git, state, candidate))
        if not survives and run.survivor != candidate.number:
            bundled += _bundle(git, state, run, candidate)
        removal.discard(git, state, member.folder, None if survives else _branch(git, candidate))
    _forget_work(git, state, run)
    return bundled


def _branch(git: Git, candidate: Candidate) -> Branch | None:
    """The candidate's branch where it stands now: an agent may have moved it, and it is ours all the same."""
    tip = git.refs(candidate.ref).get(candidate.ref)
    return Branch(candidate.ref.removeprefix("refs/heads/"), tip) if tip else None


def bundle_file(state: State, candidate: Candidate) -> Path:
    """Where the work of a candidate that went is kept."""
    return state.folder / "bundles" / f"{candidate.run}-b{candidate.number}.bundle"


def _bundle(git: Git, state: State, run: Run, candidate: Candidate) -> list[str]:
    place = folder(git, candidate)
    entry = next((entry for entry in entries(git) if entry.folder == place and place.is_dir()), None)
    refs = _save_work(git, state, run, candidate, entry)
    tip = git.refs(candidate.ref).get(candidate.ref)
    if tip and tip != run.base:
        refs.append(candidate.ref)
    if not refs:
        return []
    file = bundle_file(state, candidate)
    file.parent.mkdir(mode=SECRET_FOLDER, exist_ok=True)
    beside = file.with_suffix(".new")
    Objects(git).bundle(beside, refs, run.base)
    beside.rename(file)
    return [f"b{candidate.number}: kept for {BUNDLE_DAYS} days; staddle undo {run.id} b{candidate.number}"]


def _save_work(git: Git, state: State, run: Run, candidate: Candidate, entry: Entry | None) -> list[str]:
    """Commit what lies uncommitted in a tree under a ref of ours, so that a bundle can carry it; the ref, if any."""
    if entry is None or not git.changes(entry.folder):
        return []
    head = git.commit_at(entry.folder) or run.base
    index = state.folder / "work.index"
    index.unlink(missing_ok=True)
    if (entry.admin / "index").exists():
        index.write_bytes((entry.admin / "index").read_bytes())
    message = f"uncommitted work of {candidate.run}-b{candidate.number}\n"
    work = Objects(git).snapshot(entry.folder, index, head, message, run.began)
    index.unlink()
    ref = f"{KEPT_NAMES}{candidate.run}-b{candidate.number}"
    git.update_refs([RefUpdate(ref, work, git.refs(ref).get(ref))], "staddle: uncommitted work")
    return [ref]


def _forget_work(git: Git, state: State, run: Run) -> None:
    names = [f"{KEPT_NAMES}{candidate.run}-b{candidate.number}" for candidate in run.candidates]
    branches.drop_refs(git, git.refs(*names), run.began)


def expire(state: State, now: float) -> list[str]:
    """Delete bundles older than their time; their names."""
    old = [
        file for file in (state.folder / "bundles").glob("*.bundle") if now - file.stat().st_mtime > BUNDLE_DAYS * 86400
    ]
    for file in old:
        file.unlink()
    return [file.stem for file in old]
