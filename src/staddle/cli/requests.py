"""The verb for what is on the forge: pr."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from .options import AsJson, DryRun, Named, PlanFile

Draft = Annotated[bool, typer.Option("--draft", help="Open it as a draft.")]


def pr(
    targets: Named = None,
    plan: PlanFile = None,
    draft: Draft = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.offering import summary
    from ..flows.pr import pr as propose
    from ..flows.workspace import open_workspace

    workspace = open_workspace(plan)
    workspace.require_named(targets or [], "pr")
    done = [
        propose(workspace, one.id.lower(), draft=draft, dry_run=dry_run, tell=console.talk)
        for one in workspace.chosen(targets or [])
    ]
    if json:
        requests = [one.request and summary(one.request) for one in done]
        console.answer_json([asdict(one) | {"request": found} for one, found in zip(done, requests, strict=True)])
        return
    for one in done:
        console.talk(f"{one.name}: {one.did}: {one.title}")
        if one.request:
            console.answer(one.request.url)
        if dry_run:
            console.answer(one.body)


COMMANDS: dict[str, Callable[..., None]] = {"pr": pr}
