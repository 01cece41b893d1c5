"""verify: checks run inside their trees, and what makes a verdict green."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.kit import Repository

Planned = Callable[..., Repository]
PYTEST = f"{sys.executable} -m pytest -q tests"


def with_test(planned: Planned, body: str, **check: object) -> Repository:
    """Two milestones; m1's branch has one test module with `body`, and one check that runs it."""
    repository = planned(2, milestone={"checks": {"unit": {"run": PYTEST} | check}})
    repository.staddle("worktrees")
    for number in (1, 2):
        repository.commit(repository.tree(number), ".gitignore", "__pycache__\n", "chore: ignore")
        repository.commit(repository.tree(number), "tests/test_it.py", body, "test: it")
    return repository


def verdict(repository: Repository, code: int) -> tuple[str, str]:
    """The verdict on m1's check and its reason."""
    (judged,) = json.loads(repository.staddle("verify", "m1", "--json", code=code).stdout)
    return judged["verdict"], judged["reason"]


def test_a_green_suite_is_a_pass_with_its_count(planned: Planned) -> None:
    repository = with_test(planned, "def test_it(): pass\n")
    assert verdict(repository, 0) == ("pass", "1 passed")


def test_a_red_test_fails_and_is_named(planned: Planned) -> None:
    repository = with_test(planned, "def test_it(): assert 0\n")
    assert verdict(repository, 1) == ("fail", "1 failed, first tests.test_it::test_it")


def test_exit_code_zero_without_a_report_is_no_pass(planned: Planned) -> None:
    repository = with_test(planned, "import os\ndef test_it(): os._exit(0)\n")
    assert verdict(repository, 1)[0] == "error"


def test_a_suite_that_skips_everything_is_empty_though_pytest_says_zero(planned: Planned) -> None:
    repository = with_test(planned, "import pytest\n@pytest.mark.skip\ndef test_it(): pass\n")
    assert verdict(repository, 1) == ("empty", "no test ran (1 skipped)")


def test_a_check_that_changes_tracked_files_is_dirty(planned: Planned) -> None:
    repository = with_test(planned, "def test_it(): open('README.md', 'w').write('x')\n")
    assert verdict(repository, 1) == ("dirty", "README.md changed while the check ran")


def test_a_check_is_ended_at_its_limit(planned: Planned) -> None:
    repository = with_test(planned, "import time\ndef test_it(): time.sleep(60)\n", limit=1)
    assert verdict(repository, 1)[0] == "timeout"


def test_a_missing_program_is_an_error_and_not_the_codes_fault(planned: Planned) -> None:
    repository = with_test(planned, "", run="no-such-program")
    state, reason = verdict(repository, 1)
    assert state == "error"
    assert "no-such-program" in reason


def test_the_check_imports_its_own_trees_code(planned: Planned) -> None:
    repository = with_test(planned, "from app import core\ndef test_it(): print(core.__file__)\n", run=f"{PYTEST} -s")
    said = repository.staddle("verify", "m1", "--json", PYTHONPATH=str(repository.main)).stdout
    log = Path(json.loads(said)[0]["log"])
    assert str(repository.tree(1) / "app" / "core.py") in log.read_text()


def test_only_the_named_milestones_checks_run(planned: Planned) -> None:
    repository = with_test(planned, "def test_it(): pass\n")
    repository.staddle("verify", "m2")
    assert [row["checks"]["unit"] for row in repository.json("status")] == ["-", "pass"]


def test_a_verdict_is_stale_once_the_tree_has_changed(planned: Planned) -> None:
    repository = with_test(planned, "def test_it(): pass\n")
    repository.staddle("verify")
    (repository.tree(1) / "README.md").write_text("changed")
    assert [row["verdict"] for row in repository.json("status")] == ["stale", "pass"]


def test_checks_that_speak_no_junit_say_so_in_the_plan(planned: Planned) -> None:
    repository = with_test(planned, "", run="true", evidence="exit-code")
    assert verdict(repository, 0) == ("pass", "exit code 0; no report was asked for")


def test_a_missing_tree_is_a_usage_error_that_says_how_to_get_one(planned: Planned) -> None:
    repository = planned(1)
    assert "staddle worktrees m1" in repository.staddle("verify", "m1", code=2).stderr


def test_the_coverage_reports_place_is_printed(planned: Planned) -> None:
    make = {"shell": "mkdir -p htmlcov && echo report > htmlcov/index.html"}
    repository = with_test(planned, "", run=make, evidence="exit-code")
    (repository.main / ".git" / "info" / "exclude").write_text("htmlcov\n")
    said = repository.staddle("verify", "m1").stdout
    assert f"m1 coverage: {repository.tree(1)}/htmlcov/index.html" in said


def test_an_unknown_check_is_named_with_those_there_are(planned: Planned) -> None:
    repository = with_test(planned, "")
    said = repository.staddle("verify", "m1", "--check", "nope", code=2).stderr
    assert "'nope'" in said
    assert "unit" in said


def test_log_paths_lie_outside_the_tree(planned: Planned) -> None:
    repository = with_test(planned, "def test_it(): pass\n")
    (judged,) = repository.json("verify", "m1")
    assert Path(judged["log"]).is_relative_to(repository.main / ".git")
