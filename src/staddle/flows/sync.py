"""sync: rebase every milestone's branch onto the base, side by side, and move its tree when all of it fits."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.errors import Held, Refused, UsageError, WorkFailed
from ..core.squash import Own
from ..edges.entries import entries
from ..edges.gitcalls import GitError
from ..guard import branches, fetching, landing, moving
from ..guard.landing import Landing, TargetMoved
from ..guard.moving import Replay
from ..guard.pointers import left_behind
from ..guard.pool import each
from ..guard.trap import Trap
from .survey import Base, Finding, Standing, survey
from .workspace import Tell, Workspace, changing

WAIT_SECONDS = 1.0
MOST_NAMED = 3


@dataclass(frozen=True)
class Synced:
    """What became of a tree (moved, current, conflict, refused, failed, busy, absent), why, the files in conflict.

    `recalled` counts the conflicts that were resolved from memory.
    """

    name: str
    did: str
    note: str
    files: tuple[str, ...] = ()
    recalled: int = 0

    @property
    def well(self) -> bool:
        """Whether it now stands on the base, or has nothing that could."""
        return self.did in ("moved", "current", "absent")


def sync(workspace: Workspace, targets: list[str], *, fetch: bool, tell: Tell, dry_run: bool = False) -> list[Synced]:
    """Rebase the chosen milestones' branches onto the base; each on its own, and what does not fit stays as it was.

    With `dry_run` nothing is fetched and nothing moves.
    """
    chosen, since = workspace.chosen(targets), time.time()
    with changing(workspace, "sync") as trap, ExitStack() as held:
        if fetch and not dry_run and workspace.git.tracks(workspace.plan.remote):
            fetching.fetch(workspace.git, workspace.state, workspace.plan.remote)
        found = survey(workspace, chosen)
        outcomes = {finding.name: kept_out(workspace, finding, held, "sync") for finding in found.findings}
        free = [finding for finding in found.findings if outcomes[finding.name] is None]
        tell(f"rebasing {len(free)} branch{'es' * (len(free) != 1)} onto {found.base.name} ({found.base.oid[:10]})")
        landings: dict[str, Landing] = {}
        for done in each(free, lambda finding: _replayed(workspace, finding, found.base, since)):
            if done.error:
                raise done.error
            name, replayed = done.thing.name, done.result
            if isinstance(replayed, Synced):
                outcomes[name] = replayed
            elif replayed is not None:
                target = f"refs/heads/{done.thing.milestone.branch}"
                landings[name] = Landing(target, done.thing.tip, replayed.tip, since, "staddle: synced")
                note = f"{commits(replayed.made)} on {found.base.name}{_memories(replayed.recalled)}"
                outcomes[name] = Synced(name, "moved", note, recalled=replayed.recalled)
        outcomes |= _rehearse(workspace, landings) if dry_run else _move(workspace, trap, landings, outcomes)
    return [outcome for outcome in outcomes.values() if outcome]


def undo_sync(workspace: Workspace) -> list[Synced]:
    """Put the branches that the last sync moved back; one that has moved on since stays. UsageError without a sync."""
    git, state = workspace.git, workspace.state
    with changing(workspace, "sync --undo") as trap, ExitStack() as held:
        moves = moving.last(state)
        if not moves:
            raise UsageError("no sync is known that could be taken back", "git reflog BRANCH")
        found = {f"refs/heads/{one.milestone.branch}": one for one in survey(workspace, workspace.chosen([])).findings}
        outcomes = []
        tips = git.refs(*(move.target for move in moves))
        for move in moves:
            finding, tip = found.get(move.target), tips.get(move.target)
            name = finding.name if finding else move.target.removeprefix("refs/heads/")
            if tip == move.old:
                outcomes.append(Synced(name, "current", "it was not moved"))
            elif tip != move.new:
                outcomes.append(Synced(name, "refused", "it has moved on since the sync"))
            elif finding and (reason := kept_out(workspace, finding, held, "sync --undo")):
                outcomes.append(reason)
            else:
                back = Landing(move.target, move.new, move.old, time.time(), "staddle: sync taken back")
                outcomes.append(_moved(workspace, trap, name, back, f"back at {move.old[:10]}"))
        if all(one.well for one in outcomes):
            outcomes += _unmade(workspace)
        if all(one.well for one in outcomes):
            moving.forget(state)
    return outcomes


def _unmade(workspace: Workspace) -> list[Synced]:
    """Delete the branch that was made beside the moves, unless somebody has gone on with it."""
    git, made = workspace.git, moving.made(workspace.state)
    tip = git.refs(made.ref).get(made.ref) if made else None
    if made is None or tip is None:
        return []
    if tip != made.oid or any(entry.branch == made.name for entry in entries(git)):
        return [Synced(made.name, "refused", "it has moved on, or is checked out")]
    branches.delete(git, [made], time.time())
    return [Synced(made.name, "moved", f"deleted, it was {made.oid[:10]}")]


def kept_out(workspace: Workspace, finding: Finding, held: ExitStack, verb: str) -> Synced | None:
    """Why a tree's branch cannot be moved now; None, and its lock is held, when it can."""
    name = finding.name
    if finding.start != "branch":
        landed = finding.standing is Standing.LANDED
        return Synced(name, "absent", finding.note if landed else "it has no branch yet")
    if finding.standing not in (Standing.OK, Standing.ADOPT):
        return Synced(name, "refused", f"{finding.standing}: {finding.note}")
    if finding.entry and (operation := finding.entry.under_way()):
        return Synced(name, "refused", f"a {operation} is under way in {finding.folder}")
    try:
        held.enter_context(workspace.state.lock(f"tree-{name}", WAIT_SECONDS, f"staddle {verb}"))
    except Held as error:
        return Synced(name, "busy", error.what)
    return None


def outlook(workspace: Workspace, finding: Finding, base: Base) -> Sequence[Own] | Synced:
    """The commits to be made again on the base, oldest first; or why that need not or cannot be."""
    if workspace.git.merge_base(base.oid, finding.tip) == base.oid:
        return Synced(finding.name, "current", "")
    try:
        return moving.own_work(workspace.git, workspace.state, base.oid, base.tracking, finding.tip)
    except Refused as error:
        return Synced(finding.name, "refused", error.what)


def _replayed(workspace: Workspace, finding: Finding, base: Base, since: float) -> Replay | Synced:
    """The branch made again on the base, or why that need not or cannot be."""
    own = outlook(workspace, finding, base)
    if isinstance(own, Synced):
        return own
    folder = workspace.state.folder / f"{moving.SCRATCH}{finding.name}"
    try:
        replayed = moving.replay(workspace.git, own, base.oid, since, folder)
    except GitError as error:  # a commit that git does not make again, as one whose author has no name
        return Synced(finding.name, "failed", error.what)
    if replayed.stopped is None:
        return replayed
    paths = replayed.paths
    named = ", ".join(paths[:MOST_NAMED]) + f" and {len(paths) - MOST_NAMED} more" * (len(paths) > MOST_NAMED)
    what = f"{named}, in {replayed.stopped.oid[:10]} {replayed.stopped.subject}"
    return Synced(finding.name, "conflict", what, paths)


def _rehearse(workspace: Workspace, landings: Mapping[str, Landing]) -> dict[str, Synced]:
    """The outcomes of those trees that could not be moved."""
    outcomes = {}
    with tempfile.TemporaryDirectory(prefix="staddle-") as folder:
        for name, one in landings.items():
            try:
                landing.rehearse(workspace.git, one, Path(folder) / f"index-{name}")
            except Refused as error:
                outcomes[name] = Synced(name, "refused", error.what)
    return outcomes


def _move(
    workspace: Workspace, trap: Trap, landings: Mapping[str, Landing], hoped: Mapping[str, Synced | None]
) -> dict[str, Synced]:
    """Move the trees; `hoped` are the outcomes of those that can be."""
    if not landings:
        return {}
    moving.begin(workspace.state, list(landings.values()))
    outcomes = {}
    for name, one in landings.items():
        planned = hoped[name] or Synced(name, "moved", "")
        moved = _moved(workspace, trap, name, one, planned.note)
        outcomes[name] = replace(planned, note=moved.note) if moved.well else moved
    return outcomes


def _moved(workspace: Workspace, trap: Trap, name: str, one: Landing, note: str) -> Synced:
    try:
        moving.move(workspace.git, workspace.state, trap, one)
    except (Refused, Held) as error:
        return Synced(name, "refused", error.what)
    except WorkFailed as error:
        return Synced(name, "failed", error.what)
    except TargetMoved:
        return Synced(name, "refused", "it moved meanwhile; run it again")
    return Synced(name, "moved", "; ".join((note, *left_behind(workspace.git, one))))


def commits(count: int) -> str:
    """So many commits, in words."""
    return f"{count} commit{'s' * (count != 1)}"


def _memories(count: int) -> str:
    return f"; {count} conflict{'s' * (count != 1)} resolved from memory: verify before you push" if count else ""
