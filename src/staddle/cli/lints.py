"""The verb that holds work to the plan's rules: lint."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, DryRun, OneMilestone, PlanFile, Targets

if TYPE_CHECKING:
    from ..flows.lint import Linted

Range = Annotated[str | None, typer.Option("--range", metavar="A..B", help="These commits, where you stand.")]
Branch = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="Whose they are; with --range also judged, with the paths."),
]
Title = Annotated[str | None, typer.Option("--title", metavar="TEXT", help="A pull request's title.")]
MessageFile = Annotated[
    str | None, typer.Option("--message", metavar="FILE", help="A message as the commit-msg hook has it; - is stdin.")
]
SchemaName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="chore/<project>-schema-NAME; the milestone's, if none.")
]


def lint(
    targets: Targets = None,
    plan: PlanFile = None,
    commits: Range = None,
    title: Title = None,
    message: MessageFile = None,
    branch: Branch = None,
    json: AsJson = False,
) -> None:
    from ..core.policy import Level
    from ..edges import console

    asked = [bool(targets), commits is not None, title is not None, message is not None]
    if sum(asked) > 1:
        raise UsageError("milestones, --range, --title and --message are four questions", "ask one at a time")
    if branch and (targets or not any(asked)):
        raise UsageError("a milestone's branch is in the plan", "--branch goes with --range, --title or --message")
    linted = _linted(targets or [], plan, commits, title, message, branch and branch.removeprefix("refs/heads/"))
    if json:
        console.answer_json(asdict(linted))
    else:
        for one in linted.findings:
            for line in one.lines():
                console.answer(line)
        many = len(linted.findings)
        console.answer(f"{linted.seen}: {many or 'no'} finding{'s' * (many != 1)}")
    if errors := [one for one in linted.findings if one.level is Level.ERROR]:
        raise WorkFailed(f"{len(errors)} rule{'s' * (len(errors) > 1)} broken")


def _linted(
    targets: list[str],
    given: Path | None,
    commits: str | None,
    title: str | None,
    message: str | None,
    branch: str | None,
) -> "Linted":
    from ..flows import lint as flow
    from ..flows.workspace import find_plan, open_site, open_workspace

    if commits is not None:
        return flow.lint_range(open_site(), find_plan(given).plan, commits, branch)
    if title is not None:
        return flow.lint_title(find_plan(given).plan, title, branch)
    if message is not None:
        return flow.lint_draft(open_site(), find_plan(given).plan, _read(message), branch)
    return flow.lint_milestones(open_workspace(given), targets)


def _read(file: str) -> str:
    try:
        found = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"there is no message at {file}", "--message FILE, or - for standard input") from None
    return found.decode(errors="replace")


def split_schema(
    milestone: OneMilestone,
    plan: PlanFile = None,
    name: SchemaName = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    from ..edges import console
    from ..flows.split_schema import split_schema as split_off
    from ..flows.workspace import open_workspace

    split = split_off(open_workspace(plan), milestone, name, dry_run=dry_run)
    if json:
        console.answer_json(asdict(split))
    elif not split.paths:
        console.answer(f"{split.name} changes nothing of the schema that would have to move")
    else:
        for path in split.paths:
            console.answer(path)
        many = f"{split.commits} commit{'s' * (split.commits != 1)}"
        if dry_run:
            console.talk(f"these would move to {split.branch}, and {many} of {split.name} be made again on it")
        else:
            console.talk(
                f"these are on {split.branch} now, and {many} of {split.name} on it; back: staddle sync --undo"
            )


COMMANDS: dict[str, Callable[..., None]] = {"lint": lint, "split-schema": split_schema}
