"""The verbs about runs: spawn, reconcile, sweep, undo."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, DryRun, PlanFile, candidate_names, run_names

if TYPE_CHECKING:
    from ..flows.reconcile import Reconciled

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A name of your own, run42.")]
KnownRun = Annotated[
    str, typer.Argument(metavar="RUN", help="A run, or one of its candidates.", autocompletion=run_names)
]
Count = Annotated[str | None, typer.Argument(metavar="N", help="How many candidates, 1 to 64; 3 when nothing says.")]
ModeName = Annotated[str | None, typer.Option("--mode", metavar="MODE", help="worktree, or context: folders alone.")]
UndoTarget = Annotated[str, typer.Argument(metavar="TARGET", help="A candidate, run42-b1, or a milestone, m3.")]
CandidateName = Annotated[str | None, typer.Argument(metavar="CANDIDATE", help="b1, when TARGET is a run's name.")]
Survivor = Annotated[
    str | None,
    typer.Argument(
        metavar="SURVIVOR", help="b2, pqa/run42-b2 or auto; left out: nothing lands.", autocompletion=candidate_names
    ),
]
Target = Annotated[
    str | None, typer.Option("--target", metavar="BRANCH", help="Land there; else where it was spawned.")
]
NoGate = Annotated[bool, typer.Option("--no-gate", help="Land without the plan's checks; the commit says so.")]
Trusting = Annotated[bool, typer.Option("--trust", help="Accept that settings or hooks changed since the spawn.")]
Claim = Annotated[bool, typer.Option("--claim", help="Take over a run of this name that staddle did not make.")]


def spawn(
    run: RunName, count: Count = None, mode: ModeName = None, dry_run: DryRun = False, json: AsJson = False
) -> None:
    from ..core.names import require_run
    from ..core.runs import require_count, require_mode
    from ..edges import console, settings
    from ..flows.spawn import spawn as make_candidates
    from ..flows.workspace import open_site

    site, name = open_site(), require_run(run)
    number = require_count(count) if count else settings.default_count(site.git.main)
    how = require_mode(mode) if mode else settings.default_mode(site.git.main)
    folders = make_candidates(site, name, number, how, dry_run=dry_run, tell=console.talk)
    if json:
        console.answer_json([str(folder) for folder in folders])
        return
    for folder in folders:
        console.answer(str(folder))


def reconcile(
    run: KnownRun,
    survivor: Survivor = None,
    target: Target = None,
    no_gate: NoGate = False,
    trust: Trusting = False,
    claim: Claim = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..core.names import require_run, split_target
    from ..edges import console
    from ..flows.reconcile import Wanted
    from ..flows.reconcile import reconcile as end_run
    from ..flows.workspace import open_site

    if survivor is None and (one := split_target(run)):
        run, survivor = one.run, f"b{one.number}"
    site, name, ranked = open_site(), require_run(run), None
    if survivor == "auto":
        from ..flows.rank import choose_automatically

        number, ranked = choose_automatically(site, name, console.talk, target=target)
        survivor = f"b{number}"
    wanted = Wanted(survivor, target, ranked, gate=not no_gate, trusting=trust, claim=claim)
    if dry_run:
        from ..flows.preview import preview

        lines = preview(site, name, wanted)
        if json:
            console.answer_json(lines)
            return
        for line in lines:
            console.answer(line)
        return
    done = end_run(site, name, wanted, tell=console.talk)
    for line in done.kept:
        console.talk(line)
    if json:
        console.answer_json(asdict(done))
    else:
        _show(run, done)
    if done.end in ("conflict", "red"):
        raise typer.Exit(1)


def _show(run: str, done: "Reconciled") -> None:
    from ..edges import console

    if done.end == "nothing":
        console.talk(f"{done.why}: nothing to do")
    elif done.end == "conflict":
        console.answer(f"merge conflict: aborted. Survivor branch '{done.branch}' preserved.")
        console.talk(f"  in {done.why}")
        console.talk(f"  try, on {done.target}: git merge {done.branch}")
        console.talk(f"  then, when it is committed: staddle reconcile {run}")
    elif done.end == "red":
        console.answer(f"gate red: aborted. Survivor branch '{done.branch}' preserved.")
        console.talk(f"  {done.why}")
        console.talk(f"  try: git switch {done.branch}, mend it, commit, switch back; then: staddle reconcile {run}")
        console.talk(f"  to give it up: git branch -D {done.branch} && staddle reconcile {run}")
    else:
        console.answer(f"reconciled run {run}")


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


def undo(target: UndoTarget, candidate: CandidateName = None, plan: PlanFile = None, json: AsJson = False) -> None:
    from ..core.names import Candidate, require_run, split_target
    from ..core.runs import require_number
    from ..edges import console
    from ..flows import undo as flow
    from ..flows.workspace import open_site, open_workspace

    one = Candidate(require_run(target), require_number(candidate)) if candidate else split_target(target)
    if one is None:
        back = flow.undo_milestone(open_workspace(plan), target, tell=console.talk)
    else:
        back = flow.undo_candidate(open_site(), one)
    if json:
        console.answer_json(asdict(back))
        return
    where = "as the last commit" if one else "in its tree"
    with_work = f", its uncommitted work {where}" if back.uncommitted else ""
    console.answer(f"restored {back.branch} at {back.commit[:10]}{with_work}")
    if back.also:
        console.answer(f"restored {back.also}, where its tree had gone on")
    if one is not None:
        console.talk(f"  try: git log {back.branch}; to land it: git merge --no-ff {back.branch}")


COMMANDS: dict[str, Callable[..., None]] = {"spawn": spawn, "reconcile": reconcile, "sweep": sweep, "undo": undo}
