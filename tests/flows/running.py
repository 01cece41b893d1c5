"""Helpers of the tests on runs: where candidates stand, work done in them, and what must be left."""

from pathlib import Path

from tests.kit import Repository, assert_no_stumps


def tree(repository: Repository, number: int, run: str = "run42") -> Path:
    """Where a candidate stands."""
    return repository.main / ".pqa_worktrees" / f"{run}-b{number}"


def work(repository: Repository, number: int, name: str, text: str) -> str:
    """Commit a file in a candidate."""
    return repository.commit(tree(repository, number), name, text, f"feat: candidate {number}")


def assert_clean(repository: Repository, *preserved: str) -> None:
    """Only real trees are listed, and exactly the preserved branches are left of all runs."""
    assert repository.git("worktree", "list").count("\n") == 0
    assert repository.git("branch", "--list", "pqa/*", "--format=%(refname:short)").split() == list(preserved)
    assert list((repository.main / ".pqa_worktrees").glob("*-b*")) == []
    assert_no_stumps(repository)
