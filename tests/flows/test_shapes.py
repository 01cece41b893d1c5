"""Repositories of every shape: sparse, with submodules, bare, with large files elsewhere, and oddly named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.core.names import Oid
from staddle.edges.git import Git
from staddle.edges.state import State
from staddle.guard.landing import Landing, settle
from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


def news(repository: Repository, *names: str, text: str = "base\n") -> str:
    """A commit of these files that the remote's base gains; the main checkout is not touched."""
    other = repository.main.parent / "other"
    if not other.exists():
        repository.git("clone", "--quiet", str(repository.main.parent / "origin.git"), str(other))
    for name in names:
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(text)
    repository.git("add", "--all", at=other)
    repository.git("commit", "--quiet", "-m", "feat: news", at=other)
    repository.git("push", "--quiet", at=other)
    return repository.git("rev-parse", "HEAD", at=other)


def files(tree: Path) -> set[str]:
    """The files of a tree, staddle's own and git's aside."""
    found = {path.relative_to(tree) for path in tree.rglob("*") if path.is_file()}
    return {str(path) for path in found if path.parts[0] not in (".git", ".staddle", ".pqa", ".pqa_worktrees")}


# -- sparse -----------------------------------------------------------------------------------


@pytest.fixture
def folders(planned: Planned) -> Repository:
    """Two milestones in a product of three folders; the first has but one of them in its tree."""
    repository = planned(2, first={"sparse": ["app/treasury"]}, milestone={"checks": {"unit": UNIT}})
    news(repository, "app/treasury/ledger.py", "app/other/big.py", "docs/index.md")
    repository.git("pull", "--quiet")
    repository.staddle("worktrees")
    return repository


UNIT = {"run": {"shell": "test ! -e docs/index.md"}, "evidence": "exit-code"}
NARROW = {"README.md", "link", "app/core.py", "app/treasury/ledger.py"}


def test_a_milestones_tree_holds_the_folders_that_the_plan_names(folders: Repository) -> None:
    tree = folders.tree(1)
    assert files(tree) == NARROW
    assert folders.git("sparse-checkout", "list", at=tree) == "app/treasury"
    assert folders.git("status", "--porcelain", at=tree) == ""
    assert "docs/index.md" in files(folders.tree(2))
    assert folders.git("config", "--default=", "core.sparseCheckout", at=folders.tree(2)) == ""
    assert_no_stumps(folders)


def test_a_tree_with_other_folders_than_the_plans_is_shown_with_the_way_back(folders: Repository) -> None:
    folders.git("sparse-checkout", "add", "docs", at=folders.tree(1))
    assert "git sparse-checkout set app/treasury" in folders.json("plan")["milestones"][0]["note"]
    assert folders.json("status", "m1")[0]["next_step"] == "git sparse-checkout set app/treasury"
    folders.git("sparse-checkout", "set", "app/treasury", at=folders.tree(1))
    assert folders.json("plan")["milestones"][0]["note"] == ""


def test_sync_leaves_a_sparse_tree_sparse(folders: Repository) -> None:
    folders.commit(folders.tree(1), "app/treasury/mine.py", "mine\n", "feat: mine")
    news(folders, "docs/more.md", "app/treasury/ledger.py", text="newer\n")
    folders.staddle("sync", "m1")
    assert files(folders.tree(1)) == NARROW | {"app/treasury/mine.py"}
    assert (folders.tree(1) / "app/treasury/ledger.py").read_text() == "newer\n"
    assert folders.git("status", "--porcelain", at=folders.tree(1)) == ""


def test_a_verdict_in_a_sparse_tree_is_not_one_in_a_whole_tree(folders: Repository) -> None:
    assert folders.staddle("verify", "m1").returncode == 0
    folders.staddle("verify", "m2", code=1)
    assert "cached" in folders.staddle("verify", "m1").stderr


def test_uncommitted_work_in_a_sparse_tree_is_judged_as_it_is(folders: Repository) -> None:
    (folders.tree(1) / "docs").mkdir()
    (folders.tree(1) / "docs" / "own.md").write_text("outside\n")
    folders.staddle("verify", "m1")
    assert folders.json("status", "m1")[0]["checks"] == {"unit": "pass"}


def test_a_sparse_tree_goes_once_it_has_landed(folders: Repository) -> None:
    folders.staddle("remove", "m1")
    assert not folders.tree(1).exists()
    assert_no_stumps(folders)


def test_trees_beside_a_sparse_main_checkout_hold_what_it_holds(planned: Planned) -> None:
    repository = planned(1)
    news(repository, "docs/index.md")
    repository.git("pull", "--quiet")
    repository.git("sparse-checkout", "set", "app")
    repository.staddle("worktrees")
    repository.staddle("spawn", "run42", "1")
    for tree in (repository.tree(1), repository.main / ".pqa_worktrees" / "run42-b1"):
        assert files(tree) == {"README.md", "link", "app/core.py"}
        assert repository.git("status", "--porcelain", at=tree) == ""
        assert repository.git("sparse-checkout", "list", at=tree) == "app"


def test_a_landing_brings_nothing_into_a_sparse_checkout_that_it_leaves_out(repository: Repository) -> None:
    repository.commit(repository.main, "docs/index.md", "old\n", "docs: index")
    repository.git("sparse-checkout", "set", "app")
    repository.staddle("spawn", "run42", "1")
    tree = repository.main / ".pqa_worktrees" / "run42-b1"
    repository.git("sparse-checkout", "disable", at=tree)
    repository.commit(tree, "docs/index.md", "new\n", "docs: better")
    repository.commit(tree, "docs/more.md", "new\n", "docs: more")
    repository.commit(tree, "app/more.py", "new\n", "feat: more")
    repository.staddle("reconcile", "run42", "1")
    assert files(repository.main) == {"README.md", "link", "app/core.py", "app/more.py"}
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("show", "HEAD:docs/index.md") == "new"
    assert_no_stumps(repository)


def test_a_landing_cut_after_its_commit_point_is_ended_in_a_sparse_checkout(repository: Repository) -> None:
    old = repository.commit(repository.main, "docs/index.md", "old\n", "docs: index")
    repository.commit(repository.main, "docs/more.md", "new\n", "docs: more")
    new = repository.commit(repository.main, "app/more.py", "new\n", "feat: more")
    repository.git("reset", "--quiet", "--hard", old)
    repository.git("sparse-checkout", "set", "app")
    repository.git("update-ref", "refs/heads/main", new)
    git = Git.open(repository.main)
    State(git.common).prepare()
    assert settle(git, State(git.common), Landing("refs/heads/main", Oid(old), Oid(new), 0.0)) == (True, [])
    assert files(repository.main) == {"README.md", "link", "app/core.py", "app/more.py"}
    assert repository.git("status", "--porcelain") == ""
