"""verify: run the declared checks inside the trees, side by side, and judge them by their evidence."""

from collections.abc import Sequence

from ..core.errors import UsageError
from ..core.model import Milestone
from ..edges.reports import Judged
from .checking import Subject, Tell, run_checks
from .survey import Finding, standing_trees
from .workspace import Workspace, occupying


def verify(
    workspace: Workspace, targets: list[str], *, only: list[str], at_once: int | None, tell: Tell
) -> list[Judged]:
    """The verdicts on the chosen milestones' checks, in the plan's order.

    `only` names checks, all of them when empty. UsageError when a tree is missing or a check unknown.
    """
    chosen = workspace.chosen(targets)
    _require_checks(chosen, only)
    findings = standing_trees(workspace, chosen)
    with occupying(workspace, [finding.name for finding in findings], "verify"):
        subjects = [_subject(workspace, finding, only) for finding in findings]
        return run_checks(workspace, subjects, at_once=at_once, tell=tell)


def _subject(workspace: Workspace, finding: Finding, only: Sequence[str]) -> Subject:
    milestone = finding.milestone
    checks = {name: check for name, check in milestone.checks.items() if not only or name in only}
    return Subject(finding.name, finding.folder, checks, workspace.variables(milestone))


def _require_checks(chosen: Sequence[Milestone], only: Sequence[str]) -> None:
    known = {name for milestone in chosen for name in milestone.checks}
    if unknown := [name for name in only if name not in known]:
        raise UsageError(f"no chosen milestone has a check {unknown[0]!r}", f"one of: {', '.join(sorted(known))}")
