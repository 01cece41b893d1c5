"""Ranking as such: the same for every order, fair to the better one, and silent when nobody can tell."""

from dataclasses import replace
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from staddle.core.names import Oid
from staddle.core.ranking import Entrant, rank

TESTS = frozenset("abcd")


def content(tree: Oid) -> st.SearchStrategy[Entrant]:
    """What may be seen of one content."""
    return st.builds(
        Entrant,
        number=st.just(0),
        tree=st.just(tree),
        fault=st.sampled_from(("", "", "", "suite: fail")),
        altered=st.sampled_from(((), (), (), ("test_x",))),
        broken=st.sampled_from(("", "", "", "red")),
        passes=st.sets(st.sampled_from(sorted(TESTS))).map(frozenset),
        requirement=st.booleans(),
        lines=st.integers(0, 2),
        files=st.integers(0, 1),
    )


contents = st.lists(st.integers(0, 4), min_size=1, max_size=7).flatmap(
    lambda which: st.tuples(*(content(Oid(f"{tree:040}")) for tree in range(5))).map(
        lambda several: [replace(several[tree], number=at) for at, tree in enumerate(which, 1)]
    )
)
"""Entrants by number; those of one tree were seen alike."""


@given(contents, st.randoms())
def test_the_order_in_which_candidates_are_given_does_not_matter(entrants: list[Entrant], random: Random) -> None:
    shuffled = list(entrants)
    random.shuffle(shuffled)
    assert rank(shuffled) == rank(entrants)


@given(contents)
def test_every_candidate_has_one_place_and_only_the_first_can_win(entrants: list[Entrant]) -> None:
    ranking = rank(entrants)
    assert [place.place for place in ranking.places] == list(range(1, len(entrants) + 1))
    assert {place.number for place in ranking.places} == {one.number for one in entrants}
    assert ranking.winner in (None, ranking.places[0].number)


@given(contents)
def test_who_is_not_green_or_alters_tests_never_wins(entrants: list[Entrant]) -> None:
    barred = {one.number for one in entrants if one.fault or one.altered or one.broken}
    assert rank(entrants).winner not in barred


@given(contents, st.data())
def test_who_is_worse_than_one_that_passes_the_same_never_wins(entrants: list[Entrant], data: st.DataObject) -> None:
    better = data.draw(st.sampled_from(entrants))
    assume(better.may_win)
    worse = replace(better, number=99, tree=Oid("f" * 40), lines=better.lines + 1)
    assert rank([*entrants, worse]).winner != 99


@given(contents, st.data())
def test_a_twin_brings_nothing_but_a_vote_for_its_group(entrants: list[Entrant], data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(entrants))
    before, after = rank(entrants).winner, rank([*entrants, replace(one, number=99)]).winner
    by_number = {each.number: each for each in entrants} | {99: one}
    if after is not None and after != before:
        assert by_number[after].may_win
        assert by_number[after].passes == one.passes


@given(contents)
def test_nobody_wins_while_one_that_behaves_otherwise_is_level(entrants: list[Entrant]) -> None:
    ranking = rank(entrants)
    if ranking.test:
        assert ranking.winner is None
        holders = [one for one in entrants if ranking.test in one.passes]
        assert 0 < len(holders) < len(entrants)
    elif ranking.winner is None:
        assert len({one.tree for one in entrants if one.may_win}) != 1


def entrant(number: int, passes: str, *, lines: int = 0, tree: int | None = None) -> Entrant:
    """A green candidate that passes these tests."""
    return Entrant(number, Oid(f"{tree or number:040}"), passes=frozenset(passes), lines=lines)


def test_a_wrong_answer_that_brings_many_tests_of_its_own_gains_nothing() -> None:
    right = [entrant(1, "ab", lines=8), entrant(2, "ab", lines=9)]
    assert rank([*right, entrant(3, "b0123456789")]).winner == 1


def test_two_that_contradict_each_other_are_not_chosen_between() -> None:
    ranking = rank([entrant(1, "abc"), entrant(2, "ab", lines=1), entrant(3, "abd")])
    assert (ranking.winner, ranking.test, ranking.rivals) == (None, "c", (1, 3))
    assert rank([entrant(1, "ac"), entrant(2, "ab"), entrant(3, "ab", lines=1)]).winner == 2


def test_a_content_does_not_vouch_for_itself() -> None:
    copies = [entrant(1, "b0123456789", tree=9), entrant(2, "b0123456789", tree=9)]
    ranking = rank([*copies, entrant(3, "ab"), entrant(4, "ab")])
    assert [(place.number, place.tests, place.group) for place in ranking.places[:2]] == [(3, 2, 2), (4, 2, 2)]
    assert rank([*copies, entrant(3, "")]).winner is None


def test_without_a_test_that_several_pass_a_smaller_diff_is_no_reason() -> None:
    ranking = rank([entrant(1, "", lines=9), entrant(2, "", lines=1)])
    assert (ranking.winner, ranking.rivals) == (None, (2, 1))
    assert rank([entrant(1, "a", lines=9), entrant(2, "a", lines=1)]).winner == 2


def test_contents_that_differ_in_nothing_that_counts_are_not_chosen_between() -> None:
    assert rank([entrant(1, "a"), entrant(2, "a")]).winner is None
    assert rank([entrant(1, "a", tree=9), entrant(2, "a", tree=9)]).winner == 1


def test_who_alters_what_it_is_judged_by_is_a_persons_to_choose_when_nobody_else_is_green() -> None:
    altering, red = replace(entrant(2, "a"), altered=("conftest.py",)), replace(entrant(1, ""), fault="suite: fail")
    ranking = rank([red, altering])
    assert (ranking.winner, ranking.rivals) == (None, (2,))
    assert ranking.why == "b2 would be first, but alters what it is judged by: conftest.py"
    assert rank([red, altering, entrant(3, "")]).winner == 3


def test_a_candidate_without_a_commit_is_behind_all_that_have_work() -> None:
    empty = Entrant(1, None, fault="no commit of its own", empty=True)
    ranking = rank([empty, replace(entrant(2, ""), fault="suite: fail")])
    assert [place.number for place in ranking.places] == [2, 1]
