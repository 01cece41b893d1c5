"""judge(): a verdict from evidence, as a table; whose a flaky test is."""

from dataclasses import replace
from pathlib import Path

import pytest

from staddle.core.names import Oid
from staddle.core.unit import Ended, Reason
from staddle.core.verdict import Counts, Judged, Verdict, is_new, judge, settled

GREEN, RED, SKIPPED, NONE = Counts(2, 0), Counts(1, 0, ("t::x",)), Counts(0, 2), Counts(0, 0)


def ended(rc: int, reason: Reason = "exited", strays: int = 0) -> Ended:
    """A job that is over."""
    return Ended("unit", reason, rc, Path("log"), seconds=2.0, strays=("sleep (7)",) * strays)


@pytest.mark.parametrize(
    ("rc", "counts", "verdict"),
    [
        (0, GREEN, "pass"),
        (0, None, "error"),
        (0, SKIPPED, "empty"),
        (0, RED, "fail"),
        (1, RED, "fail"),
        (1, GREEN, "fail"),
        (1, None, "fail"),
        (2, RED, "fail"),
        (2, GREEN, "fail"),
        (3, None, "error"),
        (3, GREEN, "error"),
        (4, None, "error"),
        (5, NONE, "empty"),
        (125, None, "skipped"),
        (126, None, "error"),
        (127, None, "error"),
        (-11, None, "fail"),
    ],
)
def test_a_report_and_an_exit_code_make_a_verdict(rc: int, counts: Counts | None, verdict: str) -> None:
    assert judge(ended(rc), counts, "junit")[0] == verdict


@pytest.mark.parametrize(
    ("rc", "verdict"), [(0, "pass"), (1, "fail"), (5, "fail"), (125, "skipped"), (126, "error"), (127, "error")]
)
def test_where_the_plan_asks_for_no_report_the_exit_code_decides(rc: int, verdict: str) -> None:
    assert judge(ended(rc), None, "exit-code")[0] == verdict


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [("limit", "timeout"), ("cancelled", "cancelled"), ("lost", "error"), ("error", "error")],
)
def test_how_a_job_ended_weighs_more_than_its_report(reason: Reason, verdict: str) -> None:
    assert judge(ended(0, reason), GREEN, "junit")[0] == verdict


@pytest.mark.parametrize("counts", [GREEN, RED])
def test_a_changed_tree_is_dirty_and_foreign_code_an_error_whatever_the_tests_say(counts: Counts) -> None:
    assert judge(ended(0), counts, "junit", changed="it changed x") == (Verdict.DIRTY, "it changed x")
    assert judge(ended(0), counts, "junit", foreign="x is not ours") == (Verdict.ERROR, "x is not ours")


def test_a_pass_tells_of_what_outlived_it() -> None:
    assert judge(ended(0, strays=2), GREEN, "junit")[1] == "2 passed; 2 processes outlived it, now ended"


def test_only_three_verdicts_let_a_tree_land() -> None:
    assert {verdict.value for verdict in Verdict if verdict.green} == {"pass", "flaky", "base-red"}


@pytest.mark.parametrize(
    ("test", "path", "new"),
    [
        ("tests.unit.test_x::test_y", "tests/unit/test_x.py", True),
        ("tests.unit.test_x.Class::test_y", "tests/unit/test_x.py", True),
        ("tests.unit.test_x", "tests/unit/test_x.py", True),
        ("tests.unit.test_xy::test_y", "tests/unit/test_x.py", False),
        ("tests.unit.test_x::test_y", "unit/test_x.py", False),
        ("tests.unit.test_x::test_y", "tests/unit", True),
        ("tests.unit.test_x::test_y", "README.md", False),
    ],
)
def test_a_test_is_new_when_its_file_is_among_the_changed(test: str, path: str, new: bool) -> None:
    assert is_new(test, [path]) is new


def test_a_red_and_a_green_attempt_are_flaky_or_the_trees_own_fault() -> None:
    nothing = Oid("")
    red = Judged("m1", "unit", Verdict.FAIL, "", nothing, nothing, "", 1.0, 1.0, "1/log", failed=("tests.test_x::y",))
    green = replace(red, verdict=Verdict.PASS, failed=(), log="2/log")
    old, new = settled(red, green, 2, ["app.py"]), settled(red, green, 2, ["tests/test_x.py"])
    assert (old.verdict, old.log, old.attempts) == (Verdict.FLAKY, "2/log", 2)
    assert (new.verdict, new.log, new.attempts) == (Verdict.NEW_FLAKY, "1/log", 2)
    assert settled(red, red, 2, []).verdict is Verdict.FAIL
