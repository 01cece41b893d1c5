"""Ranking against candidates that bend the tests, hinder the others or move meanwhile: none of them lands by it."""

import os
import subprocess
from pathlib import Path

import pytest

from staddle.core.errors import Refused
from staddle.core.names import RunId
from staddle.flows.rank import choose_automatically
from staddle.flows.reconcile import Wanted, reconcile
from tests.kit import STADDLE, write_plan

from .running import tree, work
from .test_rank import (
    ALSO_RIGHT,
    BASE,
    FREE,
    OFF_BY_ONE,
    RIGHT,
    Entered,
    candidate,
    entered,
    module,
    pytest_on_path,
    ranked,
    site,
)

__all__ = ("entered", "pytest_on_path")

TEN = {"test_bulk.py": module(ten="price(10) == 90")}
WRONG = "def price(count):\n    return 0\n"
FORCED = """import pytest


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call():
    try:
        yield
    except AssertionError:
        pass
    return True
"""
GOLDEN = """from pathlib import Path

from price import price


def test_golden():
    assert price(2) == int(Path("tests/golden.txt").read_text())
"""


def test_who_deselects_the_targets_tests_does_not_win_though_nobody_brings_a_new_one(entered: Entered) -> None:
    settings = "[pytest]\naddopts = --deselect test_price.py::test_one\n"
    answer = ranked(entered({1: {"price.py": FREE, "pytest.ini": settings}, 2: {"price.py": ALSO_RIGHT}}))
    assert answer["winner"] == "b2"
    assert candidate(answer, 1)["altered"] == ["pytest.ini"]


def test_who_keeps_a_test_of_the_targets_from_running_is_held_to_the_targets_own_run(entered: Entered) -> None:
    repository = entered({1: {"price.py": FREE, "chosen.txt": "test_none"}, 2: {"price.py": ALSO_RIGHT}})
    hook = (
        "from pathlib import Path\n\n\ndef pytest_collection_modifyitems(items):\n    chosen = Path('chosen.txt')\n"
        "    items[:] = [one for one in items if not chosen.exists() or one.name in chosen.read_text()]\n"
    )
    repository.commit(repository.main, "conftest.py", hook, "test: chosen ones")
    answer = ranked(repository)
    assert candidate(answer, 1)["altered"] == ["test_price::test_one does not run"]
    assert answer["winner"] == "b2"


def test_a_candidate_that_does_next_to_nothing_does_not_win_by_its_small_diff(entered: Entered) -> None:
    repository = entered({1: {"README.md": "# hello\n"}, 2: {"price.py": RIGHT}, 3: {"price.py": ALSO_RIGHT}})
    before = repository.state()
    said = repository.staddle("reconcile", "run42", "auto", code=3).stderr
    assert "b1 and b2 differ, and no test tells them apart" in said
    assert "git diff pqa/run42-b1 pqa/run42-b2" in said
    assert repository.state() == before


def test_who_changes_what_the_targets_tests_compare_with_does_not_win(entered: Entered) -> None:
    repository = entered({2: {"price.py": ALSO_RIGHT}, 1: {}})
    repository.commit(repository.main, "tests/golden.txt", "20\n", "test: golden")
    repository.commit(repository.main, "test_golden.py", GOLDEN, "test: golden")
    repository.git("merge", "-q", "main", at=tree(repository, 1))
    work(repository, 1, "tests/golden.txt", "18\n")
    work(repository, 1, "price.py", "def price(count):\n    return count * 9 + (count == 1)\n")
    answer = ranked(repository)
    assert candidate(answer, 1)["altered"] == ["tests/golden.txt"]
    assert answer["winner"] == "b2"


def test_a_test_that_one_candidate_alone_has_to_run_disqualifies_nobody_else(entered: Entered) -> None:
    documented = '"""Prices.\n\n>>> price(1)\n10\n"""\n' + RIGHT
    settings = "[pytest]\naddopts = --doctest-modules\n"
    answer = ranked(
        entered(
            {1: {"price.py": documented, "pytest.ini": settings}, 2: {"price.py": RIGHT} | TEN, 3: {"price.py": RIGHT}}
        ),
        code=3,
    )
    assert [candidate(answer, number)["altered"] for number in (2, 3)] == [[], []]


def test_a_test_file_that_patches_the_product_changes_nothing_for_the_others_tests(entered: Entered) -> None:
    evil = "import price\n\nprice.price = lambda count: count * 9\n\n\ndef test_ok():\n    pass\n"
    answer = ranked(
        entered(
            {
                1: {"price.py": OFF_BY_ONE, "test_aaa.py": evil, "test_zzz.py": module(ten="price(10) == 90")},
                2: {"price.py": RIGHT, "test_bulk.py": module(ten="price(10) == 90", nine="price(9) == 90")},
                3: {"price.py": ALSO_RIGHT, "test_more.py": module(lots="price(100) == 900")},
            }
        )
    )
    assert [candidate(answer, number)["broken"] for number in (2, 3)] == ["", ""]
    assert "test_bulk.py::test_ten (by b2)" not in candidate(answer, 1)["passes"]
    assert answer["winner"] == "b2"


def test_a_test_that_ends_the_process_on_other_contents_keeps_them_from_nothing(entered: Entered) -> None:
    ending = "import os\nfrom price import price\n\n\ndef test_ten():\n    price(10) == 100 or os._exit(0)\n"
    answer = ranked(
        entered(
            {
                1: {"price.py": OFF_BY_ONE, "test_end.py": ending},
                2: {"price.py": RIGHT} | TEN,
                3: {"price.py": ALSO_RIGHT, "test_lots.py": module(lots="price(100) == 900")},
            }
        )
    )
    assert answer["winner"] == "b2"
    assert "its tests say nothing about b2: suite: error" in candidate(answer, 1)["note"]


def test_auto_does_not_land_what_was_not_ranked(entered: Entered) -> None:
    repository = entered({1: {"price.py": RIGHT}})
    place, run = site(repository), RunId("run42")
    number, tip = choose_automatically(place, run, print)
    work(repository, number, "price.py", WRONG)
    before = repository.state()
    with pytest.raises(Refused, match="b1 moved while the run was ranked"):
        reconcile(place, run, Wanted(f"b{number}", ranked=tip), tell=print)
    assert repository.state() == before


def test_auto_refuses_a_branch_that_moves_while_the_checks_run(entered: Entered, tmp_path: Path) -> None:
    repository, fifo = entered({1: {"price.py": RIGHT}}), tmp_path / "fifo"
    os.mkfifo(fifo)
    slow = {"run": {"shell": f"echo > {fifo}; cat {fifo}"}, "evidence": "exit-code"}
    write_plan(repository.main / "milestones.yaml", 1, checks={"slow": slow})
    with subprocess.Popen(
        [*STADDLE, "reconcile", "run42", "auto"], cwd=repository.main, stderr=subprocess.PIPE, text=True
    ) as auto:
        fifo.read_text()
        work(repository, 1, "price.py", WRONG)
        fifo.write_text("go on\n")
        assert "b1 moved while the run was ranked" in auto.communicate(timeout=60)[1]
    assert auto.returncode == 3
    assert (repository.main / "price.py").read_text() == BASE["price.py"]


@pytest.mark.parametrize("name", ["conftest.py", "sitecustomize.py", "src/json.py", "tests/json.py"])
def test_who_decides_how_tests_go_does_not_win(entered: Entered, name: str) -> None:
    answer = ranked(entered({1: {"price.py": RIGHT, name: "\n"}, 2: {"price.py": ALSO_RIGHT}}))
    assert candidate(answer, 1)["altered"] == [name]
    assert answer["winner"] == "b2"


def test_when_only_such_a_candidate_is_green_auto_abstains_and_a_person_may_land_it(entered: Entered) -> None:
    repository = entered({1: {"price.py": WRONG, "conftest.py": FORCED}, 2: {"price.py": WRONG}})
    said = repository.staddle("reconcile", "run42", "auto", code=3).stderr
    assert "b1 would be first, but alters what it is judged by: conftest.py" in said
    assert "staddle reconcile run42 b1" in said
    repository.staddle("reconcile", "run42", "b1")


def test_copies_of_one_wrong_content_do_not_vouch_for_its_tests(entered: Entered) -> None:
    wrong = {"price.py": OFF_BY_ONE, "test_bulk.py": module(ten="price(10) == 100", more="price(10) > 90")}
    answer = ranked(entered({1: wrong, 2: wrong, 3: {"price.py": RIGHT} | TEN}), code=3)
    assert answer["winner"] is None
    assert answer["test"] == "test_bulk.py::test_more (by b1)"


def test_a_run_without_a_commit_has_nothing_to_rank_and_says_so(entered: Entered) -> None:
    said = entered({1: {}, 2: {}}).staddle("rank", "run42", code=3).stderr
    assert "error: no candidate of run run42 has a commit yet" in said


def test_uncommitted_work_is_not_ranked_and_its_row_says_so(entered: Entered) -> None:
    repository = entered({1: {"price.py": RIGHT}, 2: {}})
    (tree(repository, 2) / "price.py").write_text(ALSO_RIGHT)
    rows = repository.staddle("rank", "run42").stdout.splitlines()
    assert "has uncommitted work, not ranked" in rows[2]
    assert "uncommitted" not in rows[1]


def test_the_answer_ends_with_who_is_first_and_how_to_land_it(entered: Entered) -> None:
    said = entered({1: {"price.py": RIGHT}, 2: {}}).staddle("rank", "run42-b1")
    last = "b1 is first: nothing else passes everything. To land it: staddle reconcile run42 auto"
    assert said.stderr.splitlines()[-1] == last


def test_names_that_are_no_run_are_explained(entered: Entered) -> None:
    repository = entered({1: {"price.py": RIGHT}})
    assert "did you mean 'run42'?" in repository.staddle("rank", "run", code=2).stderr
    assert "m1 is a milestone" in repository.staddle("rank", "m1", code=2).stderr
