"""worktrees: let every milestone of the plan have its tree, on its branch, set up; twice is once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..core.model import Milestone
from ..core.unit import Ended, Job
from ..edges.engine import LocalEngine, in_turn
from ..edges.surroundings import furnish
from ..guard import creation, fetching, removal, roster
from ..guard.creation import Wish
from ..guard.pool import Done
from ..guard.trap import Trap
from .setup import set_up_jobs, why_not
from .survey import Finding, Standing, survey
from .workspace import Tell, Workspace, changing, occupying


@dataclass(frozen=True)
class TreeOutcome:
    """What came of one milestone's tree; `tree` is its path as the plan writes it.

    `did` is created, adopted, ok, drift, foreign or failed; landed where it is done, and was not named.
    """

    name: str
    folder: Path
    tree: str
    branch: str
    did: str
    note: str = ""

    @property
    def well(self) -> bool:
        """Whether the tree now stands as the plan says."""
        return self.did in ("created", "adopted", "ok", "landed")


def worktrees(workspace: Workspace, targets: list[str], *, fetch: bool, tell: Tell) -> list[TreeOutcome]:
    """Create, adopt and set up the trees of the chosen milestones, each on its own; failures are outcomes."""
    chosen = workspace.chosen(targets)
    with changing(workspace, "worktrees") as trap:
        if fetch and workspace.git.tracks(workspace.plan.remote):
            fetching.fetch(workspace.git, workspace.state, workspace.plan.remote)
        found = survey(workspace, chosen)
        findings = found.findings
        outcomes = {finding.name: _seen(finding) for finding in findings}
        _clear_gone(workspace, trap, findings)
        absent = (Standing.CREATE, Standing.GONE, *[Standing.LANDED] * bool(targets))
        to_make = [finding for finding in findings if finding.standing in absent]
        if to_make:
            tell(
                f"creating {len(to_make)} tree{'s' * (len(to_make) > 1)} from {found.base.name} ({found.base.oid[:10]})"
            )
            outcomes |= _create(workspace, trap, to_make, found.base.remote, tell)
        adopted = [finding for finding in findings if finding.standing is Standing.ADOPT]
        roster.enrol(workspace.state, [_adopted(finding) for finding in adopted])
    made = {name for name, outcome in outcomes.items() if outcome.well and outcome.did != Standing.LANDED}
    standing = [finding for finding in findings if finding.name in made]
    with occupying(workspace, [finding.name for finding in standing], "worktrees"):
        outcomes |= _set_up(workspace, standing, outcomes, tell)
    return list(outcomes.values())


def _seen(finding: Finding) -> TreeOutcome:
    did = {Standing.ADOPT: "adopted", Standing.CREATE: "failed", Standing.GONE: "failed"}
    said = did.get(finding.standing, finding.standing.value)
    return TreeOutcome(
        finding.name, finding.folder, finding.milestone.tree, finding.milestone.branch, said, finding.note
    )


def _adopted(finding: Finding) -> roster.Member:
    return roster.Member(finding.name, finding.folder, finding.milestone.branch, made_tree=False, made_branch=False)


def _clear_gone(workspace: Workspace, trap: Trap, findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.standing is Standing.GONE and finding.entry is not None:
            with trap.shielded():
                removal.forget(workspace.git, workspace.state, finding.entry)


def _create(
    workspace: Workspace, trap: Trap, findings: Sequence[Finding], remote: str | None, tell: Tell
) -> dict[str, TreeOutcome]:
    outcomes: dict[str, TreeOutcome] = {}
    by_name = {finding.name: finding for finding in findings}

    def report(done: Done[Wish, None]) -> None:
        finding = by_name[done.thing.name]
        did, note = ("failed", str(done.error)) if done.error else ("created", finding.note)
        outcomes[finding.name] = TreeOutcome(
            finding.name, finding.folder, finding.milestone.tree, finding.milestone.branch, did, note
        )
        tell(f"[{len(outcomes)}/{len(findings)}] {finding.name} {did}: {note if done.error else finding.folder}")

    creation.create(workspace.git, workspace.state, trap, [_wish(finding, remote) for finding in findings], report)
    return outcomes


def _wish(finding: Finding, remote: str | None) -> Wish:
    upstream = remote if finding.start == "remote" else None
    return Wish(
        finding.name,
        finding.folder,
        finding.milestone.branch,
        finding.tip,
        finding.start != "branch",
        upstream,
        sparse=finding.milestone.sparse,
    )


def _set_up(
    workspace: Workspace, findings: Sequence[Finding], outcomes: dict[str, TreeOutcome], tell: Tell
) -> dict[str, TreeOutcome]:
    """Furnish every standing tree, and run its set-up commands where these have not ended well before."""
    enrolled = roster.members(workspace.state)
    lanes: dict[str, list[Job]] = {}
    digests: dict[str, str] = {}
    for finding in findings:
        milestone = finding.milestone
        own = workspace.variables(milestone)
        furnish(workspace.plan, workspace.git.main, finding.folder, own)
        digest = _digest(workspace, milestone)
        if enrolled[finding.folder].set_up != digest:
            lanes[finding.name] = set_up_jobs(
                workspace, finding.name, finding.folder, _commands(workspace, milestone), own
            )
            digests[finding.name] = digest
    if any(lanes.values()):
        tell(f"setting up {len(lanes)} tree{'s' * (len(lanes) != 1)}")
    failed: dict[str, TreeOutcome] = {}

    def ended(name: str, end: Ended) -> bool:
        if not end.ok:
            job = next(job for job in lanes[name] if job.unit == end.unit)
            failed[name] = replace(outcomes[name], did="failed", note=why_not(end, job))
            tell(f"{name} set-up failed: {failed[name].note}")
        return end.ok

    LocalEngine().run_lanes({name: in_turn(jobs, partial(ended, name)) for name, jobs in lanes.items()})
    well = {outcomes[name].folder: digests[name] for name in lanes if name not in failed}
    if well:
        roster.mark_set_up(workspace.state, well)
    return failed


def _commands(workspace: Workspace, milestone: Milestone) -> tuple[tuple[str, ...], ...]:
    return tuple(command.argv for command in workspace.plan.setup_for(milestone))


def _digest(workspace: Workspace, milestone: Milestone) -> str:
    return hashlib.sha256(repr(_commands(workspace, milestone)).encode()).hexdigest()[:16]
