"""pr: a milestone's next requirement as a pull request, pushed and opened, or brought up to date."""

from dataclasses import dataclass

from ..core.errors import Refused, UsageError
from ..core.names import shell
from ..core.squash import parcels
from ..edges.forge import Forge, Request, Stage
from ..guard import fetching, moving
from .loads import message_of, require_rules, verified
from .offering import Offer, offer_of, propose, require_forge
from .survey import Base, Finding, survey
from .workspace import Tell, Workspace, changing


@dataclass(frozen=True)
class Proposed:
    """What became of a milestone's pull request (opened, updated, current, merged, or would open or update)."""

    name: str
    did: str
    title: str
    body: str
    request: Request | None


def pr(workspace: Workspace, name: str, *, draft: bool, dry_run: bool, tell: Tell) -> Proposed:
    """Push the branch up to its next requirement, and have a pull request for it.

    Refused, and nothing is pushed, when the branch breaks a rule, is not on top of the base, or has nothing to land.
    """
    forge = require_forge(workspace)
    with changing(workspace, f"pr {name}"):
        fetching.fetch(workspace.git, workspace.state, workspace.plan.remote)
        found = survey(workspace, workspace.chosen([name]))
        offer = _offer(workspace, forge, found.findings[0], found.base)
        before = forge.find(offer.branch)
        if not dry_run:
            fetching.offer(workspace.git, workspace.state, workspace.plan.remote, offer.branch, offer.tip)
    folder = found.findings[0].folder
    if folder.is_dir() and (changes := workspace.git.changes(folder)):
        many = len(changes.tracked) + len(changes.untracked)
        tell(f"{name}: {many} uncommitted change{'s' * (many != 1)} in {folder} stay{'s' * (many == 1)} out of it")
    is_open = before is not None and before.state is Stage.OPEN
    if dry_run:
        return Proposed(name, f"would {'update' if is_open else 'open'}", offer.title, offer.body, before)
    request = propose(workspace.state, forge, offer, before, draft=draft)
    did = "opened" if not is_open else "current" if request == before else "updated"
    return Proposed(name, "merged" if request.state is Stage.MERGED else did, request.title, request.body, request)


def _offer(workspace: Workspace, forge: Forge, finding: Finding, base: Base) -> Offer:
    """What the milestone has to offer next."""
    git, milestone, name = workspace.git, finding.milestone, finding.name
    if finding.start != "branch":
        raise UsageError(f"{name} has no branch {milestone.branch} yet", f"staddle worktrees {name}")
    own = moving.own_work(git, workspace.state, base.oid, base.tracking, finding.tip)
    if not own:
        raise Refused("nothing", f"{name}: its branch has nothing that has not landed", f"staddle status {name}")
    require_rules(workspace, finding)
    parcel = parcels(milestone, own)[0]
    if git.merge_base(base.oid, finding.tip) != base.oid:
        raise Refused("behind", f"{name} is not on top of {base.name}", f"staddle sync {shell(name)}")
    message = message_of(workspace, milestone, parcel, base.oid, verified(workspace, milestone))
    return offer_of(workspace, milestone, parcel, message)
