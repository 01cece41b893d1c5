"""The proof of a landing: the checks of every milestone in it, and of the whole, on the very content that will land."""

from collections.abc import Sequence
from dataclasses import replace

from ..core.names import Oid
from ..core.verdict import Judged
from . import gate
from .checking import Options, run_checks
from .loads import checks_of
from .scratch import scratch_tree
from .subject import Subject, scratch_subject
from .survey import Finding
from .verify import milestone_subject
from .workspace import Tell, Workspace


def prove(workspace: Workspace, findings: Sequence[Finding], commit: Oid, base: Oid, *, tell: Tell) -> str:
    """Why `commit`, which brings these milestones to `base`, may not land; empty when it may.

    The caller holds the milestones' trees. One milestone whose own tree holds just this content is judged there, so
    that what has been proven is not proven twice; everything else in a scratch tree.
    """
    git = workspace.git
    judged: list[Judged] = []
    if len(findings) == 1 and _holds(workspace, findings[0], commit):
        checks = checks_of(workspace.plan, findings[0].milestone)
        subject = milestone_subject(workspace, findings[0], checks, base)
        return gate.fault(workspace, _judge(workspace, subject, tell), commit)
    name = f"{findings[0].name}-gate" if len(findings) == 1 else "train-gate"
    with scratch_tree(workspace, name, commit) as place:
        set_up = list[tuple[str, ...]]()
        for finding in findings:
            plan, milestone = workspace.plan, finding.milestone
            setup = [command.argv for command in plan.setup_for(milestone)]
            identity, checks = workspace.identity(milestone), checks_of(plan, milestone)
            if finding is not findings[-1]:
                checks = milestone.checks  # those of the whole are asked once, at the end
            subject = scratch_subject(plan, git, place, checks, identity, name=name, setup=setup)
            if setup == set_up:
                subject = replace(subject, setup=())
            set_up = setup
            judged += _judge(workspace, replace(subject, base=base), tell)
            if why := gate.fault(workspace, judged, commit):
                return f"{finding.name} {why}" if len(findings) > 1 else why
    return ""


def _judge(workspace: Workspace, subject: Subject, tell: Tell) -> list[Judged]:
    return run_checks(workspace, [subject], Options(retry_failed=True), tell=tell)


def _holds(workspace: Workspace, finding: Finding, commit: Oid) -> bool:
    """Whether the milestone's own tree holds just what `commit` does, and nothing besides."""
    git = workspace.git
    if not finding.folder.is_dir() or finding.entry is None or finding.entry.branch != finding.milestone.branch:
        return False
    return git.tree_of(finding.tip) == git.tree_of(commit) and not git.changes(finding.folder)
