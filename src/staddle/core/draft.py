"""What could be read of a document, by place, and what is wrong with it; rules that span places look here."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .document import Fault, Path
from .names import quoted

MOST_FAULTS = 200


class Entry(NamedTuple):
    """A value as read, with its place."""

    path: Path
    line: int
    value: object


class EnoughFaults(Exception):
    """There are so many faults that more of them help nobody."""


class Draft:
    """Values and faults by place; a faulty value is not among the values."""

    def __init__(self) -> None:
        self._entries: dict[Path, Entry] = {}
        self._refused: list[tuple[int, Path, str]] = []

    def keep(self, line: int, path: Path, value: object) -> None:
        """Note a value that was read."""
        self._entries[path] = Entry(path, line, value)

    def refuse(self, line: int, path: Path, message: str) -> None:
        """Note a fault; raises EnoughFaults after the last that is of use."""
        self._refused.append((line, path, message))
        if len(self._refused) >= MOST_FAULTS:
            raise EnoughFaults

    def faults(self) -> list[Fault]:
        """Every fault so far."""
        return [Fault(line, self._trail(path), message) for line, path, message in self._refused]

    def value(self, *path: str | int) -> object:
        """The value read at `path`; None when there is none."""
        entry = self._entries.get(path)
        return entry.value if entry else None

    def text(self, *path: str | int) -> str | None:
        """The text read at `path`; None when there is none."""
        value = self.value(*path)
        return value if isinstance(value, str) else None

    def each(self, pattern: str) -> Iterator[Entry]:
        """What was read at the places that match `milestones.*.branch`, in the file's order."""
        wanted = pattern.split(".")
        for path, entry in self._entries.items():
            if len(path) == len(wanted) and all(want in ("*", step) for want, step in zip(wanted, path, strict=True)):
                yield entry

    def _trail(self, path: Path) -> str:
        """`M3.branch` for ("milestones", 2, "branch"): an element of a list is called by its id where it has one."""
        parts: list[str] = []
        for end, step in enumerate(path, 1):
            if isinstance(step, str):
                parts.append(step if re.fullmatch(r"[\w-]{1,60}", step) else quoted(step))
            elif label := self.text(*path[:end], "id"):
                parts[-1] = label
            else:
                parts[-1] += f"[{step}]"
        return ".".join(parts)
