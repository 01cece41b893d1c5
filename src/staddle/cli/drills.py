"""The verb that tries the promises out: drill."""

from collections.abc import Callable
from typing import Annotated

import typer

from .options import AsJson

FIRST_FAILURES = 3
Quick = Annotated[bool, typer.Option("--quick", help="About a dozen places of each command, not all of them.")]
Modes = Annotated[
    list[str] | None,
    typer.Option(
        "--mode",
        metavar="NAME",
        help="kill and torn, if none; or group, self, term, int, hup, enospc, eio.",
    ),
]


def drill(quick: Quick = False, mode: Modes = None, json: AsJson = False) -> None:
    from dataclasses import asdict

    from ..edges import console
    from ..flows.drill import drill as try_out
    from ..flows.workspace import open_site

    rows = try_out(open_site().git, mode or [], quick=quick, tell=console.talk)
    failures = [failure for row in rows for failure in row.failures]
    if json:
        plain = [asdict(row) | {"failures": [failure.plain() for failure in row.failures]} for row in rows]
        console.answer_json(plain)
    else:
        table = [(row.command, row.mode, str(row.points), str(len(row.failures))) for row in rows]
        console.table(("command", "mode", "points", "failures"), table)
        for failure in failures[:FIRST_FAILURES]:
            console.answer(f"\n{failure}")
    if failures:
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {"drill": drill}
