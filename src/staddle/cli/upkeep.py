"""Verbs that keep trees in step: sync."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, NoFetch, PlanFile, Targets

UndoSync = Annotated[bool, typer.Option("--undo", help="Put back what the last sync moved.")]


def sync(
    targets: Targets = None,
    plan: PlanFile = None,
    no_fetch: NoFetch = False,
    undo: UndoSync = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.sync import sync as rebase_all
    from ..flows.sync import undo_sync
    from ..flows.workspace import open_workspace

    workspace = open_workspace(plan)
    if undo and targets:
        raise UsageError("--undo takes the whole of the last sync back", "staddle sync --undo")
    done = undo_sync(workspace) if undo else rebase_all(workspace, targets or [], fetch=not no_fetch, tell=console.talk)
    if json:
        console.answer_json([asdict(one) | {"well": one.well} for one in done])
    else:
        console.table(("", "tree", "note"), [(one.name, one.did, one.note) for one in done])
    if bad := [one.name for one in done if not one.well]:
        raise WorkFailed(f"left as they were: {', '.join(bad)}", f'cd "$(staddle path {bad[0]})" && git rebase')


COMMANDS: dict[str, Callable[..., None]] = {"sync": sync}
