"""Clearance: whether files that git does not track stand where it would write; looking changes nothing."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import Refused
from ..core.names import shell
from ..edges.objects import Change


def require_free(folder: Path, changes: Sequence[Change]) -> None:
    """Refused when a file that git does not track, ignored or not, stands where one of these changes brings one."""
    going = {change.path for change in changes if change.deleted}
    standing = [change.path for change in changes if change.added and _in_the_way(folder, change.path, going)]
    if standing:
        what = f"{folder} holds files that would be overwritten: {', '.join(standing[:3])}"
        raise Refused("in-the-way", what, f"git -C {shell(folder)} status --ignored, and move them aside")


def _in_the_way(folder: Path, path: str, going: set[str]) -> bool:
    """Whether something stands at `path`, or where one of its folders has to be, that is not `going` itself."""
    parts = path.split("/")
    for above in ("/".join(parts[:depth]) for depth in range(1, len(parts))):
        place = folder / above
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return above not in going
    place = folder / path
    if place.is_dir() and not place.is_symlink():
        inside = (Path(home, name).relative_to(folder) for home, _, names in os.walk(place) for name in names)
        return any(str(name) not in going for name in inside)
    return os.path.lexists(place)
