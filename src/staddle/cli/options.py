"""The options that several verbs share, and the completion of milestones' names."""

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import StaddleError


def _names(incomplete: str) -> list[str]:
    from ..flows.workspace import find_plan

    try:
        milestones = find_plan(None).plan.milestones
    except StaddleError:
        return []
    return [name for milestone in milestones if (name := milestone.id.lower()).startswith(incomplete.lower())]


Targets = Annotated[
    list[str] | None, typer.Argument(metavar="MILESTONE", help="m1 m3 ...; all when none.", autocompletion=_names)
]
Named = Annotated[
    list[str] | None, typer.Argument(metavar="MILESTONE", help="m1 m3 ...; at least one.", autocompletion=_names)
]
Target = Annotated[str, typer.Argument(metavar="MILESTONE", help="m3", autocompletion=_names)]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", envvar="STADDLE_PLAN", metavar="FILE", help="Another plan than the main tree's."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
NoFetch = Annotated[bool, typer.Option("--no-fetch", help="Use the remote's branches as last fetched.")]
