"""Offering: a parcel of a milestone's work as a pull request, pushed, opened or brought up to date, and read back."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from ..core.errors import Refused, UsageError
from ..core.message import parse
from ..core.model import Milestone
from ..core.names import Oid
from ..core.squash import Parcel
from ..edges.forge import Forge, Request, Stage
from ..edges.render import render
from ..edges.state import State
from ..edges.verdicts import Store
from .loads import checks_of
from .proof import gate_name
from .workspace import Workspace

TEMPLATE = "pr.md.j2"
BEGIN, END = "<!-- staddle: from here", "staddle: to here -->"
OPENING, CLOSING = f"{BEGIN} it is written anew -->\n", f"\n<!-- {END}\n"
NOT_RUN = "none yet"


@dataclass(frozen=True)
class Offer:
    """What a pull request is to offer: the commits of a branch up to `tip`, under a title and a text."""

    name: str
    branch: str
    base: str
    tip: Oid
    title: str
    body: str


@dataclass(frozen=True)
class Proof:
    """What one check came to on exactly the content that is offered, in words."""

    check: str
    verdict: str = NOT_RUN
    passed: str = ""
    skipped: str = ""
    seconds: str = ""


def require_forge(workspace: Workspace) -> Forge:
    """The forge that the plan's remote is on; UsageError when it is on none."""
    found = Forge.of(workspace.git, workspace.plan)
    if found is None:
        remote = workspace.plan.remote
        what = f"the remote {remote} of {workspace.git.main} is not on GitHub, nor on the host that GH_HOST names"
        raise UsageError(what, f"git remote get-url {remote}")
    return found


def offer_of(workspace: Workspace, milestone: Milestone, parcel: Parcel, message: str) -> Offer:
    """The pull request of a parcel, which is to land with `message`; its text is the template's."""
    content, parsed = workspace.git.tree_of(parcel.tip.oid), parse(message)
    written = len(parsed.below) - parsed.trailers
    declared = next((one for one in milestone.requirements if one.id == parcel.requirement), None)
    values = {
        "milestone": milestone,
        "requirement": parcel.requirement,
        "title": parsed.subject,
        "text": "\n".join(parsed.below[:written]).strip(),
        "trailers": "\n".join(parsed.below[written:]),
        "issue": declared.issue if declared else None,
        "branch": milestone.branch,
        "tip": parcel.tip.oid,
        "commits": parcel.commits,
        "proofs": proofs(workspace, milestone, content),
    }
    text = render(TEMPLATE, values, beside=workspace.loaded.path.parent)
    name, base = milestone.id.lower(), workspace.plan.base
    return Offer(name, milestone.branch, base, parcel.tip.oid, parsed.subject, text)


def proofs(workspace: Workspace, milestone: Milestone, content: Oid) -> list[Proof]:
    """What the milestone's checks, and those of the whole, came to on `content`, as far as that is known."""
    store, name = Store(workspace.state), milestone.id.lower()
    kept = [judged for place in (name, gate_name(name)) for judged in store.latest(place).values()]
    known = {
        one.check: Proof(one.check, str(one.verdict), str(one.passed), str(one.skipped), f"{one.seconds:.1f}")
        for one in kept
        if one.tree == content
    }
    return [known.get(check, Proof(check)) for check in checks_of(workspace.plan, milestone)]


def propose(state: State, forge: Forge, offer: Offer, found: Request | None, *, draft: bool = False) -> Request:
    """Open the pull request, or bring the open one up to date; `found` is what there is for the branch.

    One that was merged as it is stays so. Refused when somebody closed it and nothing has been added since.
    """
    if found and found.state is not Stage.OPEN and (found.head, found.base) == (offer.tip, offer.base):
        if found.state is Stage.CLOSED:
            raise closed(offer.name, forge, found)
        request = found
    elif found is None or found.state is not Stage.OPEN:
        body = OPENING + offer.body.strip() + CLOSING
        request = forge.create(offer.branch, offer.base, offer.title, body, draft=draft)
    else:
        texts = (offer.base, offer.title, renewed(found.body, offer.body))
        if texts != (found.base, found.title, found.body.replace("\r\n", "\n")):
            forge.update(found.number, *texts)
        request = forge.state(found.number)
    keep(state, offer.name, request)
    return request


def renewed(old: str, new: str) -> str:
    """A pull request's text with our part of it replaced; all that people wrote around it, or instead of it, stays."""
    old = old.replace("\r\n", "\n")
    before, begins, rest = old.partition(OPENING)
    _, ends, after = rest.partition(CLOSING.rstrip("\n"))
    return before + OPENING + new.strip() + CLOSING.rstrip("\n") + after if begins and ends else old


def closed(name: str, forge: Forge, request: Request) -> Refused:
    """What is said of a pull request that somebody closed without merging it."""
    what = f"{name}: pull request {request.url} was closed unmerged"
    return Refused("closed", what, f"gh pr reopen {request.number} --repo {forge}")


def keep(state: State, name: str, request: Request) -> None:
    """Remember a pull request as it is now, for those who ask without a network."""
    fields = ("number", "url", "state", "head", "checks", "review")
    known = {field: getattr(request, field) for field in fields}
    state.write(f"requests/{name}", known | {"seen": time.time()})


def last_known(state: State, name: str) -> dict[str, Any]:
    """The milestone's pull request as it was seen last, and when; empty when there was none."""
    return state.read(f"requests/{name}")


def summary(request: Request) -> dict[str, Any]:
    """A pull request as --json tells of it."""
    return asdict(request) | {"checks": request.checks}
