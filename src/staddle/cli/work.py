"""The verbs about the work in the trees: prompts, agents, verify."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, Judgeable, PlanFile, Targets

if TYPE_CHECKING:
    from ..core.verdict import Judged

AgentName = Annotated[str | None, typer.Option("--agent", metavar="NAME", help="Another agent than the plan's.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at once; as many as there are cores.")]
Checks = Annotated[list[str] | None, typer.Option("--check", metavar="NAME", help="This check alone; may be repeated.")]

Everything = Annotated[bool, typer.Option("--all", help="All milestones, and all candidates of all runs.")]
When = Annotated[str, typer.Option("--strategy", metavar="WHEN", help="continue, stop at red, or first-green.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Run again what was red on the same content.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run everything again.")]
JunitFile = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write one JUnit report of all.")]


def prompts(targets: Targets = None, plan: PlanFile = None, json: AsJson = False) -> None:
    from ..edges import console
    from ..flows.prompts import prompts as write_prompts
    from ..flows.workspace import open_workspace

    written = write_prompts(open_workspace(plan), targets or [])
    if json:
        console.answer_json(
            [
                {"milestone": one.milestone.id, "requirement": one.requirement.id, "file": one.file, "text": one.text}
                for one in written
            ]
        )
        return
    for one in written:
        console.answer(str(one.file))


def agents(
    targets: Targets = None,
    plan: PlanFile = None,
    agent: AgentName = None,
    jobs: Jobs = None,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.agents import agents as run_agents
    from ..flows.workspace import open_workspace

    reports = run_agents(open_workspace(plan), targets or [], agent=agent, at_once=jobs, tell=console.talk)
    if json:
        console.answer_json([asdict(report) | {"well": report.well} for report in reports])
    else:
        rows = [(r.milestone.lower(), r.requirement, r.work.value, r.note) for r in reports]
        console.table(("", "requirement", "work", "note"), rows)
    if bad := [report for report in reports if not report.well]:
        raise WorkFailed(f"{len(bad)} of {len(reports)} requirements were not committed", f"less {bad[0].log}")


def verify(
    targets: Judgeable = None,
    everything: Everything = False,
    plan: PlanFile = None,
    check: Checks = None,
    jobs: Jobs = None,
    strategy: When = "continue",
    retry_failed: RetryFailed = False,
    no_cache: NoCache = False,
    junit: JunitFile = None,
    json: AsJson = False,
) -> None:
    from ..core.verdict import Verdict
    from ..edges import console, reports
    from ..flows.checking import Options, Strategy
    from ..flows.verify import verify as run_checks
    from ..flows.whereabouts import look_around

    if strategy not in tuple(Strategy):
        raise UsageError(f"there is no strategy {strategy!r}", f"one of: {', '.join(Strategy)}")
    around = look_around(plan)
    chosen = around.names if everything else targets or []
    options = Options(jobs, no_cache, retry_failed, Strategy(strategy))
    verdicts = run_checks(around, chosen, options, only=check or [], tell=console.talk)
    if junit:
        reports.merge_junit({f"{v.target} {v.check}": _report(v) for v in verdicts if v.log}, junit)
    red = [judged for judged in verdicts if not judged.verdict.green and judged.verdict is not Verdict.CANCELLED]
    if json:
        console.answer_json([asdict(judged) | {"whose": judged.verdict.whose} for judged in verdicts])
    else:
        rows = [(v.target, v.check, v.verdict.value, _took(v), v.reason) for v in verdicts]
        console.table(("", "check", "verdict", "took", "why"), rows)
        for judged in verdicts:
            if judged.coverage:
                console.answer(f"{judged.target} coverage: {judged.coverage}")
        for line in reports.failure_tail(_report(red[0])) if red and red[0].log else []:
            console.talk(f"    {line}")
    if red:
        hint = f"less {red[0].log}" if red[0].log else f"staddle verify {red[0].target}"
        raise WorkFailed(f"{len(red)} of {len(verdicts)} checks are not green", hint)


def _report(judged: "Judged") -> Path:
    return Path(judged.log).with_name("junit.xml")


def _took(judged: "Judged") -> str:
    return "cached" if judged.cached else f"{judged.seconds:.1f} s"


COMMANDS: dict[str, Callable[..., None]] = {"prompts": prompts, "agents": agents, "verify": verify}
