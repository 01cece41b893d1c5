"""The verb that says what is to be done in the trees: prompts."""

from collections.abc import Callable

from .options import AsJson, Judgeable, PlanFile, Task


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


COMMANDS: dict[str, Callable[..., None]] = {"prompts": prompts}
