"""Questions: equal keys for equal questions, and for no others."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staddle.core.names import Oid
from staddle.core.question import Question
from staddle.edges.surroundings import shared_variables, tools

QUESTION = Question(Oid("0" * 40), ("pytest",), {}, "tools", 600.0, "junit")
WORDS = st.lists(st.text("ab _\"',\\\x00\udc80", max_size=4), min_size=1, max_size=4).map(tuple)
VARIABLES = st.dictionaries(st.text("AB=", min_size=1, max_size=3), st.text("ab=\n", max_size=3), max_size=4)


@given(one=WORDS, other=WORDS)
def test_two_commands_have_one_key_only_when_they_are_the_same_words(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    keys = {replace(QUESTION, argv=argv).key for argv in (one, other)}
    assert len(keys) == len({one, other})


@pytest.mark.parametrize("other", [("a", "b"), ("a__b",), ("a_b",), ("a  b",), ("a b", ""), ("'a b'",)])
def test_spellings_that_a_slug_would_confuse_are_told_apart(other: tuple[str, ...]) -> None:
    assert replace(QUESTION, argv=("a b",)).key != replace(QUESTION, argv=other).key


@given(one=WORDS, other=WORDS)
def test_set_up_commands_do_not_run_into_each_other(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert replace(QUESTION, setup=(one, other)).key != replace(QUESTION, setup=((*one, *other),)).key


@given(env=VARIABLES)
def test_the_order_of_variables_does_not_count(env: dict[str, str]) -> None:
    assert replace(QUESTION, env=env).key == replace(QUESTION, env=dict(reversed(env.items()))).key


@given(one=VARIABLES, other=VARIABLES)
def test_every_other_set_of_variables_is_another_question(one: dict[str, str], other: dict[str, str]) -> None:
    assert (replace(QUESTION, env=one).key == replace(QUESTION, env=other).key) is (one == other)


@pytest.mark.parametrize(
    "change",
    [
        {"tree": Oid("1" * 40)},
        {"argv": ("tox",)},
        {"env": {"MODE": "x"}},
        {"tools": "others"},
        {"limit": 601.0},
        {"evidence": "exit-code"},
        {"setup": (("make",),)},
        {"services": ("redis",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_that_an_answer_rests_on_counts(change: dict[str, object]) -> None:
    assert replace(QUESTION, **change).key != QUESTION.key  # type: ignore[arg-type]


def test_what_is_a_trees_own_is_no_part_of_the_question() -> None:
    own = {"TMPDIR": "/x", "COMPOSE_PROJECT_NAME": "x", "STADDLE_PORT_BASE": "20000", "STADDLE_TREE": "/x", "MODE": "y"}
    assert shared_variables(own) == {"MODE": "y"}


def test_another_program_of_the_same_name_is_another_tool_and_a_longer_path_is_not(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prove").write_text(name)
        (tmp_path / name / "prove").chmod(0o755)
    tree = tmp_path / "tree"
    one = tools(f"{tmp_path}/one", "prove", tree)
    assert one == tools(f"/no/such/place:{tmp_path}/one:{tmp_path}/two", "prove", tree)
    assert one != tools(f"{tmp_path}/two", "prove", tree)
