"""undo: bring back what was taken away - a candidate as a branch with its uncommitted work, or a milestone's tree."""

from dataclasses import dataclass

from ..core.errors import Refused, UsageError, WorkFailed
from ..core.model import Milestone
from ..core.names import Candidate, Oid, shell
from ..edges.objects import Objects
from ..guard import abandoning, branches, candidates, creation, keeping, ledger, moving
from ..guard.abandoning import Kept
from ..guard.branches import Branch
from ..guard.creation import Wish
from ..guard.trap import Trap
from .remove import remove
from .survey import Finding, Standing, survey
from .workspace import Site, Tell, Workspace, changing
from .worktrees import worktrees


@dataclass(frozen=True)
class Restored:
    """What came back: its branch, where that is now, and whether its last commit holds uncommitted work.

    `also` is a second branch, for a HEAD that had left the first one.
    """

    branch: str
    commit: Oid
    uncommitted: bool
    also: str = ""


def undo_candidate(site: Site, candidate: Candidate) -> Restored:
    """Restore a candidate's branch from its bundle. UsageError when none was kept, Refused when the name is taken."""
    kept, name = keeping.bundles(site.state, candidate), f"{candidate.run}-b{candidate.number}"
    if not kept:
        raise _nothing_kept(site, candidate, name)
    branch = candidate.ref.removeprefix("refs/heads/")
    with changing(site, f"undo {name}"):
        found = Objects(site.git).unbundle(kept[-1])
        work = next((oid for ref, oid in found.items() if ref.startswith(keeping.NAMES)), None)
        tip = found.get(candidate.ref)
        apart = work is not None and tip is not None and not site.git.is_ancestor(tip, work)
        commit = tip if apart and tip else work or found[candidate.ref]
        wanted = {branch: commit} | ({f"{branch}-work": work} if apart and work else {})
        standing = site.git.refs(*(f"refs/heads/{name}" for name in wanted))
        for name, oid in wanted.items():
            if standing.get(f"refs/heads/{name}", oid) != oid:
                raise Refused("name-taken", f"{name} exists", f"git branch -m {name} another-name")
        for name, oid in wanted.items():
            if f"refs/heads/{name}" not in standing:
                branches.restore(site.git, site.state, Branch(name, oid))
    uncommitted = work is not None and "uncommitted work of" in "".join(site.git.subjects(Oid(f"{work}^"), work))
    return Restored(branch, commit, uncommitted, f"{branch}-work" if apart else "")


def _nothing_kept(site: Site, candidate: Candidate, name: str) -> UsageError:
    run = candidates.load(site.state, candidate.run)
    if run is not None and candidate in run.candidates:
        return UsageError(f"run {run.id} has not ended, nothing of {name} was taken away", f"staddle status {run.id}")
    if candidates.ended(site.state).get(candidate.run) == candidate.number:
        return UsageError(f"{name} landed", "find its merge: git log --merges; take it back: git revert -m 1 COMMIT")
    if folders := keeping.folders(site.state, candidate):
        return UsageError(
            f"{name} is kept as the folder it was, in {folders[-1]}", f"cp -a {shell(folders[-1])} somewhere"
        )
    what = f"nothing is kept of {name}: it held no work, or its {keeping.DAYS} days are over"
    return UsageError(what, f"ls {site.state.folder / 'bundles'}")


def undo_milestone(workspace: Workspace, target: str, *, tell: Tell) -> Restored:
    """Bring a removed tree back, on its branch, at the commit where that was deleted; and set it up.

    One that was abandoned comes with its uncommitted work, also in place of one that was made anew and holds nothing.
    Refused when the tree stands; UsageError when nothing of it was removed.
    """
    milestone = workspace.plan.milestone(target)
    with changing(workspace, f"undo {target}"):
        kept = abandoning.last_kept(workspace.state, milestone.id.lower())
        in_the_way = kept is not None and _was_made_anew(workspace, milestone)
    if in_the_way:
        remove(workspace, [target], dry_run=False)
    with changing(workspace, f"undo {target}") as trap:
        (finding,) = survey(workspace, [milestone]).findings
        if kept and (finding.start != "branch" or (finding.tip == kept.tip and finding.standing is Standing.OK)):
            back = _bring_back(workspace, trap, finding, kept)
        else:
            back = _restore(workspace, trap, finding)
    _set_up(workspace, finding, tell)
    return back


def _restore(workspace: Workspace, trap: Trap, finding: Finding) -> Restored:
    """Make the tree again on its branch, and that where it was deleted."""
    milestone = finding.milestone
    if finding.standing not in (Standing.CREATE, Standing.GONE, Standing.LANDED):
        what = f"{finding.name} has its tree: {finding.folder} ({finding.standing})"
        raise Refused("stands", what, f"staddle status {finding.name}")
    oid = None if finding.start == "branch" else ledger.last_noted(workspace.state, milestone.branch)
    if finding.start != "branch" and (oid is None or workspace.git.commit(oid) is None):
        what = f"no branch {milestone.branch} was removed that could come back"
        raise UsageError(what, f"begin it anew: staddle worktrees {finding.name}")
    if oid is not None:
        wish = Wish(finding.name, finding.folder, milestone.branch, oid, new_branch=True, sparse=milestone.sparse)
        creation.create_all(workspace.git, workspace.state, trap, [wish], f"staddle undo {finding.name}")
    return Restored(milestone.branch, oid or finding.tip, uncommitted=False)


def _was_made_anew(workspace: Workspace, milestone: Milestone) -> bool:
    """Whether a milestone's tree stands with nothing of its own in it."""
    found = survey(workspace, [milestone])
    (finding,) = found.findings
    if finding.standing is not Standing.OK or workspace.git.changes(finding.folder):
        return False
    return workspace.git.is_ancestor(finding.tip, found.base.oid)


def _bring_back(workspace: Workspace, trap: Trap, finding: Finding, kept: Kept) -> Restored:
    """Bring an abandoned tree back, its uncommitted work as it was; begun before and cut, this goes on."""
    git, state, branch = workspace.git, workspace.state, finding.milestone.branch
    Objects(git).unbundle(kept.file)
    if finding.start != "branch":
        sparse = finding.milestone.sparse
        wish = Wish(finding.name, finding.folder, branch, kept.tip, new_branch=True, sparse=sparse)
        creation.create_all(git, state, trap, [wish], f"staddle undo {finding.name}")
    if kept.work != kept.tip:
        moving.lay(git, state, trap, f"refs/heads/{branch}", kept.tip, kept.work)
    kept.file.unlink()
    return Restored(branch, kept.tip, uncommitted=kept.work != kept.tip)


def _set_up(workspace: Workspace, finding: Finding, tell: Tell) -> None:
    (outcome,) = worktrees(workspace, [finding.name], fetch=False, tell=tell)
    if not outcome.well:
        what = f"{finding.folder} is back, but {outcome.did}: {outcome.note}"
        raise WorkFailed(what, f"staddle worktrees {finding.name}")
