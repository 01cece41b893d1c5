"""The verbs that bring work to the base: land, train."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import StaddleError, UsageError, WorkFailed
from .options import AsJson, DryRun, Named, NoFetch, PlanFile, Targets

if TYPE_CHECKING:
    from ..edges.forge import Forge
    from ..flows.land import Landed
    from ..flows.workspace import Workspace

Upto = Annotated[str | None, typer.Option("--upto", metavar="FR-ID", help="Land up to this requirement.")]
NoGate = Annotated[bool, typer.Option("--no-gate", help="Leave the checks out; the commits say so.")]
NoSync = Annotated[bool, typer.Option("--no-sync", help="Leave the other trees where they are.")]
Wait = Annotated[
    float | None,
    typer.Option("--wait", metavar="SECONDS", min=1, help="On a forge: wait so long for approval and checks."),
]
RemoveToo = Annotated[bool, typer.Option("--remove", help="Then remove the trees of what is done.")]


def land(
    targets: Named = None,
    plan: PlanFile = None,
    upto: Upto = None,
    wait: Wait = None,
    no_gate: NoGate = False,
    no_fetch: NoFetch = False,
    no_sync: NoSync = False,
    remove: RemoveToo = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.forging import land_by_requests
    from ..flows.land import Wanted
    from ..flows.land import land as land_one
    from ..flows.workspace import open_workspace

    workspace = open_workspace(plan)
    workspace.require_named(targets or [], "land")
    forge = _forge(workspace, wait)
    wanted = Wanted(upto, gate=not no_gate, fetch=not no_fetch, dry_run=dry_run)
    done: list[Landed] = []
    for milestone in workspace.chosen(targets or []):
        name = milestone.id.lower()
        try:
            if forge and not dry_run:
                done.append(land_by_requests(workspace, forge, name, wanted, wait=wait, tell=console.talk))
            else:
                done.append(land_one(workspace, name, wanted, tell=console.talk))
        except StaddleError:
            if done:  # what has landed before it is told of all the same
                _end(workspace, done, sync=not no_sync, remove=remove, json=json)
            raise
        if not done[-1].well:
            break
    _end(workspace, done, sync=not no_sync, remove=remove, json=json)


def train(
    targets: Targets = None,
    plan: PlanFile = None,
    wait: Wait = None,
    no_gate: NoGate = False,
    no_fetch: NoFetch = False,
    no_sync: NoSync = False,
    remove: RemoveToo = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.train import Wanted
    from ..flows.train import train as land_together
    from ..flows.workspace import open_workspace

    workspace = open_workspace(plan)
    forge = _forge(workspace, wait)
    wanted = Wanted(forge, wait, gate=not no_gate, fetch=not no_fetch, dry_run=dry_run)
    done = land_together(workspace, targets or [], wanted, tell=console.talk)
    _end(workspace, done, sync=not no_sync, remove=remove, json=json)


def _forge(workspace: "Workspace", wait: float | None) -> "Forge | None":
    """The forge that the remote is on, if it is on one; UsageError when there is none to wait for."""
    from ..edges.forge import Forge

    found = Forge.of(workspace.git, workspace.plan)
    if wait and not found:
        raise UsageError("there is no forge to wait for: the remote is on none", "run it again without --wait")
    return found


def _end(workspace: "Workspace", done: "Sequence[Landed]", *, sync: bool, remove: bool, json: bool) -> None:
    """Show what became of each milestone, and see to the other trees; WorkFailed when one did not land."""
    from ..edges import console

    if json:
        console.answer_json([asdict(one) | {"well": one.well} for one in done])
    else:
        for one in done:
            did = "would land" if one.did == "ready" else one.did
            console.answer(f"{one.name}: {did}{f', {one.why}' if one.why else ''}")
            for commit in one.commits:
                console.answer(f"  {commit.oid[:10]} {commit.subject}")
    if any(one.did == "landed" for one in done):
        _afterwards(workspace, done, sync=sync, remove=remove)
    if bad := [one for one in done if not one.well]:
        name = bad[0].name
        ways = {
            "conflict": f"staddle sync {name} --manual",
            "red": f"staddle verify {name}",
            "refused": f"staddle status {name}",
            "busy": f"staddle train {name}, once that has ended",
        }
        what = f"did not land: {', '.join(f'{one.name} ({one.did})' for one in bad)}"
        raise WorkFailed(what, ways.get(bad[0].did, f"staddle land {name} --dry-run"))


def _afterwards(workspace: "Workspace", done: "Sequence[Landed]", *, sync: bool, remove: bool) -> None:
    """The other trees brought up to the base, and those of what is done removed or named."""
    from ..edges import console
    from ..flows.land import finished
    from ..flows.remove import remove as remove_trees
    from ..flows.sync import sync as rebase_all

    if sync:
        moved = rebase_all(workspace, [], fetch=False, tell=console.talk)
        for one in moved:
            if not one.well:
                console.talk(f"{one.name} stays as it was: {one.did}, {one.note}")
    names = [one.name for one in done if one.did == "landed" and finished(workspace, one.name)]
    if names and remove:
        for gone in remove_trees(workspace, names, dry_run=False):
            console.talk(f"removed {gone.folder}")
    elif names:
        console.talk(f"done, and can go: staddle remove {' '.join(names)}")


COMMANDS: dict[str, Callable[..., None]] = {"land": land, "train": train}
