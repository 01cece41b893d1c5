"""reconcile: land the survivor of a run, if there is one, and take everything else of the run away."""

import time
from dataclasses import dataclass
from enum import StrEnum

from ..core.errors import Refused, UsageError
from ..core.names import Oid, RunId, shell
from ..core.runs import Mode, Run, Stage, require_survivor, survivor_number
from ..edges.objects import Objects
from ..guard import candidates, claiming, creation, landing, merging, payload, trust
from ..guard.landing import Landing, TargetMoved
from ..guard.registry import register
from ..guard.trap import Trap, trap
from .choosing import choose
from .gate import Gate, gate_of, prove
from .scratch import scratch_tree
from .spawn import RUN_WAIT_SECONDS
from .workspace import Site, Tell, changing

MOST_TRIES = 5


class End(StrEnum):
    """How a run ended; after `conflict` and `red` its survivor's branch is preserved."""

    NOTHING = "nothing"
    CLEARED = "cleared"
    LANDED = "landed"
    CONFLICT = "conflict"
    RED = "red"


@dataclass(frozen=True)
class Reconciled:
    """What became of a run: its survivor's branch, the target and its commit, why nothing landed, what was kept."""

    end: End
    branch: str = ""
    target: str = ""
    commit: str = ""
    why: str = ""
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What the caller asks for: a survivor, and how to go about it.

    `target` names another branch to land on; `ranked` is the survivor's tip when it was ranked; `gate` False leaves the
    checks out; `trusting` accepts changed settings and hooks; `claim` takes over a run that no journal knows. With
    `only_unfinished` a run that waits for a choice, or for a person, is left alone.
    """

    survivor: str | None = None
    target: str | None = None
    ranked: Oid | None = None
    gate: bool = True
    trusting: bool = False
    claim: bool = False
    only_unfinished: bool = False


def reconcile(site: Site, run: RunId, wanted: Wanted, *, tell: Tell) -> Reconciled:
    """End a run: a choice that was recorded is finished, a killed spawn or landing is put right first.

    Refused, with nothing touched, when a person's work is in the way or the survivor is not as it was. Whatever ends
    this before the landing, a signal included, takes the choice back; after kill -9 the choice stands.
    """
    site.state.prepare()
    gate = gate_of(site, skip=not wanted.gate)
    patience = 0.0 if wanted.only_unfinished else RUN_WAIT_SECONDS
    with site.state.lock(f"run-{run}", patience, f"staddle reconcile {run}"):
        with changing(site, f"reconcile {run}"):
            decided = _decide(site, run, wanted, tell)
            if isinstance(decided, Reconciled):
                return decided
        with trap() as undoing:
            undoing.undo(lambda: _take_back(site, run))
            for _ in range(MOST_TRIES):
                try:
                    return _land(site, decided, gate, wanted, tell)
                except TargetMoved:
                    tell(f"{decided.target} moved: merging once more")
            raise Refused(
                "moving", f"{decided.target} moves faster than it can be landed on", f"staddle reconcile {run}"
            )


def _take_back(site: Site, run: RunId) -> None:
    """Let the run be as it was before its choice, unless it has landed."""
    with changing(site, f"reconcile {run}"):
        now = candidates.load(site.state, run)
        if now is not None and now.stage in (Stage.CHOSEN, Stage.GATING):
            payload.withdraw(site.git, now)
            back = now.at(Stage.KEPT) if now.kept else now.at(Stage.READY, survivor=None, tip=None, since=0.0)
            candidates.save(site.state, back)


def examine(site: Site, run: RunId, wanted: Wanted) -> tuple[Run | None, int | None]:
    """The run, None when there is none, and the survivor that is wanted or recorded; writes nothing.

    UsageError and Refused for all that speaks against ending it, but for what only the choice itself shows.
    """
    known = candidates.load(site.state, run)
    if known is not None:
        candidates.require_clearable(site.git, site.state, known)
    elif wanted.claim:
        known = claiming.unclaimed(site.git, run)
    else:
        _require_nothing(site, run, wanted.survivor)
        return None, None
    survivor = require_survivor(wanted.survivor, known) if wanted.survivor else known.survivor
    if known.survivor not in (None, survivor):
        what = f"b{known.survivor} has been chosen for run {run} before"
        todo = f"staddle undo {run}-b{survivor}" if known.kept else f"staddle reconcile {run} b{known.survivor}"
        raise Refused("chosen", what + (", and the others have gone" if known.kept else ""), todo)
    return known, survivor


def _decide(site: Site, run: RunId, wanted: Wanted, tell: Tell) -> Reconciled | Run:
    """The run with its choice recorded, or its end when there is nothing to choose."""
    known, survivor = examine(site, run, wanted)
    if known is None:
        return Reconciled(End.NOTHING, why=_outcome(site, run))
    if wanted.claim and candidates.load(site.state, run) is None:
        claiming.claim(site.git, site.state, known)
    if wanted.only_unfinished and known.stage in (Stage.READY, Stage.KEPT):
        return Reconciled(End.NOTHING)
    if survivor is None or known.stage in (Stage.SPAWNING, Stage.CLEARING):
        return _cleared(site, _clearing(site, known), End.CLEARED)
    if known.stage is Stage.MERGED:
        return _landed(site, known, tell)
    if known.stage is Stage.KEPT and not site.git.refs(known.candidates[survivor - 1].ref):
        return _cleared(site, known, End.CLEARED)
    if known.stage in (Stage.CHOSEN, Stage.GATING):
        payload.withdraw(site.git, known)
    chosen = choose(site, known, survivor, target=wanted.target, ranked=wanted.ranked, trusting=wanted.trusting)
    return candidates.save(site.state, chosen)


def _require_nothing(site: Site, run: RunId, wanted: str | None) -> None:
    standing = claiming.found(site.git, run)
    if standing:
        names = ", ".join(one.ref.removeprefix("refs/heads/") for one in standing)
        what = f"{names}: these bear the name of run {run}, but no journal says that staddle made them"
        raise Refused("unknown-run", what, f"staddle reconcile {run} --claim --dry-run")
    ended = candidates.ended(site.state)
    if wanted and run not in ended:
        raise UsageError(f"there is no run {run}", _known_runs(site))
    if wanted and survivor_number(wanted, run) != ended.get(run):
        raise UsageError(_outcome(site, run), "git log --merges")


def _outcome(site: Site, run: RunId) -> str:
    """What became of a run that has no journal."""
    ended = candidates.ended(site.state)
    if run not in ended:
        return f"there is no run {run} ({_known_runs(site)})"
    landed = ended[run]
    return f"run {run} has ended: " + (f"b{landed} landed" if landed else "nothing of it landed")


def _known_runs(site: Site) -> str:
    runs = [one.id for one in candidates.every(site.state)]
    return f"the runs are: {', '.join(runs)}" if runs else "there are no runs; begin one: staddle spawn run42 3"


def _clearing(site: Site, run: Run) -> Run:
    """The run with its clearing written down, so that one that is cut knows since when it may have left locks."""
    return (
        run if run.stage is Stage.CLEARING else candidates.save(site.state, run.at(Stage.CLEARING, since=time.time()))
    )


def _land(site: Site, chosen: Run, gate: Gate, wanted: Wanted, tell: Tell) -> Reconciled:
    """Merge, prove, publish and clear. TargetMoved, with nothing moved, when the target is not where the merge began.

    The proof takes its time, so the trees are not held meanwhile; without a gate all is one step.
    """
    with changing(site, f"reconcile {chosen.id}") as trapped:
        run, conflicts = _merged(site, chosen, gate)
        if run.stage is Stage.MERGED:
            return _landed(site, run, tell)
        if run.stage is Stage.KEPT:
            return _cleared(site, run, End.CONFLICT, why=", ".join(conflicts), keep=run.survivor)
        if not gate:
            return _published(site, trapped, run, tell)
    start = (run.old if gate.hooks else run.new) or run.base
    with scratch_tree(site, f"{run.id}-gate", start) as place:
        red, commit = prove(site, gate, run, place, _message(run, gate), tell)
    with changing(site, f"reconcile {run.id}") as trapped:
        if red:
            kept = candidates.save(site.state, run.at(Stage.KEPT, kept=True))
            return _cleared(site, kept, End.RED, why=red, keep=run.survivor)
        if not wanted.trusting:  # the proof ran programs of the candidate's
            trust.require_unchanged(site.git, run.trusted)
        return _published(site, trapped, run.at(Stage.GATING, new=commit), tell)


def _merged(site: Site, run: Run, gate: Gate) -> tuple[Run, tuple[str, ...]]:
    """The run with its merge computed and written down, or the conflict and its paths; nothing moves."""
    git, ref = site.git, run.target or ""
    old, tip = git.refs(ref).get(ref), run.tip
    if old is None or tip is None:
        raise Refused("gone", f"{ref} is gone", f"git -C {shell(git.main)} branch {ref.removeprefix('refs/heads/')}")
    if run.mode is Mode.CONTEXT and run.survivor:
        payload.publish(git, run, run.candidates[run.survivor - 1], tip)
    if git.is_ancestor(tip, old):
        return candidates.save(site.state, run.at(Stage.MERGED, new=old)), ()
    merge = merging.merge(git, old, tip, site.state.folder / "attributes")
    if merge.tree is None:
        return candidates.save(site.state, run.at(Stage.KEPT, kept=True)), merge.conflicts
    new = Objects(git).commit_tree(merge.tree, [old, tip], _message(run, gate), run.since)
    return candidates.save(site.state, run.at(Stage.GATING, old=old, new=new)), ()


def _published(site: Site, trapped: Trap, run: Run, tell: Tell) -> Reconciled:
    """The run landed and cleared."""
    if run.target is None or run.old is None or run.new is None:
        raise AssertionError("a merged run has its target and commits")
    candidates.save(site.state, run.at(Stage.MERGING))
    try:
        with trapped.shielded():
            landing.publish(site.git, site.state, Landing(run.target, run.old, run.new, run.since))
            run = candidates.save(site.state, run.at(Stage.MERGED))
    except TargetMoved:
        candidates.save(site.state, run.at(Stage.CHOSEN))
        raise
    return _landed(site, run, tell)


def _landed(site: Site, run: Run, tell: Tell) -> Reconciled:
    """The landed run cleared; what landed is told first, for nothing that comes after can change it."""
    commit, target = (run.new or "")[:10], (run.target or "").removeprefix("refs/heads/")
    if run.tip and site.git.is_ancestor(run.tip, run.base):
        tell(f"b{run.survivor} holds no commit of its own; nothing landed")
        return _cleared(site, run, End.CLEARED)
    tell(f"pqa/{run.id}-b{run.survivor} landed on {target} as {commit}")
    return _cleared(site, run, End.LANDED)


def _message(run: Run, gate: Gate) -> str:
    return (
        f"merge: candidate b{run.survivor} of run {run.id}\n\n"
        f"One of {run.count} candidates for one task survived.\n\n"
        f"Run: {run.id}\nSurvivor: b{run.survivor}\nVerified: {gate.trailer}\n"
    )


def _cleared(site: Site, run: Run, end: End, *, why: str = "", keep: int | None = None) -> Reconciled:
    creation.settle(site.git, site.state)
    kept = candidates.clear(site.git, site.state, run, keep)
    branch = f"pqa/{run.id}-b{run.survivor}" if run.survivor else ""
    if keep is None:
        candidates.end(site.state, run)
    register(site.git, site.state)
    target = (run.target or "").removeprefix("refs/heads/")
    commit = run.new if end is End.LANDED else None
    return Reconciled(end, branch, target, commit or "", why, tuple(kept))
