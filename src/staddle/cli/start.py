"""The verb to begin with: init."""

from collections.abc import Callable

from .options import DryRun


def init(dry_run: DryRun = False) -> None:
    from pathlib import Path

    from ..edges.console import answer, talk
    from ..flows.init import init as start

    for file in start(Path.cwd(), dry_run=dry_run):
        answer(f"{file.did} {file.path}")
    if not dry_run:
        talk("next: say in milestones.yaml what is planned, then: staddle plan")


COMMANDS: dict[str, Callable[..., None]] = {"init": init}
