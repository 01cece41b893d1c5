"""Set-up: the commands that make a new tree ready for work."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.unit import Ended, Job
from ..edges.state import SECRET_FOLDER
from ..edges.surroundings import clear_half_made, environment
from .workspace import Site

SET_UP_SECONDS = 900.0


def set_up_jobs(
    site: Site, name: str, folder: Path, commands: Sequence[tuple[str, ...]], own: Mapping[str, str]
) -> list[Job]:
    """The jobs that set a tree up, in order. A `.venv` that an interrupted set-up left half made goes first."""
    clear_half_made(folder)
    logs = site.state.folder / "logs" / name
    logs.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
    env = environment(own, folder, with_tools=True)
    return [
        Job(
            unit=site.unit(name, "setup", str(number)),
            argv=argv,
            cwd=folder,
            env=env,
            stdin=None,
            log=logs / f"setup-{number}.log",
            limit=SET_UP_SECONDS,
        )
        for number, argv in enumerate(commands, 1)
    ]


def why_not(ended: Ended, job: Job) -> str:
    """Why a set-up command did not end well, and where to read more."""
    what = f"exit code {ended.rc}" if ended.reason == "exited" else ended.message or ended.reason
    return f"`{' '.join(job.argv)}`: {what}" + f"; see {job.log}" * (not ended.not_found)
