"""Ranking: which of several candidates is to survive, by what was seen of each; or that nobody can tell.

The order is lexicographic, never a weighted sum, so that each place has one reason. Candidates that pass the same
tests form a group; a group's score is its size times the tests passed, those alone that a second candidate passes
as well: whoever brings a wrong test to a wrong answer, or many tests, gains nothing by it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from .names import Oid

FASTER = 1.2
"""Beyond this ratio one suite is slower than another; below, the clock is not believed."""


@dataclass(frozen=True)
class Entrant:
    """What was seen of one candidate.

    `tree` is its content merged with the target, None in conflict. Three things, empty when all is well, keep it from
    winning: `fault`, why it may not land; `altered`, the target's tests that it changed or keeps from running;
    `broken`, why the target's own tests are not green on it. `passes` are the pooled new tests it passes;
    `requirement` tells whether the requirement's test is green, None without one; `lines` and `files` count what it
    changes outside tests; `seconds` is what its checks took.
    """

    number: int
    tree: Oid | None
    fault: str = ""
    altered: tuple[str, ...] = ()
    broken: str = ""
    passes: frozenset[str] = frozenset()
    requirement: bool | None = None
    lines: int = 0
    files: int = 0
    seconds: float = 0.0

    @property
    def may_win(self) -> bool:
        """Whether nothing keeps it from winning."""
        return not (self.fault or self.altered or self.broken)


@dataclass(frozen=True)
class Place:
    """A candidate's place, from 1; `tests` times `group` is its score, zeros for one that cannot win."""

    place: int
    number: int
    tests: int
    group: int
    why: str


@dataclass(frozen=True)
class Ranking:
    """All candidates by place, the winner's number, and why it is that one.

    Without a winner `why` says why not, and `test` names one that tells those in front apart, empty without any.
    """

    places: tuple[Place, ...]
    winner: int | None
    why: str
    test: str = ""


def rank(entrants: Iterable[Entrant]) -> Ranking:
    """Rank the candidates, in whatever order they are given."""
    standing = _Standing(list(entrants))
    ordered = standing.ordered()
    places = tuple(
        Place(at, one.number, *standing.parts(one), standing.why(one, ordered)) for at, one in enumerate(ordered, 1)
    )
    leaders = [one for one in ordered if one.may_win and standing.first(one) == standing.first(ordered[0])]
    if not leaders:
        return Ranking(places, None, "no candidate is green with the target's own tests as they are")
    first = leaders[0]
    other = next((one for one in leaders if one.passes != first.passes), None)
    if other is None:
        tests, group = standing.parts(first)
        agreed = f"{tests} agreed tests x {group} candidates; " if tests else ""
        return Ranking(places, first.number, agreed + places[0].why)
    test = min(first.passes ^ other.passes)
    passing, failing = (first, other) if test in first.passes else (other, first)
    why = f"b{first.number} and b{other.number} are level and differ: b{passing.number} passes {test}"
    return Ranking(places, None, f"{why}, b{failing.number} does not", test)


class _Standing:
    """The votes that the candidates give each other, and the order that follows."""

    def __init__(self, entrants: Sequence[Entrant]) -> None:
        self._entrants = entrants
        voters = [one for one in entrants if one.may_win]
        self._groups = Counter(one.passes for one in voters)
        passed = Counter(test for one in voters for test in one.passes)
        self._vouched = {test for test, count in passed.items() if count > 1}

    def parts(self, one: Entrant) -> tuple[int, int]:
        """The two factors of its score: the tests that count, and the size of its group."""
        return (len(one.passes & self._vouched), self._groups[one.passes]) if one.may_win else (0, 0)

    def first(self, one: Entrant) -> tuple[int, bool, bool, int, bool]:
        """What comes before all that merely breaks ties; the lower, the better."""
        tests, group = self.parts(one)
        return len(one.altered), bool(one.fault), bool(one.broken), -tests * group, one.requirement is not True

    def ordered(self) -> list[Entrant]:
        """All of them, the best in front."""

        def key(one: Entrant) -> tuple[object, ...]:
            return *self.first(one), one.lines, one.files

        found: list[Entrant] = []
        for _, level in groupby(sorted(self._entrants, key=key), key):
            left = sorted(level, key=lambda one: one.number)
            while left:
                limit = min(one.seconds for one in left) * FASTER
                found += [one for one in left if one.seconds <= limit]
                left = [one for one in left if one.seconds > limit]
        return found

    def why(self, one: Entrant, ordered: Sequence[Entrant]) -> str:
        """Why it stands where it stands, on a line."""
        if one.altered:
            return f"alters the target's tests: {', '.join(one.altered)}"
        if one.fault or one.broken:
            return one.fault or one.broken
        first = ordered[0]
        if one is not first:
            twin = next(other for other in ordered if other is one or other.tree == one.tree)
            return f"same content as b{twin.number}" if twin is not one else self._behind(first, one)[1]
        rival = next((other for other in ordered if other.may_win and other.tree != one.tree), None)
        return self._behind(one, rival)[0] if rival else "no other content may win"

    def _behind(self, one: Entrant, other: Entrant) -> tuple[str, str]:
        """Why the one is before the other, and why the other is behind it."""
        (tests, group), (fewer, smaller) = self.parts(one), self.parts(other)
        if tests * group != fewer * smaller:
            return f"before b{other.number}: {fewer} x {smaller}", f"behind b{one.number}: {tests} x {group}"
        if one.requirement != other.requirement:
            return "the requirement's test is green", "the requirement's test is not green"
        if one.passes != other.passes:
            return f"level with b{other.number}, other tests pass", f"level with b{one.number}, other tests pass"
        return _tie(one, other)


_TIES: tuple[tuple[Callable[[Entrant], float], str, str], ...] = (
    (lambda one: one.lines, "smaller diff", "larger diff"),
    (lambda one: one.files, "fewer files", "more files"),
)


def _tie(one: Entrant, other: Entrant) -> tuple[str, str]:
    for size, less, more in _TIES:
        if size(one) != size(other):
            return (
                f"{less} than b{other.number}: {size(one)} < {size(other)}",
                f"{more} than b{one.number}: {size(other)} > {size(one)}",
            )
    if other.seconds > one.seconds * FASTER:
        return f"faster than b{other.number}", f"slower than b{one.number}"
    return f"equal to b{other.number}, lower number", f"equal to b{one.number}, higher number"
