"""Candidates: the trees of a run, which are the machine's; made all together or not at all, and always taken away.

Invariants. The journal `runs/<run>` is written before the first act for the run and dropped after the last.
Only what the roster says we made is ever removed; the work of a candidate that goes, committed or not, is put
away first (`keeping`). `clear` is idempotent from any state and is the undo of spawn, the end of reconcile and the
recovery of both.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ..core.errors import Refused
from ..core.names import Candidate, shell
from ..core.runs import Mode, Run, Stage
from ..edges.entries import entries
from ..edges.git import Git
from ..edges.process import sweep
from ..edges.processes import standing_in
from ..edges.state import State
from ..edges.surroundings import temporary_place
from . import assignments, branches, keeping, landing, payload, removal, roster
from .branches import Branch
from .landing import Landing
from .pointers import left_behind

HOME = ".pqa_worktrees"


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
    """Drop the run's journal, for there is nothing left of it; how it ended is remembered."""
    landed = run.survivor if run.stage is Stage.MERGED else None
    others = {name: survivor for name, survivor in ended(state).items() if name != run.id}
    state.write("ended", {"survivors": {**others, run.id: landed}})
    state.drop(f"runs/{run.id}")
    for candidate in run.candidates:
        state.forget_locks(f"tree-{run.id}-b{candidate.number}")
        assignments.forget(state, f"{run.id}-b{candidate.number}")


def ended(state: State) -> dict[str, int | None]:
    """The runs that have ended, and the survivor that each landed, None when nothing did."""
    return dict(state.read("ended").get("survivors", {}))


def folder(git: Git, candidate: Candidate) -> Path:
    """Where a candidate's tree stands."""
    return git.main / HOME / f"{candidate.run}-b{candidate.number}"


def places(git: Git, run: Run) -> list[Path]:
    """Where the work of each candidate is done: in its tree, or in its payload's folder."""
    if run.mode is Mode.CONTEXT:
        return [payload.folder(git, candidate.number) for candidate in run.candidates]
    return [folder(git, candidate) for candidate in run.candidates]


def make_home(git: Git) -> None:
    """Make the folder of all candidates' trees, hidden from git; Refused when it is not a folder of its own."""
    home = git.main / HOME
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        raise Refused("not-a-folder", f"{home} is not a folder of its own", f"look at it: ls -l {shell(home)}")
    home.mkdir(exist_ok=True)
    with suppress(FileExistsError), (home / ".gitignore").open("x") as ignore:
        ignore.write("*\n")


def unit(state: State, candidate: Candidate) -> str:
    """The marker that a candidate's processes bear."""
    return f"{state.mark}/{candidate.run}-b{candidate.number}"


def settle(git: Git, state: State) -> None:
    """End every landing that was cut, whichever run it is of; the caller holds the `trees` lock."""
    for run in every(state):
        if run.stage is Stage.MERGING and run.target and run.old and run.new:
            landed, _ = landing.settle(git, state, Landing(run.target, run.old, run.new, run.since))
            save(state, run.at(Stage.MERGED if landed else Stage.CHOSEN))


def require_clearable(git: Git, state: State, run: Run) -> None:
    """Refused when one of the run's trees holds what is not ours to remove; asked before anything is touched."""
    enrolled, found = roster.members(state), list(entries(git))
    for candidate in run.candidates:
        place = folder(git, candidate)
        if place in enrolled:
            removal.require_removable(git, found, place)
        elif run.mode is Mode.WORKTREE and os.path.lexists(place):
            what = f"{place} is not where staddle made a tree; was the repository moved?"
            raise Refused("moved", what, f"move it back, or the tree away: mv {shell(place)} somewhere")


def clear(git: Git, state: State, run: Run, keep: int | None = None) -> list[str]:
    """Remove every tree of the run and every branch but `keep`'s; what a loser holds is kept before.

    Returns, a line each, what was kept, what is a person's now and stays, who stands in a tree that is gone, and which
    submodules the landing left as they were.
    """
    enrolled, places = roster.members(state), {folder(git, candidate): candidate for candidate in run.candidates}
    trees = {place: candidate for place, candidate in places.items() if place in enrolled}
    held = {number: place for number, place in _holders(git, run).items() if number != keep}
    told = [
        f"b{number}: its branch is checked out in {place} and stays: it is yours now" for number, place in held.items()
    ]
    if trees:
        sweep(*(unit(state, candidate) for candidate in trees.values()))
        told += keeping.keep(git, state, run, trees)
        told += [
            f"{process.name} ({process.pid}) stands in {process.place}, which is gone; it was left alone"
            for process in standing_in(*trees)
        ]
    if run.mode is Mode.CONTEXT:
        told += payload.clear(git, state, run)
    going, moved = _branches(git, run, {keep, *held})
    told += moved
    removal.discard(git, state, [(place, going.get(one.number)) for place, one in trees.items()], run.began)
    if run.survivor and run.tip and not moved and run.survivor not in {keep, *held}:  # it may have no tree any more
        name = run.candidates[run.survivor - 1].ref.removeprefix("refs/heads/")
        branches.delete(git, [Branch(name, run.tip)], run.since, run.began)
    for place in trees:
        removal.delete_folder(temporary_place(place))
    keeping.forget_refs(git, run)
    if run.stage is Stage.MERGED and run.target and run.old and run.new:
        told += left_behind(git, Landing(run.target, run.old, run.new, run.since))
    return sorted(told)


def _holders(git: Git, run: Run) -> dict[int, Path]:
    """Where somebody else has candidates' branches checked out, by number; the run's own trees all go."""
    own = {folder(git, one) for one in run.candidates}
    names = {one.ref.removeprefix("refs/heads/"): one.number for one in run.candidates}
    return {
        names[entry.branch]: entry.folder for entry in entries(git) if entry.branch in names and entry.folder not in own
    }


def _branches(git: Git, run: Run, staying: Collection[int | None]) -> tuple[dict[int, Branch], list[str]]:
    """The branches that go, by number, each where it stands now: an agent may have moved it; and a line if one stays.

    The survivor's must stand where it was landed from: what was added since is somebody's.
    """
    refs, going, told = git.refs("refs/heads/pqa/"), dict[int, Branch](), list[str]()
    for candidate in run.candidates:
        tip, name = refs.get(candidate.ref), candidate.ref.removeprefix("refs/heads/")
        if tip is None or candidate.number in staying:
            continue
        if candidate.number == run.survivor and run.tip and tip != run.tip:
            told.append(f"b{candidate.number}: {name} has moved on since it was chosen and stays: it is yours now")
        else:
            going[candidate.number] = Branch(name, tip)
    return going, told
