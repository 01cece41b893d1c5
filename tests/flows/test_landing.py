"""Landing: wherever the target is checked out, or nowhere, and what speaks against it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import Repository

from .running import assert_clean, tree, work


@pytest.fixture
def bare(repository: Repository, tmp_path: Path) -> Repository:
    """A bare clone with main checked out nowhere."""
    place = tmp_path / "store.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(repository.main), str(place)], check=True)
    return Repository(place)


def landed(repository: Repository, number: int, target: str = "main") -> None:
    """The candidate's README.md is what the target holds, as a merge."""
    assert repository.git("show", f"{target}:README.md") == f"candidate {number}"
    assert len(repository.git("log", "-1", "--format=%P", target).split()) == 2


def test_a_run_lands_where_it_was_spawned_though_the_person_went_to_another_branch(run42: Repository) -> None:
    run42.git("switch", "--quiet", "-c", "mine")
    assert "landed on main" in run42.staddle("reconcile", "run42", "b1").stderr
    assert run42.git("branch", "--show-current") == "mine"
    assert run42.git("status", "--porcelain") == ""
    landed(run42, 1)


def test_a_run_lands_while_the_persons_head_is_detached(run42: Repository) -> None:
    run42.git("switch", "--quiet", "--detach")
    before = run42.git("rev-parse", "HEAD")
    run42.staddle("reconcile", "run42", "b1")
    assert run42.git("rev-parse", "HEAD") == before
    landed(run42, 1)


def test_a_target_checked_out_in_another_tree_moves_with_its_files(run42: Repository) -> None:
    run42.git("switch", "--quiet", "-c", "mine")
    run42.git("worktree", "add", "--quiet", "../other", "main")
    other = run42.main.parent / "other"
    (other / "notes.txt").write_text("mine\n")
    run42.staddle("reconcile", "run42", "b2")
    assert (other / "README.md").read_text() == "candidate 2\n"
    assert run42.git("status", "--porcelain", at=other) == "?? notes.txt"
    landed(run42, 2)


def test_a_bare_repository_has_runs_too(bare: Repository) -> None:
    bare.staddle("spawn", "run42", "2")
    work(bare, 1, "README.md", "candidate 1\n")
    bare.staddle("reconcile", "run42", "b1")
    landed(bare, 1)
    assert bare.git("branch", "--list", "pqa/*") == ""
    assert list((bare.main / ".pqa_worktrees").glob("run42*")) == []


def test_a_run_begun_on_a_detached_head_needs_a_target(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--detach")
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "README.md", "candidate 1\n")
    assert "--target" in repository.staddle("reconcile", "run42", "b1", code=3).stderr
    repository.staddle("reconcile", "run42", "b1", "--target", "main")
    landed(repository, 1)


def test_another_target_is_landed_on_and_the_first_is_left(run42: Repository) -> None:
    run42.git("branch", "release")
    before = run42.git("rev-parse", "main")
    run42.staddle("reconcile", "run42", "b1", "--target", "release")
    assert run42.git("rev-parse", "main") == before
    landed(run42, 1, "release")


@pytest.mark.parametrize("target", ["nowhere", "pqa/run42-b2"])
def test_a_target_that_cannot_be_is_refused_by_name(run42: Repository, target: str) -> None:
    before = run42.state()
    assert target in run42.staddle("reconcile", "run42", "b1", "--target", target, code=2).stderr
    assert run42.state() == before


def test_a_target_on_an_unplugged_disk_is_refused(run42: Repository) -> None:
    run42.git("switch", "--quiet", "-c", "mine")
    run42.git("worktree", "add", "--quiet", "../stick", "main")
    (run42.main.parent / "stick").rename(run42.main.parent / "drawer")
    assert "not there" in run42.staddle("reconcile", "run42", "b1", code=3).stderr
    assert tree(run42, 2).is_dir()


def test_a_target_that_is_being_rebased_is_refused(run42: Repository) -> None:
    run42.git("switch", "--quiet", "-c", "other")
    run42.commit(run42.main, "clash", "other\n", "feat: other")
    run42.git("switch", "--quiet", "main")
    run42.commit(run42.main, "clash", "main\n", "feat: main")
    subprocess.run(["git", "rebase", "other"], cwd=run42.main, capture_output=True, check=False)
    before = run42.state()
    assert "rebase" in run42.staddle("reconcile", "run42", "b1", code=3).stderr
    assert run42.state() == before


def test_attributes_count_as_the_target_has_them_committed(repository: Repository) -> None:
    repository.commit(repository.main, ".gitattributes", "list.txt merge=union\n", "chore: union")
    repository.commit(repository.main, "list.txt", "start\n", "feat: list")
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "list.txt", "start\ntheirs\n")
    repository.commit(repository.main, "list.txt", "start\nmine\n", "feat: mine")
    repository.git("switch", "--quiet", "-c", "elsewhere", "HEAD~3")
    repository.staddle("reconcile", "run42", "b1")
    assert set(repository.git("show", "main:list.txt").split()) == {"start", "mine", "theirs"}


def test_a_merge_driver_of_the_repository_is_used(repository: Repository) -> None:
    repository.git("config", "merge.ours.driver", "true")
    repository.commit(repository.main, ".gitattributes", "README.md merge=ours\n", "chore: ours")
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "README.md", "theirs\n")
    repository.commit(repository.main, "README.md", "mine\n", "feat: mine")
    repository.staddle("reconcile", "run42", "b1")
    assert (repository.main / "README.md").read_text() == "mine\n"


def test_a_landing_is_signed_where_the_repository_signs(run42: Repository, tmp_path: Path) -> None:
    signer = tmp_path / "signer"
    signer.write_text("#!/bin/sh\ncat >/dev/null\nprintf '\\n[GNUPG:] SIG_CREATED \\n' >&2\necho -----SIGNED-----\n")
    signer.chmod(0o755)
    run42.git("config", "gpg.program", str(signer))
    run42.git("config", "commit.gpgsign", "true")
    run42.staddle("reconcile", "run42", "b1", "--trust")
    assert "SIGNED" in run42.git("cat-file", "commit", "main")


def test_lfs_pointers_are_merged_as_pointers_and_written_through_their_filter(repository: Repository) -> None:
    repository.git("config", "filter.stand-in.smudge", "sed s/pointer/content/")
    repository.git("config", "filter.stand-in.clean", "sed s/content/pointer/")
    repository.commit(repository.main, ".gitattributes", "*.bin filter=stand-in\n", "chore: lfs")
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "big.bin", "content 1\n")
    repository.staddle("reconcile", "run42", "b1")
    assert repository.git("cat-file", "-p", "main:big.bin") == "pointer 1"
    assert (repository.main / "big.bin").read_text() == "content 1\n"
    assert repository.git("status", "--porcelain") == ""


@pytest.fixture
def living_git(run42: Repository) -> Iterator[Path]:
    """The index lock of the main checkout, held by a living git: a commit that waits for its editor."""
    (run42.main / "mine.txt").write_text("mine")
    run42.git("add", "mine.txt")
    ready = run42.main.parent / "ready"
    os.mkfifo(ready)
    editor = f"sh -c 'echo > {ready}; exec cat {ready}'"
    argv = ["git", "-c", f"core.editor={editor}", "commit", "--quiet", "--only", "mine.txt"]
    process = subprocess.Popen(argv, cwd=run42.main, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ready.read_text()
    yield run42.main / ".git" / "index.lock"
    process.kill()
    process.wait()
    with ready.open("w"):
        pass


def test_an_index_lock_of_a_living_git_is_waited_for_and_left_alone(run42: Repository, living_git: Path) -> None:
    held, before = living_git.exists(), run42.git("rev-parse", "main")
    assert held
    assert "index.lock" in run42.staddle("reconcile", "run42", "b1", code=4).stderr
    assert living_git.exists()
    assert run42.git("rev-parse", "main") == before


def test_after_a_foreign_lock_is_gone_the_same_command_lands(run42: Repository) -> None:
    lock = run42.main / ".git" / "index.lock"
    lock.write_text("")
    run42.staddle("reconcile", "run42", "b1", code=4)
    assert lock.exists()
    lock.unlink()
    run42.staddle("reconcile", "run42", "b1")
    assert_clean(run42)


def test_main_that_went_on_elsewhere_is_merged_with(run42: Repository) -> None:
    went_on = run42.commit(run42.main, "other.txt", "main went on\n", "feat: main went on")
    run42.staddle("reconcile", "run42", "b1")
    assert run42.git("rev-parse", "main^1") == went_on
    assert (run42.main / "other.txt").exists()
    landed(run42, 1)
