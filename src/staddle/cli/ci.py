"""The verb for the forge's own runs of the checks: ci."""

from collections.abc import Callable
from typing import Annotated

import typer

from ..core.errors import WorkFailed
from .options import AsJson, PlanFile

Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit code 1 when the file is not as it should be.")
]
Stdout = Annotated[bool, typer.Option("--stdout", help="Print it; write nothing.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that staddle did not write.")]


def ci(
    plan: PlanFile = None, check: Check = False, stdout: Stdout = False, force: Force = False, json: AsJson = False
) -> None:
    from ..edges import console
    from ..flows.ci import workflow
    from ..flows.workspace import open_workspace

    file = workflow(open_workspace(plan))
    if stdout and not check:
        console.answer(file.wanted.rstrip("\n"))
        return
    did = "unchanged" if file.is_current else "drifted" if check else "wrote"
    if did == "wrote":
        file.write(force=force)
    if json:
        console.answer_json({"path": file.path, "did": did, "diff": file.diff})
    elif did == "drifted":
        console.answer(file.diff)
    else:
        console.answer(f"{did} {file.path}")
    if did == "drifted":
        raise WorkFailed(f"{file.path} is not what the plan makes of it", "staddle ci, and commit what it writes")


COMMANDS: dict[str, Callable[..., None]] = {"ci": ci}
