"""The verbs about runs: spawn, reconcile, sweep, undo."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer

from .options import AsJson

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A name of your own, run42.")]
Count = Annotated[str, typer.Argument(metavar="N", help="How many candidates, 1 to 64.")]
CandidateName = Annotated[str, typer.Argument(metavar="CANDIDATE", help="b1")]
Survivor = Annotated[str | None, typer.Argument(metavar="SURVIVOR", help="b2 or pqa/run42-b2; none: nothing lands.")]


def spawn(run: RunName, count: Count, json: AsJson = False) -> None:
    from ..core.names import require_run
    from ..core.runs import require_count
    from ..edges import console
    from ..flows.spawn import spawn as make_candidates
    from ..flows.workspace import open_site

    folders = make_candidates(open_site(), require_run(run), require_count(count), tell=console.talk)
    if json:
        console.answer_json([str(folder) for folder in folders])
        return
    for folder in folders:
        console.answer(str(folder))


def reconcile(run: RunName, survivor: Survivor = None, json: AsJson = False) -> None:
    from ..core.names import require_run
    from ..edges import console
    from ..flows.reconcile import End
    from ..flows.reconcile import reconcile as end_run
    from ..flows.workspace import open_site

    done = end_run(open_site(), require_run(run), survivor, tell=console.talk)
    for line in done.kept:
        console.talk(line)
    if json:
        console.answer_json(asdict(done))
    elif done.end is End.NOTHING:
        console.talk(f"there is no run {run}: nothing to do")
    elif done.end is End.CONFLICT:
        console.answer(f"merge conflict: aborted. Survivor branch '{done.branch}' preserved.")
        console.talk(f"  try: git merge {done.branch}, resolve and commit, then: staddle reconcile {run}")
    else:
        if done.end is End.LANDED:
            console.talk(f"{done.branch} landed as {done.commit[:10]}")
        console.answer(f"reconciled run {run}")
    if done.end is End.CONFLICT:
        raise typer.Exit(1)


def sweep(json: AsJson = False) -> None:
    from ..edges import console
    from ..flows.sweep import sweep as sweep_all
    from ..flows.workspace import open_site

    done = sweep_all(open_site(), tell=console.talk)
    if json:
        console.answer_json(done)
        return
    for line in done or ["nothing to sweep"]:
        console.answer(line)


def undo(run: RunName, candidate: CandidateName, json: AsJson = False) -> None:
    from ..core.names import require_run
    from ..core.runs import require_number
    from ..edges import console
    from ..flows.undo import undo as restore
    from ..flows.workspace import open_site

    back = restore(open_site(), require_run(run), require_number(candidate))
    if json:
        console.answer_json(asdict(back))
        return
    with_work = ", its uncommitted work as the last commit" if back.uncommitted else ""
    console.answer(f"restored {back.branch} at {back.commit[:10]}{with_work}")


COMMANDS: dict[str, Callable[..., None]] = {"spawn": spawn, "reconcile": reconcile, "sweep": sweep, "undo": undo}
