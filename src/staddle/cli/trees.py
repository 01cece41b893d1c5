"""The verbs about trees: plan, worktrees, path, status, remove."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, DryRun, Named, NoFetch, PlanFile, Shown, Target, Targets

if TYPE_CHECKING:
    from ..flows.rows import Row

Abandon = Annotated[bool, typer.Option("--abandon", help="Also what has not landed; it is kept for 14 days.")]
Recreate = Annotated[bool, typer.Option("--recreate", help="With --abandon: make it anew from the base.")]
HEADS = ("tree", "commits", "changes", "checks", "next")


def plan(targets: Targets = None, plan: PlanFile = None, json: AsJson = False) -> None:
    from ..edges import console
    from ..flows.survey import survey
    from ..flows.workspace import open_workspace

    workspace = open_workspace(plan)
    found = survey(workspace, workspace.chosen(targets or []))
    if json:
        console.answer_json(
            {
                "base": asdict(found.base),
                "milestones": [
                    {
                        "name": finding.name,
                        "tree": finding.folder,
                        "branch": finding.milestone.branch,
                        "state": finding.standing,
                        "note": finding.note,
                    }
                    for finding in found.findings
                ],
                "undeclared": [{"name": member.name, "tree": member.folder} for member in found.undeclared],
            }
        )
        return
    alone = f" (there is no remote {workspace.plan.remote} that is tracked: the base is the local branch)"
    where = "" if found.base.remote else alone
    console.talk(f"{workspace.loaded.path}: base {found.base.name} at {found.base.oid[:10]}{where}")
    rows = [
        (finding.name, finding.standing.value, finding.milestone.branch, finding.note) for finding in found.findings
    ]
    rows += [(member.name, "undeclared", member.branch, f"staddle remove {member.name}") for member in found.undeclared]
    console.table(("", "state", "branch", "note"), rows)


def worktrees(
    targets: Targets = None,
    plan: PlanFile = None,
    no_fetch: NoFetch = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.workspace import open_workspace
    from ..flows.worktrees import worktrees as make_trees

    if dry_run:
        _plan(targets, plan, json)
        return
    outcomes = make_trees(open_workspace(plan), targets or [], fetch=not no_fetch, tell=console.talk)
    if json:
        console.answer_json([asdict(outcome) | {"well": outcome.well} for outcome in outcomes])
    else:
        console.table(("", "tree", "path", "note"), [(o.name, o.did, o.tree, o.note) for o in outcomes])
    if bad := [outcome.name for outcome in outcomes if not outcome.well]:
        raise WorkFailed(f"not as the plan says: {', '.join(bad)}", "staddle plan")


_plan = plan


def path(target: Target, plan: PlanFile = None) -> None:
    from ..edges.console import answer
    from ..flows.whereabouts import look_around

    answer(str(look_around(plan).folder(target)))


def status(targets: Shown = None, plan: PlanFile = None, json: AsJson = False) -> None:
    from ..core.matrix import named
    from ..edges import console
    from ..flows.status import status as read_status
    from ..flows.whereabouts import NOTHING_HERE, look_around

    milestones, candidates = read_status(look_around(plan), targets or [])
    if json:
        console.answer_json([asdict(row) | {"verdict": row.verdict} for row in (*milestones, *candidates)])
        return
    if milestones:
        rows = [_line(row, row.service, behind=f" -{row.behind}") for row in milestones]
        console.table(("", "service", *HEADS), rows)
        told = {frozenset((row.name, other)): files for row in milestones for other, files in row.conflicts.items()}
        for names, files in told.items():
            console.answer(f"{' and '.join(sorted(names))} conflict: {named(files)}")
    if milestones and candidates:
        console.answer("")
    if candidates:
        console.table(("", *HEADS), [_line(row) for row in candidates])
    if not milestones and not candidates:
        console.talk(f"there is nothing to show: {NOTHING_HERE}")


def _line(row: "Row", *of: str, behind: str = "") -> tuple[str, ...]:
    commits = "-" if row.ahead is None else f"+{row.ahead}{behind}"
    changes = f"{row.changed or ''} {f'?{row.untracked}' if row.untracked else ''}".strip()
    return (row.name, *of, row.tree, commits, row.under_way or changes, row.verdict, row.step)


def remove(
    targets: Named = None,
    plan: PlanFile = None,
    abandon: Abandon = False,
    recreate: Recreate = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.abandon import abandon as abandon_trees
    from ..flows.remove import remove as remove_trees
    from ..flows.workspace import open_workspace

    if recreate and not abandon:
        raise UsageError(
            "--recreate goes with --abandon", f"staddle remove --abandon --recreate {' '.join(targets or [])}"
        )
    workspace, names = open_workspace(plan), targets or []
    if abandon:
        going = abandon_trees(workspace, names, recreate=recreate, dry_run=dry_run, tell=console.talk)
    else:
        going = remove_trees(workspace, names, dry_run=dry_run)
    if json:
        console.answer_json([asdict(one) for one in going])
        return
    if not going:
        console.talk(f"there is no tree of {' or '.join(names)}: nothing to do")
    for one in going:
        verb = "would remove" if dry_run else "removed"
        branch = f" and branch {one.branch.name} (was {one.branch.oid[:10]})" if one.branch else ""
        console.answer(f"{one.name}: {verb} {one.folder}{branch}" if not one.refusals else f"{one.name}: refused")
        if one.kept:
            console.answer(f"  what it held is kept for 14 days: staddle undo {one.name}")
        elif dry_run and one.holds and not one.refusals:
            console.answer(f"  what it holds would be kept for 14 days: {one.holds}")
        for reason in one.refusals:
            console.answer(f"  [{reason.code}] {reason.what}; try: {reason.hint}")


COMMANDS: dict[str, Callable[..., None]] = {
    "plan": plan,
    "worktrees": worktrees,
    "path": path,
    "status": status,
    "remove": remove,
}
