"""sync --manual: git's own rebase in a tree, from the first conflict to its end, or back."""

import json
from collections.abc import Callable

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


@pytest.fixture
def clashing(planned: Planned) -> Repository:
    """One tree with three commits of which the second is in the way of the base's news."""
    repository = planned(1)
    repository.commit(repository.main, "shared.txt", "one\ntwo\nthree\n", "feat: shared")
    repository.commit(repository.main, "gone.txt", "old\n", "feat: gone")
    repository.git("push", "--quiet", "origin", "main")
    repository.staddle("worktrees")
    repository.commit(repository.tree(1), "first.txt", "first\n", "feat: first")
    (repository.tree(1) / "gone.txt").write_text("mine\n")
    repository.git("add", "gone.txt", at=repository.tree(1))
    repository.commit(repository.tree(1), "shared.txt", "one\nmine\nthree\n", "feat: second")
    repository.commit(repository.tree(1), "third.txt", "third\n", "feat: third")
    repository.git("rm", "--quiet", "gone.txt")
    repository.commit(repository.main, "shared.txt", "one\nbase\nthree\n", "feat: news")
    repository.git("push", "--quiet", "origin", "main")
    return repository


def tip(repository: Repository) -> str:
    """Where the branch is."""
    return repository.git("rev-parse", repository.branch(1))


def subjects(repository: Repository) -> list[str]:
    """The branch's own commits, oldest first."""
    return repository.git("log", "--reverse", "--format=%s", "origin/main..", at=repository.tree(1)).splitlines()


def test_the_stop_is_explained(clashing: Repository) -> None:
    said = clashing.staddle("sync", "m1", "--manual", code=1).stdout
    assert "stopped at commit 2 of 3" in said
    assert "feat: second, on origin/main" in said
    assert "'shared.txt' (both changed)" in said
    assert "'gone.txt' (deleted on the base)" in said
    assert 'its "ours" is the base, its "theirs" is your commit' in said
    assert "sync m1 --take base|mine" in said


def test_status_names_the_way_on(clashing: Repository) -> None:
    clashing.staddle("sync", "m1", "--manual", code=1)
    (row,) = clashing.json("status", "m1")
    assert row["under_way"] == "rebase"
    assert row["next_step"] == "sync m1 --continue, or --abort"


def test_a_step_that_names_no_milestone_is_told_which_one_waits_for_it(clashing: Repository) -> None:
    said = clashing.staddle("sync", "--abort", code=2).stderr
    assert said == "error: --abort is for one milestone, and no rebase is under way\n  try: staddle status\n"
    clashing.staddle("sync", "m1", "--manual", code=1)
    for how in (("--continue",), ("--abort",), ("--take", "mine")):
        said = clashing.staddle("sync", *how, code=2).stderr
        assert said.endswith(f"try: staddle sync m1 {' '.join(how)}\n")


def test_edited_files_are_committed_and_the_rest_follows(clashing: Repository) -> None:
    before, tree = tip(clashing), clashing.tree(1)
    clashing.staddle("sync", "m1", "--manual", code=1)
    (tree / "shared.txt").write_text("one\nboth\nthree\n")
    clashing.git("rm", "--quiet", "gone.txt", at=tree)
    clashing.staddle("sync", "m1", "--continue")
    assert subjects(clashing) == ["feat: first", "feat: second", "feat: third"]
    assert (tree / "shared.txt").read_text() == "one\nboth\nthree\n"
    assert clashing.git("status", "--porcelain", "--branch", at=tree) == f"## {clashing.branch(1)}"
    assert_no_stumps(clashing)
    clashing.staddle("sync", "--undo")
    assert tip(clashing) == before
    assert (tree / "gone.txt").read_text() == "mine\n"


def test_markers_that_are_left_are_refused_by_line(clashing: Repository) -> None:
    clashing.staddle("sync", "m1", "--manual", code=1)
    clashing.git("add", "--all", at=clashing.tree(1))
    refused = clashing.staddle("sync", "m1", "--continue", code=3).stderr
    assert "'shared.txt':2, 'shared.txt':6" in refused


def test_a_file_that_git_cannot_mark_has_to_be_decided(clashing: Repository) -> None:
    clashing.staddle("sync", "m1", "--manual", code=1)
    (clashing.tree(1) / "shared.txt").write_text("one\nboth\nthree\n")
    refused = clashing.staddle("sync", "m1", "--continue", code=3).stderr
    assert "'gone.txt' (deleted on the base)" in refused


@pytest.mark.parametrize(
    ("side", "word", "shared", "gone"),
    [("base", "ours", "base", False), ("mine", "theirs", "mine", True), ("theirs", "theirs", "mine", True)],
)
def test_a_side_is_taken_whole(clashing: Repository, side: str, word: str, shared: str, gone: bool) -> None:
    clashing.staddle("sync", "m1", "--manual", code=1)
    said = clashing.staddle("sync", "m1", "--take", side).stdout
    assert f'git calls "{word}" in a rebase' in said
    clashing.staddle("sync", "m1", "--continue")
    assert (clashing.tree(1) / "shared.txt").read_text() == f"one\n{shared}\nthree\n"
    assert (clashing.tree(1) / "gone.txt").exists() is gone
    assert (clashing.tree(1) / "third.txt").exists()


def test_a_side_can_be_taken_of_one_file(clashing: Repository) -> None:
    clashing.staddle("sync", "m1", "--manual", code=1)
    (step,) = json.loads(clashing.staddle("sync", "m1", "--take", "base", "gone.txt", "--json").stdout)
    assert step["conflicts"] == [{"path": "shared.txt", "kind": "both changed"}]
    assert not (clashing.tree(1) / "gone.txt").exists()


def test_abort_puts_branch_and_files_back(clashing: Repository) -> None:
    before, tree = tip(clashing), clashing.tree(1)
    clashing.staddle("sync", "m1", "--manual", code=1)
    clashing.staddle("sync", "m1", "--abort")
    assert tip(clashing) == before
    assert clashing.git("status", "--porcelain", "--branch", at=tree) == f"## {clashing.branch(1)}"
    assert not (clashing.main / ".git/worktrees" / tree.name / "rebase-merge").exists()
    assert_no_stumps(clashing)


def test_without_a_conflict_it_is_a_sync(clashing: Repository) -> None:
    clashing.git("reset", "--quiet", "--hard", "HEAD~2", at=clashing.tree(1))
    assert "moved, 1 commit on origin/main" in clashing.staddle("sync", "m1", "--manual").stdout
    assert subjects(clashing) == ["feat: first"]


def test_a_tree_with_uncommitted_work_is_refused(clashing: Repository) -> None:
    (clashing.tree(1) / "notes.txt").write_text("mine\n")
    assert "notes.txt" in clashing.staddle("sync", "m1", "--manual", code=3).stderr
    assert list(clashing.main.glob(".git/worktrees/*/rebase-*")) == []


def test_a_step_without_a_rebase_is_told_how_to_begin(clashing: Repository) -> None:
    for option in ("--continue", "--abort"):
        assert "sync m1 --manual" in clashing.staddle("sync", "m1", option, code=2).stderr


def test_what_has_landed_squashed_is_not_picked(clashing: Repository) -> None:
    landed = clashing.git("rev-parse", f"{clashing.branch(1)}~1")
    clashing.commit(clashing.tree(1), "shared.txt", "one\nlater\nthree\n", "feat: later")
    clashing.git("checkout", "--quiet", landed, "--", ".")
    clashing.git("commit", "--quiet", "-m", f"feat: squashed\n\nLanded-From: {landed}")
    clashing.commit(clashing.main, "shared.txt", "one\nnews\nthree\n", "feat: more news")
    clashing.git("push", "--quiet", "origin", "main")
    said = clashing.staddle("sync", "m1", "--manual", code=1).stdout
    assert "stopped at commit 2 of 2" in said
    clashing.staddle("sync", "m1", "--take", "mine")
    clashing.staddle("sync", "m1", "--continue")
    assert subjects(clashing) == ["feat: third", "feat: later"]


def test_asked_again_it_tells_where_it_stands(clashing: Repository) -> None:
    first = clashing.staddle("sync", "m1", "--manual", code=1).stdout
    assert clashing.staddle("sync", "m1", "--manual", code=1).stdout == first


@pytest.mark.parametrize("name", ["base.cfg", "own.cfg"], ids=["from the base", "from an own commit"])
def test_an_ignored_file_in_the_way_is_not_overwritten(clashing: Repository, name: str) -> None:
    tree = clashing.tree(1)
    (clashing.main / ".git" / "info" / "exclude").write_text("*.cfg\n")
    for at, file in ((clashing.main, "base.cfg"), (tree, "own.cfg")):
        (at / file).write_text("shared\n")
        clashing.git("add", "--force", file, at=at)
        clashing.git("commit", "--quiet", "--no-verify", "-m", f"feat: {file}", at=at)
    clashing.git("rm", "--quiet", "own.cfg", at=tree)
    clashing.git("commit", "--quiet", "--no-verify", "-m", "feat: without own.cfg", at=tree)
    clashing.git("push", "--quiet", "origin", "main")
    (tree / name).write_text("precious\n")
    before = tip(clashing)
    assert name in clashing.staddle("sync", "m1", "--manual", code=3).stderr
    assert (tree / name).read_text() == "precious\n"
    assert (tip(clashing), clashing.git("status", "--porcelain", at=tree)) == (before, "")
