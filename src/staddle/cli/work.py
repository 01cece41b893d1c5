"""The verbs about the work in the trees: prompts, agents."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from ..core.errors import WorkFailed
from .options import AsJson, Judgeable, PlanFile, Targets

AgentName = Annotated[str | None, typer.Option("--agent", metavar="NAME", help="Another agent than the plan's.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at once; as many as there are cores.")]
Task = Annotated[
    str | None, typer.Option("--task", metavar="FILE|TEXT", help="A run's task: a file, words, or a requirement's id.")
]


def prompts(targets: Judgeable = None, plan: PlanFile = None, task: Task = None, json: AsJson = False) -> None:
    from ..edges import console
    from ..flows import tasks
    from ..flows.prompts import prompts as write_prompts
    from ..flows.whereabouts import look_around
    from ..flows.workspace import open_workspace

    around = look_around(plan)
    if task is not None:
        tasks.assign(around, targets or [], task)
        around = look_around(plan)
    milestones, places = around.chosen(targets) if targets else ((), ())
    written: list[dict[str, object]] = []
    if milestones or not targets:
        workspace = around.workspace or open_workspace(plan)
        written += (
            {"milestone": one.milestone.id, "requirement": one.requirement.id, "file": one.file, "text": one.text}
            for one in write_prompts(workspace, [milestone.id for milestone in milestones])
        )
    written += (
        {"candidate": one.place.name, "frame": one.frame, "file": one.file, "text": one.text}
        for one in tasks.candidate_prompts(around, places)
    )
    if json:
        console.answer_json(written)
        return
    for one in written:
        console.answer(str(one["file"]))


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
