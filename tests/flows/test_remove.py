"""remove: the gate's refusals, each by its code, and what is gone afterwards."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


@pytest.fixture
def standing(planned: Planned) -> Repository:
    """A repository with the trees of two milestones."""
    repository = planned(2)
    repository.staddle("worktrees")
    return repository


def codes(repository: Repository) -> list[str]:
    """The codes of all reasons against removing m1."""
    (going,) = repository.json("remove", "m1", "--dry-run")
    return [reason["code"] for reason in going["refusals"]]


def refused(repository: Repository) -> str:
    """What removing m1 is refused with; nothing may have changed."""
    before = repository.state()
    said = repository.staddle("remove", "m1", code=3).stderr
    assert repository.state() == before
    assert_no_stumps(repository)
    return said


@pytest.mark.parametrize("verb", ["remove", "remove --abandon", "land", "pr"])
def test_a_verb_that_needs_a_milestone_names_those_of_the_plan(planned: Planned, verb: str) -> None:
    said = planned(2).staddle(*verb.split(), code=2).stderr
    assert said == f"error: {verb} needs to know which milestone\n  try: staddle {verb} m1; there are: m1 m2\n"


def test_a_landed_clean_tree_goes_with_the_branch_that_staddle_made(standing: Repository) -> None:
    done = standing.staddle("remove", "m1")
    assert "branch feat/venture-m1-part (was " in done.stdout
    assert not standing.tree(1).exists()
    assert standing.tree(2).is_dir()
    assert standing.git("branch", "--list", "feat/*", "--format=%(refname:short)") == standing.branch(2)
    assert_no_stumps(standing)


def test_removing_twice_is_removing_once(standing: Repository) -> None:
    standing.staddle("remove", "m1")
    assert "nothing to do" in standing.staddle("remove", "m1").stderr


def test_what_is_deleted_stands_in_the_ledger(standing: Repository) -> None:
    tip = standing.git("rev-parse", standing.branch(1))
    standing.staddle("remove", "m1")
    assert tip in (standing.main / ".git" / "staddle" / "ledger.jsonl").read_text()


def test_uncommitted_changes_are_refused_as_dirty(standing: Repository) -> None:
    (standing.tree(1) / "README.md").write_text("mine")
    assert codes(standing) == ["dirty"]
    assert "README.md" in refused(standing)


def test_files_git_does_not_know_are_refused_as_untracked(standing: Repository) -> None:
    (standing.tree(1) / "notes.txt").write_text("mine")
    assert codes(standing) == ["untracked"]
    assert "notes.txt" in refused(standing)


def test_commits_that_landed_nowhere_are_refused_as_unlanded_and_unpushed(standing: Repository) -> None:
    standing.commit(standing.tree(1), "work.txt", "work", "feat: work")
    assert codes(standing) == ["unlanded", "unpushed"]
    assert "1 commit of" in refused(standing)


def test_pushed_commits_are_still_unlanded(standing: Repository) -> None:
    standing.commit(standing.tree(1), "work.txt", "work", "feat: work")
    standing.git("push", "--quiet", "origin", "HEAD", at=standing.tree(1))
    assert codes(standing) == ["unlanded"]


def test_a_squashed_branch_counts_as_landed(standing: Repository) -> None:
    standing.commit(standing.tree(1), "work.txt", "work", "feat: work")
    standing.git("merge", "--quiet", "--squash", standing.branch(1))
    standing.git("commit", "--quiet", "-m", "feat: squashed")
    standing.git("push", "--quiet", "origin", "main")
    assert codes(standing) == []
    standing.staddle("remove", "m1")
    assert standing.branch(1) not in standing.git("branch", "--list")


def test_a_locked_tree_is_refused_with_its_reason(standing: Repository) -> None:
    standing.git("worktree", "lock", "--reason", "on a stick", str(standing.tree(1)))
    assert codes(standing) == ["locked"]
    assert "on a stick" in refused(standing)


def test_a_rebase_under_way_is_refused_though_the_status_is_clean(standing: Repository) -> None:
    tree = standing.tree(1)
    standing.commit(tree, "README.md", "theirs", "feat: one")
    standing.git("push", "--quiet", "origin", "HEAD:main", at=tree)
    stopped = ["git", "-c", "sequence.editor=sed -i s/pick/break/", "rebase", "-i", "HEAD~1"]
    subprocess.run(stopped, cwd=tree, check=False, capture_output=True)
    assert "under-way" in codes(standing)


def test_a_process_standing_in_the_tree_is_refused_and_lives_on(standing: Repository) -> None:
    with subprocess.Popen(["cat"], cwd=standing.tree(1) / "app", stdin=subprocess.PIPE) as person:
        assert codes(standing) == ["process"]
        assert str(person.pid) in refused(standing)
        assert person.poll() is None


def test_an_adopted_tree_is_never_deleted(planned: Planned) -> None:
    repository = planned(1)
    repository.git("worktree", "add", "--quiet", "-b", repository.branch(1), str(repository.tree(1)))
    repository.staddle("worktrees")
    assert codes(repository) == ["adopted"]
    refused(repository)


def test_a_branch_that_was_there_before_stays(planned: Planned) -> None:
    repository = planned(1)
    repository.git("branch", repository.branch(1))
    repository.staddle("worktrees")
    repository.staddle("remove", "m1")
    assert not repository.tree(1).exists()
    assert repository.branch(1) in repository.git("branch", "--list")


def test_one_refused_tree_keeps_all_that_were_named(standing: Repository) -> None:
    (standing.tree(1) / "notes.txt").write_text("mine")
    standing.staddle("remove", "m1", "m2", code=3)
    assert standing.tree(2).is_dir()


def test_every_reason_is_told_at_once(standing: Repository) -> None:
    tree = standing.tree(1)
    standing.commit(tree, "work.txt", "work", "feat: work")
    (tree / "README.md").write_text("mine")
    (tree / "notes.txt").write_text("mine")
    assert codes(standing) == ["dirty", "untracked", "unlanded", "unpushed"]


def test_a_tree_that_is_a_link_is_not_followed(standing: Repository, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    standing.tree(1).rename(precious)
    standing.tree(1).symlink_to(precious)
    standing.staddle("remove", "m1", code=3)
    assert (precious / "README.md").exists()


def test_read_only_folders_are_no_hindrance(standing: Repository) -> None:
    cache = standing.tree(1) / ".staddle" / "modules"
    cache.mkdir()
    (cache / "file").touch()
    cache.chmod(0o500)
    standing.staddle("remove", "m1")
    assert_no_stumps(standing)


def test_a_milestone_no_longer_declared_can_be_removed_by_its_name(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees")
    planned(1)
    repository.staddle("remove", "m2")
    assert not repository.tree(2).exists()
