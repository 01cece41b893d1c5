"""reconcile: land the survivor of a run, if there is one, and take everything else of the run away."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..core.errors import Held, Refused, UsageError
from ..core.names import Oid, RunId, candidate
from ..core.runs import Run, Stage, require_survivor
from ..edges.entries import entries
from ..edges.objects import Objects
from ..guard import candidates, creation, landing
from ..guard.landing import Landing, TargetMoved
from ..guard.registry import register
from ..guard.trap import Trap
from .spawn import RUN_WAIT_SECONDS
from .workspace import Site, changing

MOST_TRIES = 5

Tell = Callable[[str], None]


class End(StrEnum):
    """How a run ended."""

    NOTHING = "nothing"
    CLEARED = "cleared"
    LANDED = "landed"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Reconciled:
    """What became of a run: the survivor's branch, the target's commit after, and what was kept of losers."""

    end: End
    branch: str = ""
    commit: str = ""
    kept: tuple[str, ...] = ()


def reconcile(site: Site, run: RunId, wanted: str | None, *, tell: Tell, only_unfinished: bool = False) -> Reconciled:
    """End a run: a choice that was recorded is finished, a killed spawn or landing is put right first.

    With `only_unfinished` a run that waits for a choice, or for a person, is left alone.

    Refused, with nothing touched, when a person's work is in the way or the survivor is not as it was.
    """
    site.state.prepare()
    with (
        site.state.lock(f"run-{run}", RUN_WAIT_SECONDS, f"staddle reconcile {run}"),
        changing(site, f"reconcile {run}") as trap,
    ):
        known = candidates.load(site.state, run)
        if known is None:
            _require_nothing(site, run, wanted)
            return Reconciled(End.NOTHING)
        if only_unfinished and known.stage in (Stage.READY, Stage.KEPT):
            return Reconciled(End.NOTHING)
        survivor = require_survivor(wanted, known) if wanted else known.survivor
        if known.survivor not in (None, survivor):
            what = f"b{known.survivor} has been chosen for run {run} before"
            raise Refused("chosen", what, f"staddle reconcile {run} b{known.survivor}")
        if survivor is None or known.stage in (Stage.SPAWNING, Stage.CLEARING):
            return _cleared(site, _clearing(site, known), End.CLEARED)
        if known.stage is Stage.KEPT and not site.git.refs(known.candidates[survivor - 1].ref):
            return _cleared(site, known, End.CLEARED)
        if known.stage in (Stage.READY, Stage.CHOSEN, Stage.KEPT):
            known = _chosen(site, known, survivor)
        return _land(site, trap, known, tell)


def _require_nothing(site: Site, run: RunId, wanted: str | None) -> None:
    found = [ref for ref in site.git.refs("refs/heads/pqa/") if (found := candidate(ref)) and found.run == run]
    if found:
        what = f"{', '.join(found)} bear the name of run {run}, but no journal says that staddle made them"
        raise Refused("unknown-run", what, f"look at them: git branch --list 'pqa/{run}-b*'")
    ended = candidates.ended(site.state)
    if wanted and run not in ended:
        raise UsageError(f"there is no run {run}", f"staddle spawn {run} 3")
    landed = ended.get(run)
    if wanted and not wanted.endswith(str(landed)):
        outcome = f"b{landed} landed" if landed else "nothing of it landed"
        raise UsageError(f"run {run} has ended: {outcome}", "git log --merges")


def _chosen(site: Site, run: Run, survivor: int) -> Run:
    """Record the choice, after looking at all that speaks against it."""
    git, chosen = site.git, run.candidates[survivor - 1]
    branch, place = chosen.ref.removeprefix("refs/heads/"), candidates.folder(git, chosen)
    tip = git.refs(chosen.ref).get(chosen.ref)
    if tip is None:
        raise Refused("gone", f"the branch {branch} is gone", f"staddle reconcile {run.id}, or choose another")
    if run.target is None:
        what = f"run {run.id} was spawned on a detached HEAD: there is no branch to land on"
        raise Refused("detached", what, "spawn on a branch")
    holder = next((entry for entry in entries(git) if entry.head == chosen.ref and entry.folder != place), None)
    if holder:
        raise Refused("checked-out", f"{branch} is checked out in {holder.folder}", f"git -C {holder.folder} switch -")
    entry = next((entry for entry in entries(git) if entry.folder == place), None)
    if entry and place.is_dir():
        if entry.head != chosen.ref:
            raise Refused("off-branch", f"{place} is no longer on {branch}", f"git -C {place} switch {branch}")
        if changes := git.changes(place):
            paths = ", ".join((changes.tracked + changes.untracked)[:3])
            todo = f"git -C {place} add --all && git -C {place} commit"
            raise Refused("dirty", f"{place} has uncommitted work: {paths}", todo)
    current = git.current_branch()
    if current != run.target:
        what = f"{git.main} is on {current or 'a detached HEAD'}, run {run.id} was spawned on {run.target}"
        raise Refused("other-branch", what, f"git -C {git.main} switch {run.target.removeprefix('refs/heads/')}")
    return candidates.save(site.state, run.at(Stage.CHOSEN, survivor=survivor, tip=tip, since=run.since or time.time()))


def _clearing(site: Site, run: Run) -> Run:
    """The run with its clearing written down, so that one that is cut knows since when it may have left locks."""
    return (
        run if run.stage is Stage.CLEARING else candidates.save(site.state, run.at(Stage.CLEARING, since=time.time()))
    )


def _land(site: Site, trap: Trap, run: Run, tell: Tell) -> Reconciled:
    for _ in range(MOST_TRIES):
        if run.stage is Stage.CHOSEN:
            run = _merged(site, run)
        if run.stage is Stage.KEPT:
            return _cleared(site, run, End.CONFLICT, keep=run.survivor)
        if run.stage is Stage.MERGED:
            return _cleared(site, run, End.LANDED)
        try:
            with trap.shielded():
                run = _publish(site, run)
        except TargetMoved:
            tell(f"{run.target} moved: merging once more")
            run = candidates.save(site.state, run.at(Stage.CHOSEN))
        except (Refused, Held):
            candidates.save(site.state, run.at(Stage.READY, survivor=None, tip=None, since=0.0))
            raise
    raise Refused("moving", f"{run.target} moves faster than it can be landed on", f"staddle reconcile {run.id}")


def _merged(site: Site, run: Run) -> Run:
    """The run with its merge computed and journalled, or the conflict recorded; nothing moves."""
    git, ref = site.git, run.target or ""
    old, tip = git.refs(ref).get(ref), run.tip
    if old is None or tip is None:
        raise Refused("gone", f"{ref} is gone", f"git -C {git.main} branch {ref.removeprefix('refs/heads/')}")
    if git.is_ancestor(tip, old):
        return candidates.save(site.state, run.at(Stage.MERGED, new=old))
    checkout = landing.checkout_of(git, ref)
    related = git.merge_base(old, tip) is not None
    tree = git.merged_tree(old, tip, at=checkout.folder if checkout else git.main) if related else None
    if tree is None:
        return candidates.save(site.state, run.at(Stage.KEPT))
    new = Objects(git).commit_tree(tree, [old, tip], _message(run), run.since)
    return candidates.save(site.state, run.at(Stage.MERGING, old=old, new=new))


def _publish(site: Site, run: Run) -> Run:
    if run.target is None or run.old is None or run.new is None:
        raise AssertionError("a merging run has its target and commits")
    landing.publish(site.git, site.state, Landing(run.target, run.old, run.new, run.since))
    return candidates.save(site.state, run.at(Stage.MERGED))


def _message(run: Run) -> str:
    title = f"merge: candidate b{run.survivor} of run {run.id}"
    return (
        f"{title}\n\nOne of {run.count} candidates for one task survived.\n\nRun: {run.id}\nSurvivor: b{run.survivor}\n"
    )


def _cleared(site: Site, run: Run, end: End, keep: int | None = None) -> Reconciled:
    creation.settle(site.git, site.state)
    kept = candidates.clear(site.git, site.state, run, keep)
    branch = f"pqa/{run.id}-b{run.survivor}" if run.survivor else ""
    if end is not End.CONFLICT:
        candidates.end(site.state, run)
    register(site.git, site.state)
    commit: Oid | str = run.new or ""
    return Reconciled(end, branch, commit, tuple(kept))
