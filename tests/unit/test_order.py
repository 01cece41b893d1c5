"""The order of landing: needs first, else as the file has it; circles are found and named."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staddle.core.model import Milestone
from staddle.core.names import MilestoneId
from staddle.core.order import circles, landing_order

GRAPHS = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True))


def milestones(**needs: str) -> list[Milestone]:
    """Milestones `M1="M2 M3"` that need others, everything else alike."""
    return [
        Milestone(
            MilestoneId(name), "s", "A", "d", "b", "t", "s", needs=tuple(MilestoneId(need) for need in needed.split())
        )
        for name, needed in needs.items()
    ]


def order(**needs: str) -> str:
    return " ".join(milestone.id for milestone in landing_order(milestones(**needs)))


def test_milestones_without_needs_keep_the_files_order() -> None:
    assert order(M2="", M1="", M10="") == "M2 M1 M10"


def test_a_milestone_comes_right_after_the_last_of_its_needs() -> None:
    assert order(M1="M3", M2="", M3="M4", M4="", M5="") == "M2 M4 M3 M1 M5"


def test_needs_that_are_not_among_the_milestones_do_not_matter() -> None:
    assert order(M8="M1 M7", M7="M2") == "M7 M8"


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        ({}, []),
        ({"a": ["b"], "b": []}, []),
        ({"a": ["a"]}, [("a", "a")]),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, [("b", "c", "b")]),
        ({"a": ["b"], "b": ["a"], "c": ["a", "d"], "d": ["c"]}, [("a", "b", "a")]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [("a", "b", "a"), ("c", "d", "c")]),
    ],
)
def test_circles_are_named_in_full(needs: dict[str, list[str]], found: list[tuple[str, ...]]) -> None:
    assert list(circles(needs)) == found


@given(GRAPHS)
def test_there_is_an_order_exactly_where_there_is_no_circle(graph: dict[str, list[str]]) -> None:
    needs = {member: [need for need in needed if need in graph] for member, needed in graph.items()}
    found = list(circles(needs))
    for circle in found:
        assert all(after in needs[before] for before, after in pairwise(circle))
    nodes = milestones(**{member: " ".join(needed) for member, needed in needs.items()})
    if found:
        with pytest.raises(StopIteration):
            landing_order(nodes)
        return
    placed = [milestone.id for milestone in landing_order(nodes)]
    assert all(
        placed.index(MilestoneId(need)) < placed.index(MilestoneId(member))
        for member in needs
        for need in needs[member]
    )
