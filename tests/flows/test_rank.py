"""Ranking: the right candidate of several that are all green by their own lights, or a test that tells them apart."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from staddle.core.errors import Refused
from staddle.core.names import RunId
from staddle.edges.git import Git
from staddle.edges.state import State
from staddle.flows.rank import choose_automatically
from staddle.flows.workspace import Site
from tests.kit import STADDLE, Repository, assert_no_stumps, write_plan

from .running import tree

BASE = {
    "price.py": "def price(count):\n    return count * 10\n",
    "test_price.py": "from price import price\n\n\ndef test_one():\n    assert price(1) == 10\n\n\n"
    "def test_none():\n    assert price(0) == 0\n",
}
RIGHT = "def price(count):\n    return count * 10 - (count if count >= 10 else 0)\n"
ALSO_RIGHT = (
    "def price(count):\n    whole = count * 10\n    if count < 10:\n        return whole\n    return whole - count\n"
)
OFF_BY_ONE = "def price(count):\n    return count * 10 - (count if count > 10 else 0)\n"
INCOMPLETE = "def price(count):\n    return count * 10 - (count if 10 <= count < 100 else 0)\n"
FREE = "def price(count):\n    return count * 9\n"
WEAKENED = BASE["test_price.py"].replace("== 10", "> 0")


def site(repository: Repository) -> Site:
    """The repository as flows see it."""
    git = Git.open(repository.main)
    return Site(git, State(git.common), repository.main)


def module(**cases: str) -> str:
    """A test file; each case is a name and what it asserts."""
    body = "".join(f"\n\ndef test_{name}():\n    assert {what}\n" for name, what in cases.items())
    return f"from price import price\n{body}"


FIVE: Mapping[int, dict[str, str]] = {
    1: {"price.py": RIGHT, "test_bulk.py": module(ten="price(10) == 90", nine="price(9) == 90")},
    2: {"price.py": ALSO_RIGHT, "test_bulk.py": module(ten="price(10) == 90", lots="price(100) == 900")},
    3: {"price.py": OFF_BY_ONE, "test_bulk.py": module(ten="price(10) == 100", more="price(20) == 180")},
    4: {"price.py": INCOMPLETE, "test_some.py": module(ten="price(10) == 90")},
    5: {"price.py": FREE, "test_price.py": WEAKENED, "test_bulk.py": module(ten="price(10) == 90")},
}


@pytest.fixture
def entered(repository: Repository) -> Callable[[Mapping[int, dict[str, str]]], Repository]:
    """Makes a run of candidates that hold these files, in a repository with the plan's check `suite`."""

    def enter(files: Mapping[int, dict[str, str]]) -> Repository:
        log = repository.main.parent / "ran"
        log.touch()
        suite = ["sh", "-c", f'echo x >> {log}; exec "$@"', "sh", "python3", "-m", "pytest", "-qx"]
        write_plan(repository.main / "milestones.yaml", 1, checks={"suite": {"run": suite, "retries": 0}})
        for name, text in BASE.items():
            repository.commit(repository.main, name, text, f"feat: {name}")
        repository.staddle("spawn", "run42", str(len(files)))
        for number, held in files.items():
            for name, text in held.items():
                repository.commit(tree(repository, number), name, text, f"feat: {name}")
        return repository

    return enter


Entered = Callable[[Mapping[int, dict[str, str]]], Repository]


@pytest.fixture(autouse=True)
def pytest_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `python3` of this environment, but not in its folder, which checks do not see."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "bin" / "python3").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def ranked(repository: Repository, *, code: int = 0) -> dict[str, Any]:
    """What `rank run42 --json` answers."""
    return dict(json.loads(repository.staddle("rank", "run42", "--json", code=code).stdout))


def candidate(answer: dict[str, Any], number: int) -> dict[str, Any]:
    """What the answer says of one candidate."""
    return dict(answer["candidates"][number - 1])


def test_of_five_that_are_green_on_their_own_tests_a_right_one_wins(entered: Entered) -> None:
    answer = ranked(entered(FIVE))
    assert [candidate(answer, number)["fault"] for number in FIVE] == [""] * 5
    assert answer["winner"] == "b1"
    assert {place["candidate"] for place in answer["places"][:2]} == {"b1", "b2"}
    assert candidate(answer, 5)["altered"] == ["test_price.py::test_one"]
    assert answer["places"][4]["candidate"] == "b5"
    assert candidate(answer, 1)["checks"] == {"suite": {"verdict": "pass", "reason": "4 passed"}}


def test_by_their_own_tests_alone_the_five_cannot_be_told_apart(entered: Entered) -> None:
    repository = entered(FIVE)
    verdicts = repository.json("verify", "run42")
    assert [one["verdict"] for one in verdicts] == ["pass"] * 5


def test_candidates_of_equal_content_are_judged_by_one_run_and_both_vote(entered: Entered) -> None:
    repository = entered({number: {"price.py": RIGHT} for number in (1, 2, 3)})
    answer = ranked(repository)
    assert (repository.main.parent / "ran").read_text() == "x\nx\n", "once the content, once the target"
    assert answer["winner"] == "b1"
    assert [place["group"] for place in answer["places"]] == [3, 3, 3]
    assert answer["places"][1]["why"] == "same content as b1"


def test_a_tie_of_two_that_behave_differently_names_the_test_that_tells_them_apart(entered: Entered) -> None:
    repository = entered({number: FIVE[number] for number in (1, 3)} | {2: FIVE[3]} | {3: {}})
    before = repository.state()
    said = repository.staddle("rank", "run42", code=3)
    assert "b1 and b2 are level; test_bulk.py::test_ten (by b1) passes on b1, not on b2" in said.stderr
    todo = "if that test is right: staddle reconcile run42 b1; if not: staddle reconcile run42 b2"
    assert todo in said.stderr
    assert repository.state() == before
    assert_no_stumps(repository)


def test_when_none_is_green_nobody_wins_and_every_candidate_is_kept(entered: Entered) -> None:
    broken = {"price.py": "def price(count):\n    return 0\n"}
    repository = entered({1: broken, 2: {"test_price.py": "def test_it():\n    assert False\n"}, 3: {}})
    before = repository.state()
    answer = ranked(repository, code=3)
    assert answer["winner"] is None
    assert (answer["places"][2]["candidate"], candidate(answer, 3)["standing"]) == ("b3", "empty")
    assert repository.state() == before
    with pytest.raises(Refused, match="no candidate is green"):
        choose_automatically(site(repository), RunId("run42"), print)


def test_a_candidate_that_keeps_the_targets_tests_from_running_does_not_win(entered: Entered) -> None:
    hook = (
        "def pytest_collection_modifyitems(items):\n    items[:] = [one for one in items if one.name != 'test_one']\n"
    )
    new = {"test_more.py": module(two="price(2) == 20")}
    answer = ranked(
        entered({1: {"price.py": FREE.replace("9", "10 if count else 0"), "conftest.py": hook} | new, 2: new})
    )
    assert candidate(answer, 1)["altered"] == ["conftest.py"]
    assert answer["winner"] == "b2"


def test_the_requirement_of_the_branch_to_land_on_decides_between_equals(entered: Entered) -> None:
    requirement = {"id": "FR-VNT-PRICE-001", "title": "bulk", "test": "test_bulk.py::test_ten"}
    repository = entered(
        {1: {"price.py": RIGHT}, 2: {"price.py": ALSO_RIGHT, "test_bulk.py": module(ten="price(10) == 90")}}
    )
    plan = json.loads((repository.main / "milestones.yaml").read_text())
    plan["milestones"][0]["requirements"] = [requirement]
    (repository.main / "milestones.yaml").write_text(json.dumps(plan))
    repository.git("branch", repository.branch(1), "main")
    assert choose_automatically(site(repository), RunId("run42"), print).survivor == 1
    assert choose_automatically(site(repository), RunId("run42"), print, target=repository.branch(1)).survivor == 2


def test_a_choice_that_was_recorded_is_not_made_again(entered: Entered) -> None:
    repository = entered({1: {"price.py": RIGHT}, 2: {"price.py": ALSO_RIGHT}})
    repository.staddle("reconcile", "run42", "b2")
    assert choose_automatically(site(repository), RunId("run42"), print) == (2, None)


def test_without_checks_there_is_no_evidence_to_choose_by(run42: Repository) -> None:
    said = run42.staddle("rank", "run42", code=2).stderr
    assert "there is no evidence to choose a candidate of run run42 by" in said


def test_a_conflict_ranks_behind_and_says_where(entered: Entered) -> None:
    repository = entered({1: {"price.py": RIGHT}, 2: {"more.py": "x = 1\n"}})
    repository.commit(repository.main, "price.py", BASE["price.py"] + "\nPRICE = 10\n", "feat: constant")
    repository.commit(tree(repository, 1), "price.py", RIGHT + "\nPRICE = 9\n", "feat: another")
    answer = ranked(repository)
    assert [place["why"] for place in answer["places"]] == ["nothing else passes everything", "conflict: price.py"]


def test_without_a_check_that_reports_on_tests_nobody_is_chosen_and_that_is_said(entered: Entered) -> None:
    repository = entered({number: FIVE[number] for number in (1, 2)})
    write_plan(repository.main / "milestones.yaml", 1, checks={"same": {"run": "true", "evidence": "exit-code"}})
    assert "no check reports on single tests" in repository.staddle("rank", "run42", code=3).stderr


def test_a_ranking_that_is_killed_leaves_nothing_that_the_next_command_does_not_clear(
    entered: Entered, tmp_path: Path
) -> None:
    repository, fifo = entered({1: {"price.py": RIGHT}}), tmp_path / "fifo"
    os.mkfifo(fifo)
    slow = {"run": {"shell": f"echo > {fifo}; sleep 60"}, "evidence": "exit-code"}
    write_plan(repository.main / "milestones.yaml", 1, checks={"slow": slow})
    before = repository.state()
    with subprocess.Popen([*STADDLE, "rank", "run42"], cwd=repository.main, stderr=subprocess.DEVNULL) as ranking:
        fifo.read_text()
        assert "run42-b1-rank" in repository.git("worktree", "list")
        ranking.kill()
    repository.staddle("sweep")
    assert repository.state() == before
    assert_no_stumps(repository)
