"""attending: the agents that are at work, or were - shown, followed, stopped."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.agency import Outcome, Work
from ..core.errors import Held, UsageError
from ..core.names import Oid
from ..core.transcripts import saying
from ..edges.reports import log_tail
from ..guard import assignments
from ..guard.registry import register
from .whereabouts import Whereabouts
from .workspace import Site

POLL_SECONDS = 0.1
STOP_SECONDS = 40.0
"""What the end of an agent may take: TERM, then KILL, then what a supervisor needs to be sure, and the judgement."""


@dataclass(frozen=True)
class Attended:
    """A tree's agent: its work, the last thing it said, and how many commits it has made so far."""

    work: Work
    saying: str
    commits: int


def attend(around: Whereabouts, targets: Sequence[str]) -> list[list[Work]]:
    """The works in the chosen trees, in all that ever had an agent when none is chosen; what a kill left is settled."""
    found = [assignments.settle(around.home.git, around.home.state, target) for target in _named(around, targets)]
    return [works for works in found if works]


def show(around: Whereabouts, targets: Sequence[str]) -> list[Attended]:
    """Where the agent of each of these trees stands."""
    works = [work for found in attend(around, targets) if (work := assignments.current(found))]
    return [Attended(work, _last_words(work), _commits(around.home, work)) for work in works]


def stop(around: Whereabouts, targets: Sequence[str]) -> list[Work]:
    """End the agents at work in these trees, all of them when none is named; how each then stands.

    UsageError when no agent works there; Held when one has not ended in time.
    """
    state = around.home.state
    busy = [works[0].target for works in attend(around, targets) if any(work.outcome.under_way for work in works)]
    if not busy:
        raise UsageError("no agent is at work" + f" in {', '.join(targets)}" * bool(targets), "staddle agents --status")
    for target in busy:
        assignments.ask_to_stop(state, target)
    deadline = time.monotonic() + STOP_SECONDS
    while waiting := [target for target in busy if not _is_over(around.home, target)]:
        if time.monotonic() > deadline:
            raise Held(f"{', '.join(waiting)}: an agent has not ended yet", "staddle agents --status")
        time.sleep(POLL_SECONDS)
    register(around.home.git, state)
    return [work for target in busy if (work := assignments.current(assignments.load(state, target)))]


def follow(around: Whereabouts, targets: Sequence[str], say: Callable[[str, str, int], None]) -> list[Work]:
    """Give `say` each new line of the agents at work, with its tree and that tree's number, until all have ended."""
    state = around.home.state
    busy = [works[0].target for works in attend(around, targets) if any(work.outcome.under_way for work in works)]
    if not busy:
        raise UsageError("no agent is at work", "staddle agents --status")
    reading = {target: _Reader() for target in busy}
    left = list(busy)
    while left:
        over = [target for target in left if _is_over(around.home, target)]  # asked before the last of it is read
        for target in left:
            work = assignments.current(assignments.load(state, target))
            for line in reading[target].lines(work) if work else ():
                say(target, line, busy.index(target))
        left = [target for target in left if target not in over]
        if left:
            time.sleep(POLL_SECONDS)
    return [work for target in busy if (work := assignments.current(assignments.load(state, target)))]


@dataclass
class _Reader:
    """How far a tree's logs have been read; a new attempt begins its log anew."""

    log: str = ""
    since: float = 0.0
    position: int = 0

    def lines(self, work: Work) -> list[str]:
        """What was added in whole lines since the last look."""
        if (work.log, work.since) != (self.log, self.since):
            self.log, self.since, self.position = work.log, work.since, 0
        path = Path(work.log)
        if work.outcome is Outcome.WAITING or not path.is_file():
            return []
        with path.open("rb") as file:
            self.position = min(self.position, os.fstat(file.fileno()).st_size)
            file.seek(self.position)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1] if work.outcome.under_way else text
        self.position += len(whole)
        lines = whole.decode(errors="replace").split("\n")
        return [said for line in lines if (said := saying(work.kind, line))]


def _named(around: Whereabouts, targets: Sequence[str]) -> list[str]:
    known = assignments.targets(around.home.state)
    if not targets:
        return known
    milestones, places = around.chosen(targets)
    wanted = {one.id.lower() for one in milestones} | {one.name for one in places}
    return [target for target in known if target in wanted]


def _is_over(site: Site, target: str) -> bool:
    return not any(work.outcome.under_way for work in assignments.settle(site.git, site.state, target))


def _last_words(work: Work) -> str:
    if not work.outcome.under_way:
        return work.digest or work.note
    said = (saying(work.kind, line) for line in reversed(log_tail(Path(work.log))))
    return next((line for line in said if line), "") if work.outcome is Outcome.WORKING else ""


def _commits(site: Site, work: Work) -> int:
    if work.outcome is not Outcome.WORKING:
        return len(work.commits)
    tip = site.git.commit(f"refs/heads/{work.branch}")
    return len(site.git.subjects(Oid(work.begun), tip)) if tip and work.begun else 0
