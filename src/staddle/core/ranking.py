"""Ranking: which of several candidates is to survive, by what was seen of each; or that nobody can tell.

The order is lexicographic, never a weighted sum, so that each place has one reason. Candidates that pass the same
tests form a group; a group's score is its size times the tests passed, those alone that two different contents pass:
whoever brings a wrong test to a wrong answer, many tests, or a copy of itself, gains nothing by it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .names import Oid


class Standing(StrEnum):
    """What keeps a candidate from winning, if anything; in the order in which they are shown."""

    PASS = "pass"
    ALTERED = "altered"
    """It alters what it is judged by: a person may choose it, nobody else."""
    BROKEN = "broken"
    FAIL = "fail"
    EMPTY = "empty"


ORDER = tuple(Standing)


@dataclass(frozen=True)
class Entrant:
    """What was seen of one candidate.

    `tree` is its content merged with the target, None without one. Three things, empty when all is well, keep it from
    winning: `fault`, why it may not land; `altered`, what of the target's tests, and of what shapes them, it changed
    or keeps from running; `broken`, why the target's own tests are not green on it. `passes` are the candidates' new
    tests it passes; `requirement` tells whether the requirement's test is green, None without one; `lines` and
    `files` count what it changes outside tests. `empty` tells that it has no commit, `note` what else is to be said.
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
    empty: bool = False
    note: str = ""

    @property
    def standing(self) -> Standing:
        """What keeps it from winning, if anything."""
        if self.empty:
            return Standing.EMPTY
        if self.fault:
            return Standing.FAIL
        if self.broken:
            return Standing.BROKEN
        return Standing.ALTERED if self.altered else Standing.PASS

    @property
    def may_win(self) -> bool:
        """Whether nothing keeps it from winning."""
        return self.standing is Standing.PASS


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

    Without a winner `why` says why not. `rivals` are the two then to be chosen between, or the one that a person alone
    may choose; with `test`, which tells those two apart, the first of them passes it.
    """

    places: tuple[Place, ...]
    winner: int | None
    why: str
    rivals: tuple[int, ...] = ()
    test: str = ""


def rank(entrants: Iterable[Entrant]) -> Ranking:
    """Rank the candidates, in whatever order they are given."""
    votes = _Votes(list(entrants))
    ordered = votes.ordered()
    places = tuple(
        Place(at, one.number, *votes.parts(one), votes.why(one, ordered)) for at, one in enumerate(ordered, 1)
    )
    first = ordered[0]
    if first.standing is Standing.ALTERED:
        why = f"b{first.number} would be first, but {places[0].why}"
        return Ranking(places, None, why, (first.number,))
    if not first.may_win:
        return Ranking(places, None, "no candidate is green with the target's own tests as they are")
    level = [one for one in ordered if votes.evidence(one) == votes.evidence(first) and one.tree != first.tree]
    if other := next((one for one in level if one.passes != first.passes), None):
        test = min(first.passes ^ other.passes)
        one, two = (first, other) if test in first.passes else (other, first)
        why = f"b{one.number} and b{two.number} are level; {test} passes on b{one.number}, not on b{two.number}"
        return Ranking(places, None, why, (one.number, two.number), test)
    other = next((one for one in level if not votes.score(first) or _size(one) == _size(first)), None)
    if other is None:
        return Ranking(places, first.number, places[0].why)
    rivals = (first.number, other.number)
    return Ranking(places, None, f"b{rivals[0]} and b{rivals[1]} differ, and no test tells them apart", rivals)


class _Votes:
    """The votes that the candidates give each other, and the order that follows."""

    def __init__(self, entrants: Sequence[Entrant]) -> None:
        self._entrants = entrants
        voters = [one for one in entrants if one.may_win]
        self._groups = Counter(one.passes for one in voters)
        contents = {one.tree: one.passes for one in voters}
        passed = Counter(test for passes in contents.values() for test in passes)
        self._vouched = {test for test, count in passed.items() if count > 1}

    def parts(self, one: Entrant) -> tuple[int, int]:
        """The two factors of its score: the tests that count, and the size of its group."""
        return (len(one.passes & self._vouched), self._groups[one.passes]) if one.may_win else (0, 0)

    def score(self, one: Entrant) -> int:
        """What its group counts."""
        tests, group = self.parts(one)
        return tests * group

    def evidence(self, one: Entrant) -> tuple[int, int, int, bool]:
        """What comes before all that merely breaks ties; the lower, the better."""
        return ORDER.index(one.standing), len(one.altered), -self.score(one), one.requirement is not True

    def ordered(self) -> list[Entrant]:
        """All of them, the best in front."""
        return sorted(self._entrants, key=lambda one: (self.evidence(one), _size(one), one.number))

    def why(self, one: Entrant, ordered: Sequence[Entrant]) -> str:
        """Why it stands where it stands, on a line."""
        if one.standing is Standing.ALTERED:
            return f"alters what it is judged by: {', '.join(one.altered)}"
        if not one.may_win:
            return one.fault or one.broken
        first = ordered[0]
        if one is not first:
            twin = next(other for other in ordered if other is one or other.tree == one.tree)
            return f"same content as b{twin.number}" if twin is not one else self._compared(one, first)
        rival = next((other for other in ordered if other.may_win and other.tree != one.tree), None)
        return self._compared(one, rival) if rival else "nothing else passes everything"

    def _compared(self, one: Entrant, other: Entrant) -> str:
        """What sets the one apart from the other."""
        if self.score(one) != self.score(other):
            (tests, group), (its_tests, its_group) = self.parts(one), self.parts(other)
            return f"{tests} agreed tests x {group} candidates, b{other.number} has {its_tests} x {its_group}"
        if one.requirement != other.requirement:
            return f"the requirement's test is {'green' if one.requirement else 'not green'}"
        if one.passes != other.passes:
            return f"level with b{other.number}, other tests pass"
        for size, less, more in _TIES:
            if size(one) != size(other):
                word, sign = (less, "<") if size(one) < size(other) else (more, ">")
                return f"{word} than b{other.number}: {size(one)} {sign} {size(other)}"
        return f"level with b{other.number}"


_TIES: tuple[tuple[Callable[[Entrant], int], str, str], ...] = (
    (lambda one: one.lines, "smaller diff", "larger diff"),
    (lambda one: one.files, "fewer files", "more files"),
)


def _size(one: Entrant) -> tuple[int, ...]:
    """What breaks ties; the lower, the better."""
    return tuple(size(one) for size, _, _ in _TIES)
