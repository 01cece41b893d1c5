"""A document before anybody knows what it means: texts, lists and mappings, each with its line."""

from typing import NamedTuple

Path = tuple[str | int, ...]
"""Where something stands in a document: keys, and positions from 0 in lists."""


class Scalar(NamedTuple):
    """One text; `plain` when it was written without quotes, so that it may stand for a number or nothing."""

    line: int
    text: str
    plain: bool


class Sequence(NamedTuple):
    """A list."""

    line: int
    items: "tuple[Node, ...]"


class Mapping(NamedTuple):
    """Pairs of key and value, no key twice."""

    line: int
    pairs: "tuple[tuple[Scalar, Node], ...]"


class Broken(NamedTuple):
    """A place whose fault is already reported."""

    line: int


Node = Scalar | Sequence | Mapping | Broken


class Fault(NamedTuple):
    """What is wrong in which line; `trail` names the place as `M3.branch`, empty where there is none."""

    line: int
    trail: str
    message: str

    def show(self, file: str) -> str:
        """`milestones.yaml:14: M3.branch: message`."""
        return ": ".join(part for part in (f"{file}:{self.line}", self.trail, self.message) if part)
