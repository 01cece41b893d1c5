"""Globs: which paths those of a plan mean, `app/treasury/**`."""

import re
from fnmatch import fnmatchcase


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether one of `globs` means `path`; both are relative to the checkout.

    `**` stands for any number of folders, `*`, `?` and `[...]` stay within a name; a glob that means a folder means all
    that is in it. Each name is compared once with each step, so that no glob is slow.
    """
    return any(_matches(path, glob) for glob in globs)


def _matches(path: str, glob: str) -> bool:
    steps = re.sub(r"(^|/)\*\*$", r"\1*", glob).split("/")
    places = _reached({0}, steps)
    for name in path.split("/"):
        kept = {place for place in places if steps[place] == "**"}
        places = _reached(kept | {place + 1 for place in places if fnmatchcase(name, steps[place])}, steps)
        if len(steps) in places:
            return True
    return False


def _reached(places: set[int], steps: list[str]) -> set[int]:
    """The places in a glob where its next name may be looked for: `**` may stand for no folder at all."""
    for place, step in enumerate(steps):
        if place in places and step == "**":
            places.add(place + 1)
    return places
