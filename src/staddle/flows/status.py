"""status: a row for each milestone and candidate - where it stands, what its checks said, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.model import Milestone
from ..core.verdict import Verdict
from ..edges.git import Changes
from ..edges.verdicts import Store
from ..guard import assignments, roster
from .candidacy import CandidateRow, candidate_rows
from .rows import CALM, NO_CHANGES, Row, answers, attended, check_words, content_now, in_order, no_answer
from .subject import Subject
from .survey import Base, Finding, Standing, survey
from .whereabouts import Whereabouts
from .workspace import Workspace

READABLE = (Standing.OK, Standing.ADOPT)


@dataclass(frozen=True, kw_only=True)
class MilestoneRow(Row):
    """Where one milestone stands; `behind` counts the base's commits that it has not, None without a branch."""

    kind: str = "milestone"
    service: str
    track: str
    behind: int | None
    set_up: bool

    @property
    def tree(self) -> str:
        """Where its tree stands, and whether it was made ready for work."""
        return super().tree if self.set_up else "not set up"


def status(around: Whereabouts, targets: Sequence[str]) -> tuple[list[MilestoneRow], list[CandidateRow]]:
    """The chosen milestones in the plan's order, and the chosen candidates; takes no lock and writes nothing."""
    milestones, places = around.chosen(targets)
    rows = _milestones(around.workspace, milestones) if around.workspace and milestones else []
    return rows, candidate_rows(around.site, places, around.workspace.plan if around.workspace else None)


def _milestones(workspace: Workspace, milestones: Sequence[Milestone]) -> list[MilestoneRow]:
    found = survey(workspace, milestones)
    enrolled = roster.members(workspace.state)
    return in_order(
        found.findings, lambda finding: _milestone(workspace, found.base, finding, enrolled.get(finding.folder))
    )


def _milestone(workspace: Workspace, base: Base, finding: Finding, member: roster.Member | None) -> MilestoneRow:
    milestone, git = finding.milestone, workspace.git
    changes = git.changes(finding.folder) if finding.standing in READABLE else NO_CHANGES
    ahead, behind = git.ahead_behind(finding.tip, base.oid) if finding.start == "branch" else (None, None)
    under_way = finding.entry.under_way() if finding.entry else None
    checks = _checks(workspace, base, finding, changes)
    done = all(git.has_subject(base.oid, one.message(milestone.scope)) for one in milestone.requirements)
    landed = bool(milestone.requirements) and done and not ahead
    set_up = finding.standing is not Standing.OK or member is None or bool(member.set_up)
    agent = assignments.standing(workspace.state, finding.name)
    step = _next_step(finding, base, changes, under_way, (ahead or 0, behind or 0), checks, landed)
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
    )


def _checks(workspace: Workspace, base: Base, finding: Finding, changes: Changes) -> dict[str, str]:
    """The words of a milestone's checks."""
    git, checks, extra = workspace.git, finding.milestone.checks, workspace.plan.surroundings
    kept = Store(workspace.state).latest(finding.name)
    readable = finding.standing in READABLE and not changes

    def asked() -> Subject:
        own, begun = {**workspace.identity(finding.milestone), **extra.env}, git.merge_base(finding.tip, base.oid)
        return Subject(finding.name, finding.folder, checks, own, (), extra.furnished, base=begun)

    now = content_now(git, finding.entry, finding.tip, changes) if kept else None
    return check_words(kept, checks, now, answers(workspace, asked) if readable else no_answer)


def _next_step(
    finding: Finding,
    base: Base,
    changes: Changes,
    under_way: str | None,
    distance: tuple[int, int],
    checks: dict[str, str],
    landed: bool,
) -> str:
    ahead, behind = distance
    name = finding.name
    red = any(word not in CALM for word in checks.values())
    steps = (
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
        (behind > 0, f"rebase onto {base.name}"),
        (True, "ready to land"),
    )
    return next(step for holds, step in steps if holds)
