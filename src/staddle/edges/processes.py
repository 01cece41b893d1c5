"""Living processes, read from /proc: who stands in a folder."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A living process: its id and the name of its program."""

    pid: int
    name: str


def standing_in(folder: Path) -> list[Process]:
    """Every process, ourselves excepted, whose working directory is `folder` or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            place = (process / "cwd").readlink()
            if place.is_relative_to(folder) and int(process.name) != os.getpid():
                found.append(Process(int(process.name), (process / "comm").read_text().strip()))
    return found
