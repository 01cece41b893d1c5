"""Names: ours by full match and nothing else, and reasons for what cannot be one."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staddle.core.errors import UsageError
from staddle.core.names import (
    Candidate,
    RunId,
    branch_fault,
    candidate,
    did_you_mean,
    git_fault,
    owns,
    path_fault,
    quoted,
    require_run,
    tree_fault,
)

NAME_CHARACTERS = st.text("abz09-_./@{}~^: \\*[?\t", min_size=1, max_size=12)


@pytest.mark.parametrize("name", ["r", "run42", "a-b", "a_b", "0", "x-b", "x-beta", "x-b1-c", "r" * 48])
def test_a_run_may_be_called(name: str) -> None:
    assert require_run(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-x",
        "x-",
        "_x",
        "Run",
        "HEAD",
        "@",
        "a b",
        "a/b",
        "a*",
        "$(id)",
        "x\n",
        "ü",
        "r" * 49,
        "x-b1",
        "x-b0",
        "x-b12",
    ],
)
def test_a_run_may_not_be_called(name: str) -> None:
    with pytest.raises(UsageError):
        require_run(name)


def test_a_wrong_name_of_a_run_is_refused_with_its_reason() -> None:
    with pytest.raises(UsageError) as caught:
        require_run("x-b1")
    assert (
        caught.value.what
        == "'x-b1' cannot name a run: a run's name does not end like a candidate's, in -b and a number"
    )


@pytest.mark.parametrize("ref", ["refs/heads/pqa/run42-b1", "refs/heads/pqa/x-b-b10", "refs/staddle/backup/m3"])
def test_refs_of_exactly_our_form_are_ours(ref: str) -> None:
    assert owns(ref)


@pytest.mark.parametrize(
    "ref",
    [
        "pqa/run42-b1",
        "refs/heads/pqa/run42-b0",
        "refs/heads/pqa/run42-b01",
        "refs/heads/pqa/run42-beta",
        "refs/heads/pqa/run42-b",
        "refs/heads/pqa/run42-b1-b2",
        "refs/heads/pqa/run42-b1\n",
        "refs/heads/pqa/run42-b1/x",
        "refs/heads/pqa/Run42-b1",
        "refs/heads/x/pqa/run42-b1",
        "refs/remotes/origin/pqa/run42-b1",
        "refs/tags/pqa/run42-b1",
        "refs/heads/main",
        "refs/staddle/",
        "refs/staddlex/a",
    ],
)
def test_refs_of_nearly_our_form_are_not_ours(ref: str) -> None:
    assert not owns(ref)


@given(st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,9}[a-z0-9])?", fullmatch=True), st.integers(1, 10**9 - 1))
def test_a_ref_belongs_to_one_candidate_only(run: str, number: int) -> None:
    read = candidate(f"refs/heads/pqa/{run}-b{number}")
    try:
        assert read == Candidate(require_run(run), number)
    except UsageError:
        assert read is None


def test_a_candidate_knows_its_ref() -> None:
    assert Candidate(RunId("run42"), 2).ref == "refs/heads/pqa/run42-b2"


@settings(deadline=None, max_examples=150)
@given(NAME_CHARACTERS)
def test_git_refuses_exactly_what_we_say_it_refuses(name: str) -> None:
    # Not --branch: that would take `@{-1}` for the last branch and answer by what it is.
    answer = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode
    assert (git_fault(name) is None) == (answer == 0 and not name.startswith("-") and name != "@")


@pytest.mark.parametrize("branch", ["feat/venture-m3-treasury-api", "feat/venture-m3-x", "feat/venture-m3-v2-1"])
def test_a_milestones_branch_has_the_right_form(branch: str) -> None:
    assert branch_fault(branch, "venture", "3") is None


@pytest.mark.parametrize(
    "branch",
    ["feat/venture-m3-", "feat/venture-m3-a--b", "feat/venture-m3-x\n", "feat/venture-m33-x", "x/feat/venture-m3-x"],
)
def test_a_branch_of_nearly_the_right_form_is_refused(branch: str) -> None:
    assert branch_fault(branch, "venture", "3") is not None


def test_what_the_plan_got_wrong_elsewhere_is_no_fault_of_the_branch_or_tree() -> None:
    assert branch_fault("feat/venture-m3-x", None, None) is None
    assert tree_fault("../venture-wt-m3-x", None, "3") is None


@pytest.mark.parametrize("path", [".env", "app/treasury/**", "tests/unit/test_a.py", "a..b/...", ".gitignore"])
def test_a_path_inside_the_checkout_is_fine(path: str) -> None:
    assert path_fault(path) is None


@pytest.mark.parametrize(
    "path", ["", "/", "~", "~ada/x", "..", "a/..", "a//b", "./a", "C:x", ".GIT/hooks", "a/.git", "-x", "a\\..\\b"]
)
def test_a_path_that_may_leave_the_checkout_is_refused(path: str) -> None:
    assert path_fault(path) is not None


def test_the_nearest_name_is_suggested_and_a_far_one_is_not() -> None:
    assert did_you_mean("TREASURI", ["policy", "treasury"]) == "; did you mean 'treasury'?"
    assert did_you_mean("zzz", ["policy", "treasury"]) == ""


def test_quoted_text_stays_on_one_short_line_and_moves_no_cursor() -> None:
    assert quoted("a\x1b[2J\n\u202eb") == r"'a\x1b[2J\n\u202eb'"
    assert len(quoted("x" * 1000)) == 65
