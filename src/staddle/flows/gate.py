"""The gate: what lands is proven before it lands, as the very commit it will be, in a tree of its own.

The repository's own merge hooks run where it has any: the merge is then made once more, by git, in that tree. After
them run the plan's checks. Without either there is no gate, and the commit says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.model import Check, Plan
from ..core.names import Oid
from ..core.runs import Run
from ..core.unit import Ended, Job
from ..core.verdict import Judged
from ..edges.engine import LocalEngine, in_turn
from ..edges.objects import Objects
from ..edges.state import SECRET_FOLDER
from ..edges.surroundings import environment
from .checking import Options, run_checks
from .setup import SET_UP_SECONDS, why_not
from .subject import scratch_subject
from .workspace import Site, Tell, plan_of


@dataclass(frozen=True)
class Gate:
    """What a landing has to pass: the folder of merge hooks, None without any, and the checks of a plan."""

    hooks: Path | None = None
    plan: Plan | None = None
    skipped: bool = False

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks by name, in the plan's order."""
        return self.plan.checks if self.plan and not self.skipped else {}

    @property
    def trailer(self) -> str:
        """What the landed commit says of its proof."""
        return ", ".join(self.checks) or ("none, --no-gate" if self.skipped else "none")

    def __bool__(self) -> bool:
        return self.hooks is not None or bool(self.checks)


def gate_of(site: Site, *, skip: bool) -> Gate:
    """The gate of this repository; with `skip` its hooks alone. PlanError when there is a plan and it is wrong."""
    loaded = None if skip else plan_of(site.git)
    plan = loaded.plan if loaded and loaded.repo == site.git.main else None
    return Gate(site.git.merge_hooks(), plan, skip)


def prove(site: Site, gate: Gate, run: Run, place: Path, message: str, tell: Tell) -> tuple[str, Oid]:
    """Prove the run's merge in its gate tree, which stands at the merge, or at the target when there are hooks.

    Returns why it may not land, empty when it may, and the commit that was proven.
    """
    commit = run.new or Oid("")
    if gate.hooks is not None:
        if red := _merge(site, gate.hooks, run, place, message):
            return red, commit
        commit = site.git.commit_at(place) or commit
        if not all(site.git.is_ancestor(part, commit) for part in (run.old, run.tip) if part):
            return f"the repository's hooks left {place} at {commit[:10]}, which is not the merge", commit
    if not gate.checks or gate.plan is None:
        return "", commit
    tell(f"{place.name}: proving the merge before it lands: {gate.trailer}")
    subject = replace(scratch_subject(gate.plan, site.git, place, gate.checks, {}), base=run.old)
    judged = run_checks(site, [subject], Options(retry_failed=True), tell=tell)
    return fault(site, judged, commit), commit


def fault(site: Site, judged: Sequence[Judged], commit: Oid) -> str:
    """Why `commit` may not land after its checks were judged so; empty when it may."""
    git, proven = site.git, {one.tree for one in judged if one.verdict.green}
    changes = [change for tree in proven for change in Objects(git).diff(git.tree_of(commit), tree)]
    if altered := [change.path for change in changes if not change.added]:
        return f"what was proven is not what would land: set-up changes {', '.join(altered[:3])}"
    bad = next((one for one in judged if not one.verdict.green), None)
    return f"{bad.check}: {bad.verdict}, {bad.reason}; see {bad.log}" if bad else ""


def _merge(site: Site, hooks: Path, run: Run, place: Path, message: str) -> str:
    """Merge the survivor in the gate tree with the repository's hooks; why one of them refused, empty when none did."""
    logs = site.state.folder / "logs" / place.name
    logs.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
    text = logs / "message"
    text.write_text(message, encoding="utf-8")
    job = Job(
        unit=site.unit(place.name, "merge"),
        argv=site.git.merge_command(run.tip or Oid(""), text, hooks),
        cwd=place,
        env=environment({"GIT_EDITOR": "true"}, place, with_tools=True),
        stdin=None,
        log=logs / "merge.log",
        limit=SET_UP_SECONDS,
    )
    bad = list[str]()

    def ended(end: Ended) -> bool:
        bad.extend([] if end.ok else [f"the merge with the repository's hooks: {why_not(end, job)}"])
        return end.ok

    LocalEngine().run_lanes({place.name: in_turn([job], ended)})
    return "".join(bad)
