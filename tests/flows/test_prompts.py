"""prompts: the texts that agents get, for requirements and for the candidates of runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import Repository

from .running import tree

Planned = Callable[..., Repository]
GOLDEN = Path(__file__).parents[1] / "golden"
FIRST = {
    "requirements": [{"id": "FR-X-001", "title": "first thing", "test": "tests/test_it.py::test_it", "issue": 7}],
    "owns": ["app/**"],
}


@pytest.fixture
def run42(repository: Repository) -> Repository:
    """A run of two candidates, without a plan."""
    repository.staddle("spawn", "run42", "2")
    return repository


def golden(name: str, **places: Path) -> str:
    """The text in a file of tests/golden, with these places in it."""
    return (GOLDEN / f"{name}.md").read_text().format_map(places)


def prompts(repository: Repository, *argv: str) -> list[Any]:
    """What was written, and that the files hold it."""
    written: list[Any] = repository.json("prompts", *argv)
    assert [Path(one["file"]).read_text() for one in written] == [one["text"] for one in written]
    return written


def test_a_requirements_prompt_is_this_text(planned: Planned) -> None:
    repository = planned(2, first=FIRST)
    repository.staddle("worktrees")
    (one,) = prompts(repository)
    assert one["text"] == golden("requirement", tree=repository.tree(1), other=repository.tree(2))


def test_the_checks_that_judge_it_are_in_a_prompt_as_they_are_typed(planned: Planned) -> None:
    checks = {"unit": "pytest -k 'one two'", "full": {"run": "pytest", "services": ["redis"]}}
    repository = planned(1, first=FIRST | {"checks": checks}, checks={"suite": "pytest -q"})
    repository.staddle("worktrees")
    text = prompts(repository)[0]["text"]
    assert "see it green:\n  - unit: pytest -k 'one two'\n  - full: pytest (needs redis)\n- " in text
    repository.staddle("spawn", "run42", "1")
    assert "see it green:\n  - suite: pytest -q\n- " in prompts(repository, "run42", "--task", "do it")[0]["text"]


def test_only_those_whose_tree_stands_are_others_at_work(planned: Planned) -> None:
    repository = planned(3, first=FIRST)
    repository.staddle("worktrees", "m1", "m3")
    text = prompts(repository, "m1")[0]["text"]
    assert f"- M3 part-3 in {repository.tree(3)}" in text
    assert "M2" not in text


def test_a_candidates_prompt_is_this_text(run42: Repository, tmp_path: Path) -> None:
    (tmp_path / "task.md").write_text("Make the parser faster.\nIt takes a minute.\n")
    (one,) = prompts(run42, "run42-b2", "--task", str(tmp_path / "task.md"))
    assert one["text"] == golden("candidate", tree=tree(run42, 2), other=tree(run42, 1))


def test_a_requirement_can_be_the_task_of_a_run(planned: Planned) -> None:
    repository = planned(1, first=FIRST)
    repository.staddle("spawn", "run42", "1")
    (one,) = prompts(repository, "run42", "--task", "FR-X-001")
    assert one["text"] == golden("candidate-of-a-requirement", tree=tree(repository, 1))


def test_with_a_plan_the_commits_form_is_the_plans(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("spawn", "run42", "1")
    text = prompts(repository, "run42", "--task", "do it")[0]["text"]
    assert "Commit message: <type>(<scope>): <FR-ID> <what>\n" in text
    assert "the scope one of part1, events, integration;" in text


def test_each_candidate_gets_another_frame_and_the_sixth_the_first(repository: Repository) -> None:
    repository.staddle("spawn", "run42", "6")
    written = prompts(repository, "run42", "--task", "do it")
    frames = ["1-smallest-change", "2-test-first", "3-redesign", "4-robust", "5-fast", "1-smallest-change"]
    assert [one["frame"] for one in written] == frames
    assert len({one["text"].partition("How to go")[2].partition("Rules")[0] for one in written}) == 5


def test_the_task_stays_with_the_run_and_goes_with_it(run42: Repository) -> None:
    prompts(run42, "run42", "--task", "do it")
    assert prompts(run42, "run42-b1")[0]["text"].startswith("do it\n")
    run42.staddle("reconcile", "run42")
    run42.staddle("spawn", "run42", "2")
    assert "run42 has no task yet" in run42.staddle("prompts", "run42", code=2).stderr


def test_a_prompt_does_not_make_a_tree_dirty(run42: Repository) -> None:
    prompts(run42, "run42", "--task", "do it")
    assert run42.git("status", "--porcelain", at=tree(run42, 1)) == ""


@pytest.mark.parametrize("task", ["taks.md", "FR-X-009", "", "  "])
def test_what_is_no_task_is_refused(run42: Repository, task: str) -> None:
    run42.staddle("prompts", "run42", "--task", task, code=2)


def test_a_task_is_for_one_run(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("spawn", "run42", "1")
    repository.staddle("spawn", "other", "1")
    for targets in ([], ["m1"], ["run42", "other"], ["run42", "m1"]):
        said = repository.staddle("prompts", *targets, "--task", "do it", code=2).stderr
        assert "a task is for one run" in said


def test_folders_of_context_runs_get_no_prompts(repository: Repository) -> None:
    repository.staddle("spawn", "run42", "1", "--mode", "context")
    assert "has no tree" in repository.staddle("prompts", "run42", "--task", "do it", code=3).stderr


def test_ones_own_frames_and_text_come_first(planned: Planned) -> None:
    repository = planned(1)
    frames = repository.main / "templates" / "frames"
    frames.mkdir(parents=True)
    (frames / "own.md.j2").write_text("As b{{ number }} likes.\n")
    (frames.parent / "candidate.md.j2").write_text("{{ task }}: {{ frame }}")
    repository.staddle("spawn", "run42", "2")
    written = prompts(repository, "run42", "--task", "do it")
    assert [one["text"] for one in written] == ["do it: As b1 likes.\n", "do it: As b2 likes.\n"]


@pytest.mark.parametrize("name", ["candidate.md.j2", "frames/own.md.j2"])
def test_an_unknown_name_in_a_template_is_told_with_its_file_and_line(planned: Planned, name: str) -> None:
    repository = planned(1)
    (repository.main / "templates" / "frames").mkdir(parents=True)
    (repository.main / "templates" / name).write_text("one\n{{ nonsense }}\n")
    repository.staddle("spawn", "run42", "1")
    said = repository.staddle("prompts", "run42", "--task", "do it", code=2).stderr
    assert f"templates/{name}:2: 'nonsense' is undefined" in said
