"""The verbs about the work in the trees: prompts, agents."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from ..core.errors import WorkFailed
from .options import AsJson, PlanFile, Targets

AgentName = Annotated[str | None, typer.Option("--agent", metavar="NAME", help="Another agent than the plan's.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at once; as many as there are cores.")]


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
        raise WorkFailed(f"not committed: {len(bad)} of {len(reports)}", f"less {bad[0].log}")


COMMANDS: dict[str, Callable[..., None]] = {"prompts": prompts, "agents": agents}
