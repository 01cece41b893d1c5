"""The proof of a landing: the checks of every milestone in it, and of the whole, on the very content that will land."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.model import Check
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

TRAIN = "train-gate"


@dataclass(frozen=True)
class Red:
    """What a proof stopped at: whose check (a milestone's name, empty for one of the whole), which one, and why."""

    whose: str
    check: str
    why: str

    def __str__(self) -> str:
        return f"{self.whose} {self.why}".strip()


def gate_name(name: str) -> str:
    """The target under which a milestone is judged in a scratch tree."""
    return f"{name}-gate"


def prove(
    workspace: Workspace,
    findings: Sequence[Finding],
    commit: Oid,
    base: Oid,
    *,
    tell: Tell,
    only: Red | None = None,
) -> Red | None:
    """What speaks against `commit`, which brings these milestones to `base`; None when it may land.

    The caller holds the milestones' trees. One milestone whose own tree holds just this content is judged there, so
    that what has been proven is not proven twice; everything else in a scratch tree. With `only` one check is asked.
    """
    if len(findings) == 1 and only is None and _holds(workspace, findings[0], commit):
        checks = checks_of(workspace.plan, findings[0].milestone)
        return _judged(workspace, "", milestone_subject(workspace, findings[0], checks, base), commit, tell)
    ready = list[tuple[str, ...]]()
    with scratch_tree(workspace, gate_name(findings[0].name) if len(findings) == 1 else TRAIN, commit) as place:
        for whose, subject in _subjects(workspace, findings, place, base):
            names = [name for name in subject.checks if only is None or (whose, name) == (only.whose, only.check)]
            if not names:
                continue
            setup = [] if list(subject.setup) == ready else subject.setup  # the one before has done it
            ready = list(subject.setup)
            asked = replace(subject, checks={name: subject.checks[name] for name in names}, setup=setup)
            if red := _judged(workspace, whose, asked, commit, tell):
                return red
    return None


def _subjects(
    workspace: Workspace, findings: Sequence[Finding], place: Path, base: Oid
) -> Iterator[tuple[str, Subject]]:
    """The place as a subject of each milestone's checks, with its name, and then of the checks of the whole."""
    plan = workspace.plan

    def subject(checks: Mapping[str, Check], identity: Mapping[str, str], setup: list[tuple[str, ...]]) -> Subject:
        def at(name: str, tree: Path) -> Subject:
            return scratch_subject(plan, workspace.git, tree, checks, identity, name=name, setup=setup)

        return replace(at(place.name, place), base=base, elsewhere=at)

    for finding in findings:
        one = finding.milestone
        setup = [command.argv for command in plan.setup_for(one)]
        yield finding.name, subject(one.checks, workspace.identity(one), setup)
    yield "", subject(plan.checks, {}, [command.argv for command in plan.setup])


def _judged(workspace: Workspace, whose: str, subject: Subject, commit: Oid, tell: Tell) -> Red | None:
    def say(line: str) -> None:
        tell(line.replace(TRAIN, f"train, {whose or 'all'}", 1))

    judged: list[Judged] = run_checks(workspace, [subject], Options(retry_failed=True), tell=say)
    why = gate.fault(workspace, judged, commit)
    check = next((one.check for one in judged if not one.verdict.green), "")
    return Red(whose, check, why) if why else None


def _holds(workspace: Workspace, finding: Finding, commit: Oid) -> bool:
    """Whether the milestone's own tree holds just what `commit` does, and nothing besides."""
    git = workspace.git
    if not finding.folder.is_dir() or finding.entry is None or finding.entry.branch != finding.milestone.branch:
        return False
    return git.tree_of(finding.tip) == git.tree_of(commit) and not git.changes(finding.folder)
