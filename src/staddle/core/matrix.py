"""Matrix: which trees get in each other's way - every pair in a cell, and all of them one after another."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from .names import Oid, quoted

WIDTH = 80
GAP = 2
"""Columns of a terminal, and those between two of a table's."""

MOST_NAMED = 5
BASE, TURN = "base", "in turn"


@dataclass(frozen=True)
class Side:
    """What one tree holds, as a commit, or why that cannot be told; `note` says what is not as one would think.

    Of sides with the same `rivals`, candidates of one run, only one will ever land.
    """

    name: str
    commit: Oid | None
    note: str = ""
    why: str = ""
    rivals: str = ""


@dataclass(frozen=True)
class Cell:
    """Two sides together: files in conflict, files that both change though they merge, or why it cannot be told."""

    one: str
    other: str
    conflict: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    schema: bool = False
    why: str = ""

    @property
    def word(self) -> str:
        """ok, `C 2` files in conflict, `~ 2` changed by both, `?`; `!` where a side changes the schema."""
        if self.why:
            return "?"
        mark = "!" if self.schema else ""
        if self.conflict or self.shared:
            return f"C {len(self.conflict)}{mark}" if self.conflict else f"~ {len(self.shared)}{mark}"
        return mark or "ok"


@dataclass(frozen=True)
class Turn:
    """One side on top of those that land before it: files in conflict, and beside which of them; none is the base."""

    name: str
    conflict: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    why: str = ""

    @property
    def word(self) -> str:
        """ok, `C 2` files in conflict, or `?`."""
        return "?" if self.why else f"C {len(self.conflict)}" if self.conflict else "ok"


@dataclass(frozen=True)
class Matrix:
    """The sides asked about against the base and all sides; `idle` are those that change nothing.

    `changing` has the files that each side would change on the base, `notes` what is odd about a side.
    """

    base: str
    asked: tuple[str, ...]
    sides: tuple[str, ...]
    cells: tuple[Cell, ...]
    turns: tuple[Turn, ...]
    changing: Mapping[str, tuple[str, ...]]
    idle: tuple[str, ...]
    notes: Mapping[str, str]

    @property
    def clashes(self) -> tuple[Cell, ...]:
        """The cells in conflict; a pair's without the files that a side has in conflict with the base anyway.

        In those it would clash with every tree that has come after the base.
        """
        with_base = [cell for cell in self.cells if self.base in (cell.one, cell.other)]
        known = {name: cell.conflict for cell in with_base for name in (cell.one, cell.other)}

        def left(cell: Cell) -> tuple[str, ...]:
            anyway = () if cell in with_base else (*known.get(cell.one, ()), *known.get(cell.other, ()))
            return tuple(file for file in cell.conflict if file not in anyway)

        return tuple(replace(cell, conflict=left(cell)) for cell in self.cells if left(cell))

    @property
    def conflicts(self) -> int:
        """How many conflicts there are, those that show only in turn included."""
        return len(self.clashes) + sum(len(one.partners) > 1 for one in self.turns)

    @property
    def unknown(self) -> int:
        """How many questions have no answer."""
        return sum(bool(one.why) for one in chain[Cell | Turn](self.cells, self.turns))

    def conflicts_of(self, name: str) -> dict[str, tuple[str, ...]]:
        """With whom `name` is in conflict, and about which files."""
        own = (cell for cell in self.clashes if name in (cell.one, cell.other))
        return {cell.other if cell.one == name else cell.one: cell.conflict for cell in own}


def culprits(landed: Sequence[str], clashes: Callable[[tuple[str, ...]], bool]) -> tuple[str, ...]:
    """Those of `landed` that a side clashes with, no more than it takes; none when it clashes with the base alone."""
    needed: tuple[str, ...] = ()
    while not clashes(needed):
        ends = range(len(landed))
        last = next((end for end in ends if clashes((*landed[: end + 1], *needed))), None)
        if last is None:
            break
        landed, needed = landed[:last], (landed[last], *needed)
    return needed


def grid(matrix: Matrix) -> tuple[list[str], list[list[str]]] | None:
    """The heads and rows of a square table; None when a terminal is too narrow for it."""
    others = [name for name in matrix.sides if name not in matrix.asked or len(matrix.asked) > 1]
    words = {pair: one.word for one in matrix.cells for pair in ((one.one, one.other), (one.other, one.one))}
    turns = {one.name: one.word for one in matrix.turns}
    heads = ["", BASE, *others, *([TURN] if turns else [])]
    rows = [
        [
            name,
            *(words.get((name, other), "") for other in (matrix.base, *others)),
            *([turns.get(name, "")] * bool(turns)),
        ]
        for name in matrix.asked
        if name in matrix.sides
    ]
    widths = (max(map(len, column)) for column in zip(heads, *rows, strict=True))
    return (heads, rows) if sum(widths) + GAP * (len(heads) - 1) <= WIDTH else None


def pairs(matrix: Matrix) -> tuple[list[str], list[list[str]]]:
    """The heads and rows of a list of the pairs that are not simply well."""
    return ["", "with", ""], [[one.one, one.other, one.word] for one in matrix.cells if one.word != "ok"]


def told(matrix: Matrix) -> Iterator[str]:
    """A line on each conflict, on each question without an answer, and on each side that is not as one would think."""
    for one in matrix.clashes:
        yield f"{one.one} and {one.other} conflict: {named(one.conflict)}"
    for turn in matrix.turns:
        if len(turn.partners) > 1:
            yield f"{turn.name} conflicts once {' and '.join(turn.partners)} have landed: {named(turn.conflict)}"
    unanswered: dict[str, list[str]] = {}
    for one in matrix.cells:
        if one.why:
            unanswered.setdefault(one.why, []).append(f"{one.one} and {one.other}")
    for turn in matrix.turns:
        if turn.why:
            unanswered.setdefault(turn.why, []).append(f"{turn.name} in turn")
    for why, where in unanswered.items():
        yield f"? {named(where)}: {why}"
    for name, note in matrix.notes.items():
        yield f"{name}: {note}"


def summary(matrix: Matrix) -> str:
    """What was compared, and what came out, in a line."""
    count, unknown = matrix.conflicts, f", {matrix.unknown} unknown" if matrix.unknown else ""
    idle = f"; without changes of their own: {', '.join(matrix.idle)}" if matrix.idle else ""
    return f"{_count(len(matrix.cells), 'pair')}: {_count(count, 'conflict')}{unknown}{idle}"


def named(things: Iterable[str]) -> str:
    """The first of them, and how many more there are; what a terminal would obey is quoted."""
    first = [thing if thing.isprintable() else quoted(thing) for thing in things]
    more = f" and {len(first) - MOST_NAMED} more" if len(first) > MOST_NAMED else ""
    return ", ".join(first[:MOST_NAMED]) + more


def _count(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'s' * (count != 1)}"
