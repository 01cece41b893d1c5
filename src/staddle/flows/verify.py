"""verify: run the declared checks inside the trees, side by side, and judge them by their evidence."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UsageError
from ..core.model import Check, Milestone
from ..core.names import Oid
from ..core.unit import Ended, Job
from ..core.verdict import judge
from ..edges import reports
from ..edges.engine import LocalEngine
from ..edges.git import Changes
from ..edges.reports import Judged
from ..edges.surroundings import environment, temporary_folder, variables
from .survey import Finding, Standing, survey
from .workspace import Workspace, occupying

Tell = Callable[[str], None]


@dataclass(frozen=True)
class _Before:
    """What a tree held when its check began."""

    commit: Oid
    changes: Changes


def verify(
    workspace: Workspace, targets: list[str], *, only: list[str], at_once: int | None, tell: Tell
) -> list[Judged]:
    """The verdicts on the chosen milestones' checks, in the plan's order; each tree's run one after another.

    `only` names checks, all of them when empty. UsageError when a tree is missing or a check unknown.
    """
    chosen = workspace.chosen(targets)
    _require_checks(chosen, only)
    trees = {finding.name: finding for finding in standing_trees(workspace, chosen)}
    with occupying(workspace, chosen, "verify"):
        before = {name: _before(workspace, finding) for name, finding in trees.items()}
        lanes = {name: _jobs(workspace, finding, only) for name, finding in trees.items()}
        verdicts: dict[str, Judged] = {}

        def ended(name: str, end: Ended) -> None:
            judged = _judge(workspace, trees[name], before[name], end)
            reports.keep(workspace.state, judged)
            verdicts[end.unit] = judged
            tell(f"{name} {judged.check}: {judged.verdict}, {judged.reason} ({judged.seconds:.1f} s)")

        LocalEngine(at_once).run_lanes(lanes, on_ended=ended)
    return [verdicts[job.unit] for lane in lanes.values() for job in lane]


def standing_trees(workspace: Workspace, chosen: Sequence[Milestone]) -> list[Finding]:
    """The trees of these milestones; UsageError when one does not stand as the plan says."""
    findings = list(survey(workspace, chosen).findings)
    for finding in findings:
        if finding.standing not in (Standing.OK, Standing.ADOPT):
            why = f"{finding.name} has no tree at {finding.folder}"
            raise UsageError(f"{why} ({finding.standing}: {finding.note})", f"staddle worktrees {finding.name}")
    return findings


def _require_checks(chosen: Sequence[Milestone], only: Sequence[str]) -> None:
    known = {name for milestone in chosen for name in milestone.checks}
    if unknown := [name for name in only if name not in known]:
        raise UsageError(f"no chosen milestone has a check {unknown[0]!r}", f"one of: {', '.join(sorted(known))}")


def _before(workspace: Workspace, finding: Finding) -> _Before:
    commit = workspace.git.commit(f"refs/heads/{finding.milestone.branch}")
    if commit is None:
        raise UsageError(f"{finding.milestone.branch} has no commit yet", f"git -C {finding.folder} log")
    return _Before(commit, workspace.git.changes(finding.folder))


def _jobs(workspace: Workspace, finding: Finding, only: Sequence[str]) -> list[Job]:
    milestone = finding.milestone
    return [
        _job(workspace, milestone, name, check, finding.folder)
        for name, check in milestone.checks.items()
        if not only or name in only
    ]


def _job(workspace: Workspace, milestone: Milestone, name: str, check: Check, tree: Path) -> Job:
    kept = reports.check_folder(workspace.state, milestone.id, name)
    report = kept / "junit.xml"
    report.unlink(missing_ok=True)
    temporary = temporary_folder(tree) / name
    temporary.mkdir(exist_ok=True)
    own = variables(workspace.plan, milestone, tree) | {
        "TMPDIR": str(temporary),
        "PYTHONPYCACHEPREFIX": str(temporary / "pycache"),
        "PYTEST_ADDOPTS": f"-p no:cacheprovider --junit-xml={report}",
        "COVERAGE_FILE": str(kept / "coverage"),
        "STADDLE_JUNIT": str(report),
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
    }
    return Job(
        unit=workspace.unit(milestone.id.lower(), name),
        argv=check.run.argv,
        cwd=tree,
        env=environment(own, tree, with_tools=False),
        stdin=None,
        log=kept / "log",
        limit=float(check.limit),
    )


def _judge(workspace: Workspace, finding: Finding, before: _Before, ended: Ended) -> Judged:
    name = ended.unit.rsplit("/", 1)[1]
    milestone = finding.milestone
    kept = reports.check_folder(workspace.state, milestone.id, name)
    changed = _changed(workspace, finding, before)
    verdict, reason = judge(ended, reports.read_junit(kept / "junit.xml"), milestone.checks[name].evidence, changed)
    coverage = finding.folder / "htmlcov" / "index.html"
    fresh = coverage.exists() and coverage.stat().st_mtime >= time.time() - ended.seconds - 1
    return Judged(
        milestone=milestone.id,
        check=name,
        verdict=verdict,
        reason=reason,
        commit=before.commit,
        clean=not before.changes,
        seconds=ended.seconds,
        finished=time.time(),
        log=str(kept / "log"),
        coverage=str(coverage) if fresh else "",
    )


def _changed(workspace: Workspace, finding: Finding, before: _Before) -> str:
    """How the tree differs from what it held when its checks began, empty when it does not."""
    if workspace.git.commit(f"refs/heads/{finding.milestone.branch}") != before.commit:
        return f"{finding.milestone.branch} moved while the check ran"
    new = set(workspace.git.changes(finding.folder).tracked) - set(before.changes.tracked)
    return f"the check changed {', '.join(sorted(new)[:3])}" if new else ""
