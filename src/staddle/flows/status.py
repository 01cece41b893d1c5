"""status: a row for each milestone and candidate - where it stands, what its checks said, and what to do next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..core.errors import Refused
from ..core.matrix import Side
from ..core.model import Milestone
from ..core.verdict import Verdict
from ..edges.forge import Stage
from ..edges.git import Changes, Git
from ..edges.shelf import Shelf
from ..edges.verdicts import Store
from ..guard import assignments, roster
from ..guard.shelving import shelf
from .candidacy import CandidateRow, candidate_rows
from .conflicts import compare, side
from .loads import require_needs, require_rules
from .offering import last_known
from .rows import CALM, NO_CHANGES, Row, answers, attended, check_words, content_now, in_order, no_answer
from .subject import Subject
from .survey import READABLE, Base, Finding, Standing, has_landed, survey
from .whereabouts import Whereabouts
from .workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class MilestoneRow(Row):
    """Where one milestone stands; `behind` counts the base's commits that it has not, None without a branch.

    `request` is its pull request as `pr` or `land` saw it last, and when; empty without one.
    """

    kind: str = "milestone"
    service: str
    track: str
    behind: int | None
    set_up: bool
    conflicts: dict[str, tuple[str, ...]]
    """With which milestones, or the base, and about which files."""
    request: dict[str, Any]

    @property
    def step(self) -> str:
        """What to do next, and the pull request that is open or was closed."""
        known = self.request.get("state", Stage.MERGED) != Stage.MERGED
        return f"{self.next_step} (#{self.request['number']} {self.request['state']})" if known else self.next_step

    @property
    def tree(self) -> str:
        """Where its tree stands, and whether it was made ready for work."""
        return super().tree if self.set_up else "not set up"


def status(around: Whereabouts, targets: Sequence[str]) -> tuple[list[MilestoneRow], list[CandidateRow]]:
    """The chosen milestones in the plan's order, and the chosen candidates; changes nothing, holds nobody up."""
    milestones, places = around.chosen(targets)
    rows: list[MilestoneRow] = []
    if around.workspace and milestones:
        with shelf(around.workspace.git) as aside:
            rows = _milestones(aside, around.workspace, milestones)
    if not places:
        return rows, []
    with shelf(around.site.git) as aside:
        return rows, candidate_rows(aside, around.site, places, around.plan)


def _milestones(aside: Shelf, workspace: Workspace, milestones: Sequence[Milestone]) -> list[MilestoneRow]:
    found = survey(workspace, workspace.plan.milestones)
    looks = in_order(found.findings, lambda finding: _look(aside, workspace.git, finding))
    names, plan = [one.id.lower() for one in milestones], workspace.plan
    matrix = compare(aside, found.base, [look.side for look in looks], names, plan, in_turn=False)
    enrolled = roster.members(workspace.state)

    def row(look: _Look) -> MilestoneRow:
        member, against = enrolled.get(look.finding.folder), matrix.conflicts_of(look.finding.name)
        return _milestone(aside, workspace, found.base, look, member, against)

    return in_order([look for look in looks if look.finding.name in names], row)


class _Look(NamedTuple):
    """A milestone's tree as it was found."""

    finding: Finding
    changes: Changes
    side: Side


def _look(aside: Shelf, git: Git, finding: Finding) -> _Look:
    changes = git.changes(finding.folder) if finding.standing in READABLE else NO_CHANGES
    return _Look(finding, changes, side(aside, git, finding, changes))


def _milestone(
    aside: Shelf,
    workspace: Workspace,
    base: Base,
    look: _Look,
    member: roster.Member | None,
    conflicts: dict[str, tuple[str, ...]],
) -> MilestoneRow:
    (finding, changes, _), git = look, workspace.git
    milestone = finding.milestone
    ahead, behind = git.ahead_behind(finding.tip, base.oid) if finding.start == "branch" else (None, None)
    under_way = finding.entry.under_way() if finding.entry else None
    landed = bool(milestone.requirements) and has_landed(workspace, base.oid, milestone) and not ahead
    checks = _checks(aside, workspace, base, finding, changes)
    if landed:  # the base moves on under what is done: that calls for no new verdict
        checks = {name: "-" if word == "stale" else word for name, word in checks.items()}
    set_up = finding.standing is not Standing.OK or member is None or bool(member.set_up)
    agent = assignments.standing(workspace.state, finding.name)
    step = _next_step(
        workspace, finding, base, changes, under_way, (ahead or 0, behind or 0), checks, landed, conflicts
    )
    return MilestoneRow(
        name=finding.name,
        service=milestone.service,
        track=milestone.track,
        folder=finding.folder,
        branch=milestone.branch,
        standing=finding.standing,
        ahead=ahead,
        behind=behind,
        set_up=set_up,
        changed=len(changes.tracked),
        untracked=len(changes.untracked),
        under_way=under_way,
        checks=checks,
        agent=agent,
        next_step=attended(agent, finding.name, step if set_up else f"worktrees {finding.name}"),
        conflicts=conflicts,
        request=last_known(workspace.state, finding.name),
    )


def _checks(aside: Shelf, workspace: Workspace, base: Base, finding: Finding, changes: Changes) -> dict[str, str]:
    """The words of a milestone's checks."""
    git, checks, extra = workspace.git, finding.milestone.checks, workspace.plan.surroundings
    kept = Store(workspace.state).latest(finding.name)
    readable = finding.standing in READABLE and not changes

    def asked() -> Subject:
        own, begun = {**workspace.identity(finding.milestone), **extra.env}, git.merge_base(finding.tip, base.oid)
        return Subject(finding.name, finding.folder, checks, own, (), extra.furnished, base=begun)

    now = content_now(aside, git, finding.entry, finding.tip, changes) if kept else None
    return check_words(kept, checks, now, answers(workspace, asked) if readable else no_answer)


def _next_step(
    workspace: Workspace,
    finding: Finding,
    base: Base,
    changes: Changes,
    under_way: str | None,
    distance: tuple[int, int],
    checks: dict[str, str],
    landed: bool,
    conflicts: Collection[str],
) -> str:
    ahead, behind = distance
    name = finding.name
    red = any(word not in CALM for word in checks.values())
    steps = (
        (finding.standing is Standing.LANDED, "-"),
        (finding.standing in (Standing.CREATE, Standing.GONE, Standing.ADOPT), f"worktrees {name}"),
        (finding.standing in (Standing.DRIFT, Standing.FOREIGN), finding.note),
        (under_way == "rebase", f"sync {name} --continue, or --abort"),
        (under_way is not None, f"end the {under_way}"),
        (bool(changes), "commit"),
        (finding.standing is Standing.OK and bool(finding.note), finding.note.partition(": ")[2]),
        (landed, f"landed: remove {name}"),
        (ahead == 0, f"agents {name}"),
        (red, "mend it, then verify"),
        (any(word != str(Verdict.PASS) for word in checks.values()), f"verify {name}"),
        (behind > 0, f"sync {name}{' --manual' * (base.name in conflicts)}"),
        (True, ""),
    )
    return next(step for holds, step in steps if holds) or _before_landing(workspace, finding, base)


def _before_landing(workspace: Workspace, finding: Finding, base: Base) -> str:
    """What `land` would refuse to go without, where all else is well."""
    try:
        require_needs(workspace, finding.milestone, base.oid)
        require_rules(workspace, finding)
    except Refused as error:
        return error.hint.removeprefix("staddle ")
    return "ready to land"
