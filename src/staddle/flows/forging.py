"""Forging: land by pull requests - one for each requirement, proven here, merged on the forge, seen through to the end.

The forge's state is the truth. Nothing is written down that it does not know better, so a command that was killed, or
lost its connection, is simply run again: what has been merged is recognised, and the rest is offered next.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..core.errors import Refused, WorkFailed
from ..core.names import Oid
from ..edges import remotes
from ..edges.forge import Forge, Request, Review, Stage
from ..guard import fetching, moving
from .land import MOST_TRIES, Landed, Wanted, bring_up, decide, stacked
from .loads import Squashed, checks_of, message_of, verified
from .offering import closed, keep, offer_of, propose
from .proof import prove
from .sync import sync
from .workspace import Tell, Workspace, changing, occupying

FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWS = 1.0, 60.0, 1.5
SETTLE_SECONDS = 60.0
"""What a forge may take to see a push, and to find out whether a request can be merged."""
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class _Turn:
    """One requirement's turn: what it was proven as, on which base, its message and its request."""

    squashed: Squashed
    base: Oid
    message: str
    request: Request


def land_by_requests(
    workspace: Workspace, forge: Forge, name: str, wanted: Wanted, *, wait: float | None, tell: Tell
) -> Landed:
    """Land what the branch of the milestone `name` has, a pull request for each requirement, one after another.

    `wait` is how long each may take to be approved and green; with None it has to be so already. Refused when something
    is missing, WorkFailed when it is red; what has been merged by then stays merged.
    """
    landed: list[Squashed] = []
    tries = 0
    while tries < MOST_TRIES:
        turn = _turn(workspace, forge, name, wanted, tell)
        if isinstance(turn, Landed):
            done = bool(landed) and turn.did == "nothing"
            return Landed(name, "landed", tuple(landed)) if done else replace(turn, commits=tuple(landed))
        request = _ready(workspace, forge, name, turn, wait, tell)
        if request.state is Stage.OPEN:
            if remotes.tip(workspace.git, workspace.plan.remote, workspace.plan.base) != turn.base:
                tell(f"{workspace.plan.base} moved: making the commits once more")
                tries += 1
                continue
            request = _merged(forge, turn)
        landed.append(_landed(workspace, name, turn.squashed, request, tell))
        tries = 0
        if wanted.upto == turn.squashed.requirement:
            _brought_up(workspace, name, tell)
            return Landed(name, "landed", tuple(landed))
    raise Refused("moving", f"{workspace.plan.base} moves faster than it can be landed on", f"staddle land {name}")


def _turn(workspace: Workspace, forge: Forge, name: str, wanted: Wanted, tell: Tell) -> _Turn | Landed:
    """Sync, prove and offer the next requirement; what became of the milestone when there is none, or it may not."""
    if unsynced := _brought_up(workspace, name, tell, forge):
        return unsynced
    with occupying(workspace, [name], "land"):
        with changing(workspace, f"land {name}"):
            load, base, made = stacked(workspace, name, wanted, fetch=False)
        if decided := decide(load, made, wanted):
            return decided
        squashed, milestone = made.commits[0], load.finding.milestone
        gate = wanted.gate and bool(checks_of(workspace.plan, milestone))
        if gate:
            tell(f"{name}: proving {squashed.oid[:10]} before it lands on {base.name}")
        if gate and (red := prove(workspace, [load.finding], squashed.oid, base.oid, tell=tell)):
            return Landed(name, "red", (), str(red))
        parcel = next(one for one in load.parcels if one.tip.oid == squashed.source)
        words = verified(workspace, milestone, gate=wanted.gate)
        message = message_of(workspace, milestone, parcel, base.oid, words)
        offer = offer_of(workspace, milestone, parcel, message)
        with changing(workspace, f"land {name}"):
            fetching.offer(workspace.git, workspace.state, workspace.plan.remote, offer.branch, offer.tip)
        request = propose(workspace.state, forge, offer, forge.find(offer.branch))
    tell(f"{name}: {squashed.requirement} is {request.url}")
    return _Turn(squashed, base.oid, message, request)


def _brought_up(workspace: Workspace, name: str, tell: Tell, forge: Forge | None = None) -> Landed | None:
    """Bring the local base and the milestone's branch up to the remote's; the outcome when that cannot be.

    With `forge` it is asked first what it has merged by itself: such a commit says nowhere what it was made of.
    """
    branch = workspace.plan.milestone(name).branch
    found = forge.find(branch) if forge else None
    with changing(workspace, f"land {name}") as trap:
        if found and found.merge_commit and found.base == workspace.plan.base:
            moving.note_landed(workspace.state, found.head, found.merge_commit)
        fetching.fetch(workspace.git, workspace.state, workspace.plan.remote)
        bring_up(workspace, trap, tell)
    (synced,) = sync(workspace, [name], fetch=False, tell=lambda _: None)
    if synced.well:
        return None
    if synced.did == "conflict":
        return Landed(name, "conflict", (), synced.note)
    raise Refused("sync", f"{name} cannot be rebased: {synced.note}", f"staddle sync {name}")


def _ready(workspace: Workspace, forge: Forge, name: str, turn: _Turn, wait: float | None, tell: Tell) -> Request:
    """The request when it is merged, or nothing keeps it from being; asked at growing intervals."""
    begun, pause, told = time.monotonic(), FIRST_PAUSE, ""
    while True:
        request = forge.state(turn.request.number)
        keep(workspace.state, name, request)
        if request.state is Stage.MERGED:
            return request
        if request.state is Stage.CLOSED:
            raise closed(name, forge, request)
        if request.red:
            raise WorkFailed(f"{name}: {', '.join(request.red)} failed on {request.url}", "mend it, and land it again")
        if request.fits is False:
            raise WorkFailed(f"{name}: {request.url} is in conflict with its base", f"staddle sync {name}")
        missing, passed = ", ".join(_missing(request, turn)), time.monotonic() - begun
        if not missing:
            return request
        settling = request.fits is None or request.head != turn.squashed.source
        if passed > (SETTLE_SECONDS if settling and wait is None else wait or 0):
            hint = f"staddle land {name} --wait 3600" if wait is None else f"staddle land {name}"
            raise Refused("waiting", f"{name}: {request.url} cannot be merged yet: {missing}", hint)
        if missing != told:
            tell(f"{name}: waiting: {missing}")
            told = missing
        _sleep(pause)
        pause = min(pause * PAUSE_GROWS, LONGEST_PAUSE)


def _missing(request: Request, turn: _Turn) -> Iterator[str]:
    """What keeps the forge from merging a request, in words."""
    if request.head != turn.squashed.source:
        yield f"its head is {request.head[:10]}, not {turn.squashed.source[:10]} as pushed"
    if request.is_draft:
        yield "it is a draft"
    if request.waiting:
        yield f"checks pending: {', '.join(request.waiting)}"
    if request.review is Review.REQUIRED:
        yield "an approval is required"
    if request.review is Review.CHANGES:
        yield "a reviewer wants changes"
    if request.fits is None:
        yield "the forge is finding out whether it fits"
    if request.blocked and not request.waiting and request.review not in (Review.REQUIRED, Review.CHANGES):
        yield "a rule of the base branch stands against it"


def _merged(forge: Forge, turn: _Turn) -> Request:
    """Have the request merged, as exactly what was looked at, and read back what became of it."""
    subject, _, body = turn.message.partition("\n\n")
    number = turn.request.number
    try:
        forge.merge(number, subject, body, turn.squashed.source)
    except WorkFailed:
        request = forge.state(number)  # the connection may have been lost when it was merged already
        if request.state is not Stage.MERGED:
            raise
        return request
    request = forge.state(number)
    if request.state is not Stage.MERGED:
        raise Refused("queued", f"{request.url} has been accepted, but is not merged yet", f"gh pr view {request.url}")
    return request


def _landed(workspace: Workspace, name: str, squashed: Squashed, request: Request, tell: Tell) -> Squashed:
    """Note that the forge has merged a request, and tell when the commit is not the content that was proven."""
    git, commit = workspace.git, request.merge_commit or Oid("")
    keep(workspace.state, name, request)
    with changing(workspace, f"land {name}"):
        moving.note_landed(workspace.state, request.head, commit)
        fetching.fetch(git, workspace.state, workspace.plan.remote)
    tell(f"{name}: {squashed.requirement} landed as {commit[:10]}")
    if git.commit(commit) and git.tree_of(commit) != git.tree_of(squashed.oid):
        moved = f"{workspace.plan.base} moved in between"
        tell(f"{name}: it is not the content that was proven, as {moved}: staddle verify {name}")
    return replace(squashed, oid=commit)


def _sleep(seconds: float) -> None:
    """Wait, in pieces short enough for a signal to be noticed."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(LOOK_SECONDS, left))
