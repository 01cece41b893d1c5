"""Verbs that keep trees in step: sync."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, DryRun, NoFetch, PlanFile, milestone_names

if TYPE_CHECKING:
    from pathlib import Path

    from ..flows.manual import Step

Synced = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[MILESTONE]... [FILE]...",
        help="m1 m3 ...; all when none. With --take one, and its files.",
        autocompletion=milestone_names,
    ),
]
UndoSync = Annotated[bool, typer.Option("--undo", help="Put back what the last sync moved.")]
Manual = Annotated[bool, typer.Option("--manual", help="If it conflicts, start git's rebase in its tree.")]
Continue = Annotated[bool, typer.Option("--continue", help="Commit what was resolved, and go on.")]
Abort = Annotated[bool, typer.Option("--abort", help="Give the rebase up: all as it was.")]
Take = Annotated[
    str | None,
    typer.Option("--take", metavar="base|mine", help="Decide files in conflict, or all, for one side."),
]


def sync(
    targets: Synced = None,
    plan: PlanFile = None,
    no_fetch: NoFetch = False,
    dry_run: DryRun = False,
    undo: UndoSync = False,
    manual: Manual = False,
    go_on: Continue = False,
    abort: Abort = False,
    take: Take = None,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.sync import sync as rebase_all
    from ..flows.sync import undo_sync
    from ..flows.workspace import open_workspace

    names = targets or []
    if [dry_run, undo, manual, go_on, abort, take is not None].count(True) > 1:
        raise UsageError("these options do not go together", "staddle sync --help")
    if manual or go_on or abort or take:
        _by_hand(names, plan, fetch=not no_fetch, manual=manual, go_on=go_on, take=take, json=json)
        return
    workspace = open_workspace(plan)
    if undo and targets:
        raise UsageError("--undo takes the whole of the last sync back", "staddle sync --undo")
    done = (
        undo_sync(workspace)
        if undo
        else rebase_all(workspace, names, fetch=not no_fetch, tell=console.talk, dry_run=dry_run)
    )
    if json:
        console.answer_json([asdict(one) | {"well": one.well} for one in done])
    else:
        words = {"moved": "would move"} if dry_run else {}
        console.table(("", "tree", "note"), [(one.name, words.get(one.did, one.did), one.note) for one in done])
    if bad := [one for one in done if not one.well]:
        first = next((one.name for one in bad if one.did == "conflict"), None)
        left = ", ".join(one.name for one in bad)
        raise WorkFailed(
            f"{'would stay' if dry_run else 'left'} as they were: {left}",
            f"staddle sync {first} --manual" if first else f"staddle status {bad[0].name}",
        )


def _by_hand(
    names: list[str], plan: "Path | None", *, fetch: bool, manual: bool, go_on: bool, take: str | None, json: bool
) -> None:
    """The steps of a manual sync, all of one milestone."""
    from ..edges import console
    from ..flows import manual as steps
    from ..flows.workspace import open_workspace

    workspace = open_workspace(plan)
    if not names or (len(names) > 1 and take is None):
        how = f"--take {take}" if take else "--manual" if manual else "--continue" if go_on else "--abort"
        meant = names or steps.under_way(workspace)
        what = f"{how} is for one milestone{', and no rebase is under way' * (not meant)}"
        raise UsageError(what, f"staddle sync {meant[0]} {how}" if meant else "staddle status")
    name, *files = names
    if take:
        step = steps.take(workspace, name, take, files)
    elif go_on:
        step = steps.go_on(workspace, name)
    else:
        step = (
            steps.begin(workspace, name, fetch=fetch, tell=console.talk) if manual else steps.give_up(workspace, name)
        )
    _show(step, json=json)
    if not step.synced.well and not take:
        raise WorkFailed(f"{name}: {step.synced.did}")


def _show(step: "Step", *, json: bool) -> None:
    from ..edges import console

    done = step.synced
    if json:
        conflicts = [{"path": one.path, "kind": one.kind} for one in step.conflicts]
        console.answer_json([asdict(done) | {"well": done.well, "conflicts": conflicts}])
        return
    for line in step.guide or (f"{done.name}: {done.did}, {done.note}".removesuffix(", "),):
        console.answer(line)


COMMANDS: dict[str, Callable[..., None]] = {"sync": sync}
