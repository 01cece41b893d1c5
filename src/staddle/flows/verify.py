"""verify: run the declared checks inside the trees, side by side, and judge them by their evidence."""

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import UsageError
from ..core.model import Milestone
from ..core.names import Oid
from ..core.verdict import Judged
from ..edges.surroundings import furnish
from .checking import Options, Subject, Tell, run_checks
from .survey import Finding, find_base, standing_trees
from .workspace import Workspace, occupying


def verify(workspace: Workspace, targets: list[str], options: Options, *, only: list[str], tell: Tell) -> list[Judged]:
    """The verdicts on the chosen milestones' checks, in the plan's order.

    `only` names checks, all of them when empty. UsageError when a tree is missing or a check unknown.
    """
    chosen = workspace.chosen(targets)
    _require_checks(chosen, only)
    findings = standing_trees(workspace, chosen)
    with occupying(workspace, [finding.name for finding in findings], "verify"):
        base = find_base(workspace).oid
        subjects = [_subject(workspace, finding, only, base) for finding in findings]
        return run_checks(workspace, subjects, options, tell=tell)


def _subject(workspace: Workspace, finding: Finding, only: Sequence[str], base: Oid) -> Subject:
    milestone = finding.milestone
    checks = {name: check for name, check in milestone.checks.items() if not only or name in only}
    begun = workspace.git.merge_base(finding.tip, base)

    def elsewhere(name: str, place: Path) -> Subject:
        own = workspace.variables(milestone, name, place)
        furnish(workspace.plan, workspace.git.main, place, own)
        setup = [command.argv for command in workspace.plan.setup_for(milestone)]
        return Subject(name, place, checks, own, setup)

    own = workspace.variables(milestone)
    return Subject(finding.name, finding.folder, checks, own, base=begun, elsewhere=elsewhere)


def _require_checks(chosen: Sequence[Milestone], only: Sequence[str]) -> None:
    known = {name for milestone in chosen for name in milestone.checks}
    if unknown := [name for name in only if name not in known]:
        raise UsageError(f"no chosen milestone has a check {unknown[0]!r}", f"one of: {', '.join(sorted(known))}")
