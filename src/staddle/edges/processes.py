"""Living processes and mounts, read from /proc: who stands in a folder, who bears a mark, what is mounted there."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A living process: its id, the name of its program, and the folder that it stands in."""

    pid: int
    name: str
    place: Path


def mounts_below(folder: Path) -> list[Path]:
    """Every place below `folder` where another file system is mounted."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    places = [Path(line.split(" ")[4].encode().decode("unicode_escape")) for line in lines]
    return [place for place in places if place.is_relative_to(folder)]


def standing_in(*folders: Path) -> list[Process]:
    """Every process, ourselves excepted, whose working directory is one of `folders` or below it."""
    below, found = tuple(f"{folder}/" for folder in folders), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            place = (process / "cwd").readlink()
            if f"{place}/".startswith(below) and int(process.name) != os.getpid():
                found.append(Process(int(process.name), (process / "comm").read_text().strip(), place))
    return found


def any_bears(variable: str, places: Sequence[str]) -> bool:
    """Whether some process was started with a variable that names one of `places`, or one below it; never waits."""
    named = b"|".join(re.escape(os.fsencode(place)) for place in places)
    mark = re.compile(rb"\0%b=(%b)[/\0]" % (variable.encode(), named))
    for process in os.scandir("/proc"):
        with suppress(OSError):
            if process.name.isdecimal() and mark.search(b"\0" + Path(process.path, "environ").read_bytes()):
                return True
    return False
