"""The options that several verbs share, and the completion of what targets can name."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import StaddleError

if TYPE_CHECKING:
    from ..flows.whereabouts import Whereabouts


def milestone_names(incomplete: str) -> list[str]:
    """The plan's milestones, for the shell to complete."""
    from ..flows.workspace import find_plan

    try:
        milestones = find_plan(None).plan.milestones
    except StaddleError:
        return []
    return _beginning(incomplete, (milestone.id.lower() for milestone in milestones))


def run_names(incomplete: str) -> list[str]:
    """The runs that have not ended, for the shell to complete."""
    return _beginning(incomplete, _known(lambda around: (one.run.id for one in around.places)))


def candidate_names(context: typer.Context, incomplete: str) -> list[str]:
    """Their candidates; those of the run alone that the line names already."""
    run = context.params.get("run")
    return _beginning(
        incomplete, _known(lambda around: (one.name for one in around.places if run in (None, one.run.id)))
    )


def _all_names(incomplete: str) -> list[str]:
    return _beginning(incomplete, _known(lambda around: around.names))


def _known(names: Callable[["Whereabouts"], Iterable[str]]) -> Iterable[str]:
    from ..flows.whereabouts import look_around

    try:
        return names(look_around(None))
    except StaddleError:
        return ()


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete.lower())]


Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="MILESTONE", help="m1 m3 ...; all when none.", autocompletion=milestone_names),
]
Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="MILESTONE", help="m1 m3 ...; at least one.", autocompletion=milestone_names),
]
OneMilestone = Annotated[str, typer.Argument(metavar="MILESTONE", help="m3.", autocompletion=milestone_names)]
Shown = Annotated[
    list[str] | None,
    typer.Argument(metavar="TARGET", help="m3, run42 or run42-b1; all when none.", autocompletion=_all_names),
]
Judgeable = Annotated[
    list[str] | None,
    typer.Argument(metavar="TARGET", help="m3, run42, run42-b1; all milestones when none.", autocompletion=_all_names),
]
Target = Annotated[str, typer.Argument(metavar="TARGET", help="m3 or run42-b1.", autocompletion=_all_names)]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan", envvar="STADDLE_PLAN", show_envvar=False, metavar="FILE", help="Another plan; or STADDLE_PLAN."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
NoFetch = Annotated[bool, typer.Option("--no-fetch", help="Use the remote's branches as last fetched.")]
Task = Annotated[
    str | None, typer.Option("--task", metavar="FILE|TEXT", help="A run's task: a file, words, or a requirement's id.")
]
