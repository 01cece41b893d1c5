"""Loads: what a milestone's branch would bring to the base, as the commits it would be there; moves nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..core.errors import Refused
from ..core.model import Check, Milestone, Plan
from ..core.names import Oid
from ..core.policy import Level
from ..core.squash import Parcel, parcels, squash_message
from ..edges.objects import Objects
from ..guard import moving
from .lint import findings_for
from .survey import Base, Finding, Standing, has_landed
from .workspace import Workspace


@dataclass(frozen=True)
class Load:
    """A milestone whose branch keeps the rules, and what it would land: a parcel for each requirement, in order."""

    finding: Finding
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class Squashed:
    """One commit as it would land: the requirement, the commit, its first line, and the branch's tip it is made of."""

    milestone: str
    requirement: str
    oid: Oid
    subject: str
    source: Oid


@dataclass(frozen=True)
class Stack:
    """A load made into commits on top of another commit; or what stopped it, and the paths in conflict."""

    commits: tuple[Squashed, ...]
    tip: Oid
    stopped: str = ""
    paths: tuple[str, ...] = ()


def weigh(
    workspace: Workspace, finding: Finding, base: Base, upto: str | None = None, aboard: Collection[str] = ()
) -> Load:
    """What the milestone would land, up to a requirement when one is named; `aboard` are ids that land before it.

    Refused, by the first reason: a tree that is not as declared, an operation under way, a milestone that it needs and
    that has not landed, a broken rule, commits that belong to no requirement or to several in turns.
    """
    if finding.start != "branch":
        return Load(finding, ())
    own = moving.own_work(workspace.git, workspace.state, base.oid, base.tracking, finding.tip)
    if not own:
        return Load(finding, ())
    _require_standing(finding)
    require_needs(workspace, finding.milestone, base.oid, aboard)
    require_rules(workspace, finding)
    cut = parcels(finding.milestone, own)
    if upto is None:
        return Load(finding, cut)
    names = [parcel.requirement for parcel in cut]
    if upto not in names:
        what = f"{finding.milestone.branch} has no commit for {upto}, only for {', '.join(names)}"
        raise Refused("requirement", what, f"staddle land {finding.name} --dry-run")
    return Load(finding, cut[: names.index(upto) + 1])


def stack(workspace: Workspace, load: Load, onto: Oid, since: float, *, gate: bool) -> Stack:
    """Make the load's commits in the object store; a parcel that adds nothing there is left out.

    Refused when a conflict would be resolved from memory and no check is to prove it.
    """
    git, objects, milestone = workspace.git, Objects(workspace.git), load.finding.milestone
    words, name = verified(workspace, milestone, gate=gate), load.finding.name
    proven = gate and bool(checks_of(workspace.plan, milestone))
    made: list[Squashed] = []
    tip = onto
    for parcel in load.parcels:
        folder = workspace.state.folder / f"{moving.SCRATCH}{name}"
        replayed = moving.replay(git, parcel.commits, tip, since, folder)
        if stopped := replayed.stopped:
            return Stack(tuple(made), tip, f"{stopped.oid[:10]} {stopped.subject}", replayed.paths)
        if replayed.recalled and not proven:
            what = f"{name}: a conflict would be resolved from memory, and no check proves the result"
            raise Refused("from-memory", what, f"staddle sync {name}, look at what it made, and land that")
        if git.tree_of(replayed.tip) == git.tree_of(tip):
            continue
        message = message_of(workspace, milestone, parcel, onto, words)
        tip = objects.commit_tree(git.tree_of(replayed.tip), [tip], message, since, parcel.tip.authorship)
        subject = message.partition("\n")[0]
        made.append(Squashed(name, parcel.requirement, tip, subject, parcel.tip.oid))
    return Stack(tuple(made), tip)


def message_of(workspace: Workspace, milestone: Milestone, parcel: Parcel, onto: Oid, verified: str) -> str:
    """The message of a parcel's one commit on `onto`."""
    declared = next((one for one in milestone.requirements if one.id == parcel.requirement), None)
    again = declared is not None and workspace.git.has_subject(onto, declared.message(milestone.scope))
    return squash_message(milestone, parcel, verified, again=again)


def verified(workspace: Workspace, milestone: Milestone, *, gate: bool = True) -> str:
    """What the landed commits say of their proof."""
    return ", ".join(checks_of(workspace.plan, milestone)) or "none" if gate else "none, --no-gate"


def checks_of(plan: Plan, milestone: Milestone) -> Mapping[str, Check]:
    """What proves the base right with this milestone on it: its own checks, and those of the whole."""
    return {**plan.checks, **milestone.checks}


def _require_standing(finding: Finding) -> None:
    name = finding.name
    if finding.standing not in (Standing.OK, Standing.ADOPT, Standing.CREATE, Standing.GONE, Standing.LANDED):
        raise Refused("tree", f"{name}: {finding.standing}: {finding.note}", f"staddle plan {name}")
    if finding.entry and (operation := finding.entry.under_way()):
        what = f"a {operation} is under way in {finding.folder}"
        by_git = f'cd "$(staddle path {name})" && git {operation} --abort'
        raise Refused("under-way", what, f"staddle sync {name} --continue" if operation == "rebase" else by_git)


def require_needs(workspace: Workspace, milestone: Milestone, base: Oid, aboard: Collection[str] = ()) -> None:
    """Refused while a milestone that it needs has neither landed nor is aboard."""
    needed = [workspace.plan.milestone(one) for one in milestone.needs if one not in aboard]
    if waiting := [one.id for one in needed if not has_landed(workspace, base, one)]:
        what = f"{milestone.id} needs {', '.join(waiting)}, which {'has' if len(waiting) == 1 else 'have'} not landed"
        raise Refused("needs", what, f"staddle land {' '.join(map(str.lower, waiting))}")


def require_rules(workspace: Workspace, finding: Finding) -> None:
    """Refused when lint finds an error in the milestone's branch."""
    broken = [one for one in findings_for(workspace, finding.milestone) if one.level is Level.ERROR]
    if broken:
        lines = "".join(f"\n  {one.where}: [{one.rule}] {one.what}; {one.hint}" for one in broken)
        raise Refused("lint", f"{finding.name} breaks the plan's rules:{lines}", f"staddle lint {finding.name}")
