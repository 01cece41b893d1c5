"""Candidates: the trees of a run, which are the machine's; made all together or not at all, and always taken away.

Invariants. The journal `runs/<run>` is written before the first act for the run and dropped after the last.
Only what the roster says we made is ever removed; the work of a candidate that goes, committed or not, is put
away first (`keeping`). `clear` is idempotent from any state and is the undo of spawn, the end of reconcile and the
recovery of both.
"""

from pathlib import Path

from ..core.errors import Refused
from ..core.names import Candidate
from ..core.runs import Run, Stage
from ..edges.entries import entries
from ..edges.git import Git
from ..edges.process import sweep
from ..edges.state import State
from . import branches, keeping, landing, removal, roster
from .branches import Branch
from .landing import Landing

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


def ended(state: State) -> dict[str, int | None]:
    """The runs that have ended, and the survivor that each landed, None when nothing did."""
    return dict(state.read("ended").get("survivors", {}))


def folder(git: Git, candidate: Candidate) -> Path:
    """Where a candidate's tree stands."""
    return git.main / HOME / f"{candidate.run}-b{candidate.number}"


def unit(git: Git, state: State, candidate: Candidate) -> str:
    """The marker that a candidate's processes bear."""
    return f"{state.mark}/{candidate.run}/b{candidate.number}"


def settle(git: Git, state: State) -> None:
    """End every landing that was cut, whichever run it is of; the caller holds the `trees` lock."""
    for run in every(state):
        if run.stage is Stage.MERGING and run.target and run.old and run.new:
            landed, _ = landing.settle(git, state, Landing(run.target, run.old, run.new, run.since))
            save(state, run.at(Stage.MERGED if landed else Stage.CHOSEN))


def clear(git: Git, state: State, run: Run, keep: int | None = None) -> list[str]:
    """Remove every tree of the run and every branch but `keep`'s; what a loser holds is kept before.

    Returns what was kept, a line each. Refused, for that candidate's branch, when somebody has it checked out.
    """
    enrolled = roster.members(state)
    kept = []
    for candidate in run.candidates:
        place = folder(git, candidate)
        member = enrolled.get(place)
        survives = candidate.number == keep
        chosen = candidate.number == run.survivor
        if member is None or not member.made_tree:
            if chosen and not survives:
                branches.delete(git, _branch(git, run, candidate), run.since)
            continue
        sweep(unit(git, state, candidate))
        _require_alone(git, candidate, place)
        kept += keeping.keep(git, state, run, candidate, place, landed=chosen)
        gone = [] if survives else _branch(git, run, candidate)
        removal.discard(git, state, place, gone[0] if gone else None)
    keeping.forget_refs(git, run)
    return kept


def _branch(git: Git, run: Run, candidate: Candidate) -> list[Branch]:
    """The candidate's branch where it stands now, an agent may have moved it; none when it is gone.

    The survivor's must stand where it was landed from: what a person added since is theirs.
    """
    tip = git.refs(candidate.ref).get(candidate.ref)
    name = candidate.ref.removeprefix("refs/heads/")
    if tip and candidate.number == run.survivor and run.tip and tip != run.tip:
        raise Refused("moved", f"{name} has moved on since it was chosen", f"git branch -m {name} another-name")
    if tip:
        _require_alone(git, candidate, folder(git, candidate))
    return [Branch(name, tip)] if tip else []


def _require_alone(git: Git, candidate: Candidate, place: Path) -> None:
    other = next((entry for entry in entries(git) if entry.head == candidate.ref and entry.folder != place), None)
    if other:
        name = candidate.ref.removeprefix("refs/heads/")
        raise Refused("checked-out", f"{name} is checked out in {other.folder}", f"git -C {other.folder} switch -")
