"""verify: run the declared checks inside the trees, side by side, and judge them by their evidence."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ..core.errors import UsageError
from ..core.model import Check
from ..core.names import Oid
from ..core.policy import Level
from ..core.runs import Mode
from ..core.verdict import POLICY, Judged, Verdict
from ..guard import payload
from .checking import Options, Watch, run_checks
from .lint import path_findings
from .scratch import scratch_tree
from .spawn import RUN_WAIT_SECONDS
from .subject import Subject, scratch_subject
from .survey import Finding, find_base, standing_trees
from .whereabouts import Place, Whereabouts
from .workspace import Tell, Workspace, changing, occupying


def verify(
    around: Whereabouts,
    targets: list[str],
    options: Options,
    *,
    only: list[str],
    tell: Tell,
    watch: Watch = lambda _: None,
) -> list[Judged]:
    """The verdicts on the checks of the chosen milestones and candidates, in their order.

    Without targets all milestones are meant. `only` names checks, all of them when empty. UsageError when a tree is
    missing, or nothing declares any.
    """
    if around.workspace is None:
        raise UsageError(f"{around.site.git.main} has no plan that declares checks", "staddle init")
    workspace = around.workspace
    milestones, places = around.chosen(targets) if targets else (list(workspace.plan.milestones), [])
    if places and not workspace.plan.checks:
        what = f"{workspace.loaded.path} declares no checks of its own, only of milestones"
        raise UsageError(what, "write them at its top: checks: {suite: pytest}")
    findings = standing_trees(workspace, milestones, named=bool(targets)) if milestones else []
    names = [*(finding.name for finding in findings), *(place.name for place in places)]
    with ExitStack() as held:
        for run in sorted({place.run.id for place in places}):
            held.enter_context(workspace.state.lock(f"run-{run}", RUN_WAIT_SECONDS, f"verify {run}", shared=True))
        held.enter_context(occupying(workspace, names, "verify"))
        base = find_base(workspace).oid if findings else None
        subjects = [
            milestone_subject(workspace, finding, _chosen(finding.milestone.checks, only), base) for finding in findings
        ]
        subjects += [_candidate(workspace, place, only, held) for place in places]
        against = [] if only else [judged for finding in findings for judged in _policy(workspace, finding, tell)]
        return [*against, *run_checks(workspace, subjects, options, tell=tell, watch=watch)]


def _policy(workspace: Workspace, finding: Finding, tell: Tell) -> Iterator[Judged]:
    """A red verdict where a tree holds changes that are not its own to make: such a one cannot land, green or not."""
    against = [one for one in path_findings(workspace, finding.milestone) if one.level is Level.ERROR]
    if against:
        reason = "; ".join(f"{one.what} (try: {one.hint})" for one in against)
        tell(f"{finding.name} {POLICY}: {Verdict.FAIL}, {reason}")
        nothing = Oid("")
        yield Judged(finding.name, POLICY, Verdict.FAIL, reason, nothing, finding.tip, "", 0.0, time.time(), "")


def _candidate(workspace: Workspace, place: Place, only: Sequence[str], held: ExitStack) -> Subject:
    """A candidate as a subject; a payload gets a tree of its commit, for as long as `held` lasts."""
    plan, folder = workspace.plan, place.folder
    if place.run.mode is Mode.CONTEXT:
        with changing(workspace, f"verify {place.name}"):
            commit = payload.commit(workspace.git, workspace.state, place.run, place.candidate)
        folder = held.enter_context(scratch_tree(workspace, f"{place.name}-payload", commit))
    if not folder.is_dir():
        raise UsageError(f"{place.name} has no tree at {folder}", f"staddle reconcile {place.run.id} --dry-run")
    checks = _chosen(plan.checks, only)

    def at(name: str, tree: Path) -> Subject:
        return scratch_subject(plan, workspace.git, tree, checks, {}, name=name)

    return replace(at(place.name, folder), base=place.run.base, elsewhere=at)


def _chosen(checks: Mapping[str, Check], only: Sequence[str]) -> Mapping[str, Check]:
    return {name: check for name, check in checks.items() if not only or name in only}


def milestone_subject(workspace: Workspace, finding: Finding, checks: Mapping[str, Check], base: Oid | None) -> Subject:
    """A milestone's own tree as a subject of these checks; its work is held against where it left `base`."""
    plan, milestone = workspace.plan, finding.milestone
    begun = workspace.git.merge_base(finding.tip, base) if base else None

    def elsewhere(name: str, place: Path) -> Subject:
        setup = [command.argv for command in plan.setup_for(milestone)]
        identity = workspace.identity(milestone)
        return scratch_subject(plan, workspace.git, place, checks, identity, name=name, setup=setup)

    own, furnished = workspace.variables(milestone), plan.surroundings.furnished
    required = tuple(one.test for one in milestone.requirements if one.test)
    return Subject(finding.name, finding.folder, checks, own, (), furnished, required, begun, elsewhere)
