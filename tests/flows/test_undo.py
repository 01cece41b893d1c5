"""undo: candidates and milestones' trees come back, and what cannot is said."""

from collections.abc import Callable

import pytest

from tests.kit import Repository, assert_no_stumps

from .running import tree

Planned = Callable[..., Repository]


@pytest.fixture
def removed(planned: Planned) -> tuple[Repository, str]:
    """A milestone whose work has landed and whose tree is gone, and the commit its branch was at."""
    repository = planned(2, setup=["touch ready"])
    repository.staddle("worktrees")
    (repository.main / ".git" / "info" / "exclude").write_text("ready\n")
    tip = repository.commit(repository.tree(1), "work.txt", "work", "feat: work")
    repository.git("merge", "--quiet", repository.branch(1))
    repository.git("push", "--quiet", "origin", "main")
    repository.staddle("remove", "m1")
    return repository, tip


def test_a_removed_milestone_comes_back_where_it_was_and_set_up(removed: tuple[Repository, str]) -> None:
    repository, tip = removed
    said = repository.staddle("undo", "m1").stdout
    assert said == f"restored {repository.branch(1)} at {tip[:10]}\n"
    assert repository.git("rev-parse", "HEAD", at=repository.tree(1)) == tip
    assert (repository.tree(1) / "ready").exists()
    assert_no_stumps(repository)


def test_what_came_back_can_be_removed_again(removed: tuple[Repository, str]) -> None:
    repository, _ = removed
    repository.staddle("undo", "m1")
    repository.staddle("remove", "m1")
    assert not repository.tree(1).exists()
    assert repository.git("branch", "--list", repository.branch(1)) == ""


def test_a_tree_that_stands_is_not_brought_back(removed: tuple[Repository, str]) -> None:
    repository, _ = removed
    before = repository.state()
    assert "has its tree" in repository.staddle("undo", "m2", code=3).stderr
    assert repository.state() == before


def test_what_was_never_removed_cannot_come_back(planned: Planned) -> None:
    repository = planned(1)
    assert "staddle worktrees m1" in repository.staddle("undo", "m1", code=2).stderr


def test_a_milestone_whose_branch_stayed_gets_its_tree_back(planned: Planned) -> None:
    repository = planned(1)
    repository.git("branch", repository.branch(1))
    repository.staddle("worktrees")
    repository.staddle("remove", "m1")
    repository.staddle("undo", "m1")
    assert repository.tree(1).is_dir()


@pytest.mark.parametrize("words", [["run42", "b1"], ["run42-b1"], ["pqa/run42-b1"]])
def test_a_candidate_may_be_named_in_one_word_or_two(run42: Repository, words: list[str]) -> None:
    run42.staddle("reconcile", "run42")
    run42.staddle("undo", *words)
    assert run42.git("show", "pqa/run42-b1:README.md") == "candidate 1"


def test_a_candidate_that_lives_is_not_brought_back(run42: Repository) -> None:
    assert "has not ended" in run42.staddle("undo", "run42", "b1", code=2).stderr
    assert tree(run42, 1).is_dir()


def test_a_survivor_that_landed_is_taken_back_by_git(run42: Repository) -> None:
    run42.staddle("reconcile", "run42", "b1")
    assert "git revert" in run42.staddle("undo", "run42", "b1", code=2).stderr
