"""Trailers: what git takes for them in a message, and how ours are written."""

import re
from collections.abc import Sequence

_TRAILER = re.compile(r"(?P<key>[A-Za-z0-9-]+)[ \t]*:[ \t]*(?P<value>.*)")
_GITS_OWN = ("Signed-off-by: ", "(cherry picked from commit ")
_RIGHT = (
    re.compile("fixes: #[1-9][0-9]*", re.IGNORECASE),
    re.compile(r"co-authored-by: [^<>\s][^<>]* <[^<>@\s]+@[^<>@\s]+>", re.IGNORECASE),
)
_NEARLY_FIXES = re.compile(r"fix(?:e[sd])?\b[\s:]*(?:issues?\b[\s:]*)?#?(?P<issue>[0-9]+)[.\s]*", re.IGNORECASE)
_NEARLY_AUTHOR = re.compile(r"co-?[ ]?author(?:ed)?(?:[- ]by)?\s*[:\s]\s*(?P<who>\S.*)", re.IGNORECASE)


def are_trailers(paragraph: Sequence[str]) -> bool:
    """Whether git takes a last paragraph for trailers: all of it, or a quarter when one is of git's own making."""
    lines = [(line, line.startswith(_GITS_OWN)) for line in paragraph]
    are = [own or line[:1].isspace() or _TRAILER.fullmatch(line) is not None for line, own in lines]
    return all(are) or (any(own for _, own in lines) and 4 * sum(are) >= len(are))


def right_form(line: str) -> str | None:
    """The line itself when it is right, what it should be when it is nearly one of our trailers, else None.

    Git does not tell keys of trailers apart by their case, so neither is told here.
    """
    if any(right.fullmatch(line) for right in _RIGHT):
        return line
    if found := _NEARLY_FIXES.fullmatch(line):
        return f"Fixes: #{found['issue']}"
    if line.lower().startswith("fixes:"):
        return "Fixes: #42"
    if found := _NEARLY_AUTHOR.fullmatch(line):
        name, _, email = found["who"].partition("<")
        return f"Co-Authored-By: {name.strip() or 'Name'} <{email.rstrip('> ') if '@' in email else 'email'}>"
    return None
