"""remove --abandon: a tree goes whatever it holds, and comes back as it was."""

import subprocess
from collections.abc import Callable

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


@pytest.fixture
def busy(planned: Planned) -> Repository:
    """A tree with a commit, and staged, unstaged, deleted and new files on it."""
    repository = planned(2)
    repository.staddle("worktrees")
    tree = repository.tree(1)
    repository.commit(tree, "part.txt", "done\n", "feat: part")
    (tree / "staged.txt").write_text("staged\n")
    repository.git("add", "staged.txt", at=tree)
    (tree / "staged.txt").write_text("staged, then edited\n")
    (tree / "part.txt").write_text("half done\n")
    (tree / "README.md").unlink()
    (tree / "new").mkdir()
    (tree / "new" / "tool").write_text("#!/bin/sh\n")
    (tree / "new" / "tool").chmod(0o755)
    return repository


def picture(repository: Repository) -> dict[str, str]:
    """All that git sees of the tree."""
    tree = repository.tree(1)
    seen = {words: repository.git(*words.split(), at=tree) for words in PICTURE}
    return seen | {"tool": f"{(tree / 'new' / 'tool').stat().st_mode:o}{(tree / 'new' / 'tool').read_text()}"}


PICTURE = ("rev-parse HEAD", "symbolic-ref HEAD", "status --porcelain --untracked-files=all", "diff", "diff --cached")


def test_abandoned_work_comes_back_exactly(busy: Repository) -> None:
    before = picture(busy)
    said = busy.staddle("remove", "--abandon", "m1").stdout
    assert "kept for 14 days: staddle undo m1" in said
    assert not busy.tree(1).exists()
    assert busy.branch(1) not in busy.git("for-each-ref")
    assert_no_stumps(busy)
    assert "its uncommitted work in its tree" in busy.staddle("undo", "m1").stdout
    assert picture(busy) == before
    assert_no_stumps(busy)
    assert list((busy.main / ".git/staddle/bundles").glob("m1.*")) == []


def test_without_the_option_it_is_refused(busy: Repository) -> None:
    before = busy.state(), picture(busy)
    busy.staddle("remove", "m1", code=3)
    assert (busy.state(), picture(busy)) == before


def test_a_dry_run_says_what_would_go_and_leaves_it(busy: Repository) -> None:
    before = busy.state(), picture(busy)
    said = busy.staddle("remove", "--abandon", "m1", "--dry-run").stdout
    assert f"m1: would remove {busy.tree(1)} and branch" in said
    assert "  what it holds would be kept for 14 days: 1 commit, 4 changed files\n" in said
    assert (busy.state(), picture(busy)) == before


def test_made_anew_it_stands_on_the_base_and_undo_still_brings_the_old_one_back(busy: Repository) -> None:
    before = picture(busy)
    busy.git("push", "--quiet", "origin", busy.branch(1))
    busy.staddle("remove", "--abandon", "--recreate", "m1")
    assert busy.git("rev-parse", "HEAD", at=busy.tree(1)) == busy.git("rev-parse", "origin/main")
    assert busy.git("status", "--porcelain", at=busy.tree(1)) == ""
    busy.staddle("undo", "m1")
    assert picture(busy) == before


def test_a_tree_that_a_cut_command_did_not_make_anew_is_made_by_the_next(busy: Repository) -> None:
    busy.staddle("remove", "--abandon", "m1")
    busy.staddle("remove", "--abandon", "--recreate", "m1")
    assert busy.git("rev-parse", "HEAD", at=busy.tree(1)) == busy.git("rev-parse", "origin/main")


def test_work_in_the_new_tree_keeps_the_old_one_away(busy: Repository) -> None:
    busy.staddle("remove", "--abandon", "--recreate", "m1")
    busy.commit(busy.tree(1), "other.txt", "other\n", "feat: other")
    assert "m1 has its tree" in busy.staddle("undo", "m1", code=3).stderr
    assert (busy.tree(1) / "other.txt").exists()


def refused(repository: Repository) -> str:
    """The refusal of abandoning m1, which must have changed nothing."""
    before = repository.state()
    said = repository.staddle("remove", "--abandon", "m1", code=3).stderr
    assert repository.state() == before
    return said


def test_a_tree_somebody_stands_in_stays(busy: Repository) -> None:
    with subprocess.Popen(["cat"], cwd=busy.tree(1), stdin=subprocess.PIPE) as process:
        assert "[process]" in refused(busy)
        process.communicate()


def test_a_locked_tree_stays(busy: Repository) -> None:
    busy.git("worktree", "lock", str(busy.tree(1)))
    assert "[locked]" in refused(busy)


def test_a_tree_with_a_repository_inside_stays(busy: Repository) -> None:
    busy.git("init", "--quiet", str(busy.tree(1) / "inner"))
    assert "[nested]" in refused(busy)


def test_a_branch_that_somebody_made_stays(planned: Planned) -> None:
    repository = planned(1)
    repository.git("branch", repository.branch(1))
    repository.staddle("worktrees")
    assert "[not-ours]" in refused(repository)


def test_a_tree_made_by_hand_stays(planned: Planned) -> None:
    repository = planned(1)
    repository.git("worktree", "add", "--quiet", "-b", repository.branch(1), str(repository.tree(1)))
    repository.staddle("worktrees")
    assert "[adopted]" in refused(repository)
