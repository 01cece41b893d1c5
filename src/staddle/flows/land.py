"""land: bring a milestone's work to the base, one squash commit for each requirement, proven before it lands."""

import time
from dataclasses import dataclass

from ..core.errors import Held, Refused, WorkFailed
from ..core.names import Oid
from ..guard import fetching, moving
from ..guard.landing import Landing, TargetMoved
from ..guard.trap import Trap
from .conflicts import foreseen
from .loads import Load, Squashed, Stack, checks_of, stack, weigh
from .proof import prove
from .survey import Base, find_base, has_landed, survey
from .workspace import Tell, Workspace, changing, occupying

MOST_TRIES = 5


@dataclass(frozen=True)
class Landed:
    """What became of a milestone (landed, nothing, conflict, red, busy, ready), its commits on the base, the reason."""

    name: str
    did: str
    commits: tuple[Squashed, ...] = ()
    why: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing is left to land."""
        return self.did in ("landed", "nothing", "ready")


@dataclass(frozen=True)
class Wanted:
    """How to go about it: `upto` names the last requirement to land, `gate` False leaves the checks out."""

    upto: str | None = None
    gate: bool = True
    fetch: bool = True
    dry_run: bool = False


def land(workspace: Workspace, name: str, wanted: Wanted, *, tell: Tell) -> Landed:
    """Land what the branch of the milestone `name` has; Refused, with nothing touched, when it may not."""
    fetch = wanted.fetch
    with occupying(workspace, [name], "land"):
        for _ in range(MOST_TRIES):
            with changing(workspace, f"land {name}") as trap:
                load, base, made = stacked(workspace, name, wanted, fetch=fetch)
                decided = decide(load, made, wanted)
                if made.commits:
                    foretell(workspace, load, tell)
                if decided and not wanted.dry_run:
                    bring_up(workspace, trap, tell)
                if not decided and not (wanted.gate and checks_of(workspace.plan, load.finding.milestone)):
                    decided = _published(workspace, trap, load, base, made, tell)
            if decided:
                return decided
            tell(f"{name}: proving {made.tip[:10]} before it lands on {base.name}")
            if red := prove(workspace, [load.finding], made.tip, base.oid, tell=tell):
                return Landed(name, "red", (), str(red))
            with changing(workspace, f"land {name}") as trap:
                if decided := _published(workspace, trap, load, base, made, tell):
                    return decided
            tell(f"{base.name} moved: making the commits once more")
            fetch = True
    raise Refused("moving", f"{base.name} moves faster than it can be landed on", f"staddle land {name}")


def stacked(workspace: Workspace, name: str, wanted: Wanted, *, fetch: bool) -> tuple[Load, Base, Stack]:
    """What the milestone would land, the base, and the commits it would be there."""
    if fetch and workspace.git.tracks(workspace.plan.remote):
        fetching.fetch(workspace.git, workspace.state, workspace.plan.remote)
    found = survey(workspace, workspace.chosen([name]))
    load = weigh(workspace, found.findings[0], found.base, wanted.upto)
    return load, found.base, stack(workspace, load, found.base.oid, time.time(), gate=wanted.gate)


def decide(load: Load, made: Stack, wanted: Wanted) -> Landed | None:
    """What can be said without moving anything."""
    name = load.finding.name
    if made.stopped:
        return Landed(name, "conflict", (), f"{', '.join(made.paths[:3])}, in {made.stopped}")
    if not made.commits:
        return Landed(name, "nothing", (), "its branch has nothing that has not landed")
    return Landed(name, "ready", made.commits) if wanted.dry_run else None


def foretell(workspace: Workspace, load: Load, tell: Tell) -> None:
    """Tell whose trees will conflict with what lands."""
    name = load.finding.name
    for cell in foreseen(workspace, [load.finding.milestone]).cells:
        if cell.conflict and name in (cell.one, cell.other):
            other = cell.other if cell.one == name else cell.one
            tell(f"{name} and {other} both change {', '.join(cell.conflict[:3])}: the second will have to be mended")


def _published(workspace: Workspace, trap: Trap, load: Load, base: Base, made: Stack, tell: Tell) -> Landed | None:
    """The milestone landed; None when the base was not where the commits begin any more."""
    tip = workspace.git.refs(f"refs/heads/{load.finding.milestone.branch}")
    if load.finding.tip not in tip.values():
        what = f"{load.finding.milestone.branch} moved while it was proven"
        raise Refused("moved", what, f"staddle land {load.finding.name}")
    if not publish(workspace, trap, base, made.tip, tell):
        return None
    return Landed(load.finding.name, "landed", made.commits)


def publish(workspace: Workspace, trap: Trap, base: Base, new: Oid, tell: Tell) -> bool:
    """Move the base to `new`: at the remote first where there is one, then here. False when it was elsewhere."""
    git, state, branch = workspace.git, workspace.state, workspace.plan.base
    ref = f"refs/heads/{branch}"
    if base.remote is None:
        try:
            moving.move(git, state, trap, Landing(ref, base.oid, new, time.time()))
        except TargetMoved:
            return False
        return True
    with trap.shielded():
        if not fetching.push(git, state, base.remote, branch, new, base.oid):
            return False
    tell(f"{base.name} is at {new[:10]}")
    bring_up(workspace, trap, tell)
    return True


def bring_up(workspace: Workspace, trap: Trap, tell: Tell) -> None:
    """Move the local base, and the checkout that has it, to where the remote's is; told when that cannot be."""
    git, base, ref = workspace.git, find_base(workspace), f"refs/heads/{workspace.plan.base}"
    local = git.refs(ref).get(ref)
    if base.remote is None or local is None or local == base.oid or git.is_ancestor(base.oid, local):
        return
    if not git.is_ancestor(local, base.oid):
        tell(f"your {workspace.plan.base} has commits that {base.name} has not: git rebase {base.name}")
        return
    try:
        moving.move(git, workspace.state, trap, Landing(ref, local, base.oid, time.time()))
    except (Refused, Held, WorkFailed, TargetMoved) as error:
        tell(f"your {workspace.plan.base} stays at {local[:10]}: {error}")


def finished(workspace: Workspace, name: str) -> bool:
    """Whether all that the milestone has to fulfil has landed, and its branch and tree hold nothing more."""
    found = survey(workspace, workspace.chosen([name]))
    finding = found.findings[0]
    if finding.folder.is_dir() and workspace.git.changes(finding.folder):
        return False
    base, there = found.base, finding.start == "branch"
    own = there and moving.own_work(workspace.git, workspace.state, base.oid, base.tracking, finding.tip)
    return has_landed(workspace, base.oid, finding.milestone) and not own
