"""Context runs: candidates that are folders of files and patches, and where a run's settings come from."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.kit import Repository

from .running import assert_clean, tree


def place(repository: Repository, number: int) -> Path:
    """A candidate's folder."""
    return repository.main / ".pqa" / "branches" / f"b{number}"


def write(repository: Repository, number: int, name: str, text: str) -> None:
    """Put a file into a candidate's payload."""
    path = place(repository, number) / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def folders(repository: Repository) -> Repository:
    """A context run of two, each with a file of its own."""
    repository.staddle("spawn", "run42", "2", "--mode", "context")
    for number in (1, 2):
        write(repository, number, "app/new.py", f"NUMBER = {number}\n")
    return repository


def test_a_context_run_makes_folders_and_no_branch(repository: Repository) -> None:
    said = repository.staddle("spawn", "run42", "2", "--mode", "context").stdout
    assert said.splitlines() == [str(place(repository, 1)), str(place(repository, 2))]
    assert repository.git("branch", "--list", "pqa/*") == ""
    assert repository.git("status", "--porcelain") == ""


def test_the_survivors_payload_lands_as_a_merge_and_nothing_is_left(folders: Repository) -> None:
    folders.staddle("reconcile", "run42", "b2")
    assert (folders.main / "app" / "new.py").read_text() == "NUMBER = 2\n"
    assert len(folders.git("log", "-1", "--format=%P").split()) == 2
    assert not place(folders, 1).parent.exists()
    assert_clean(folders)


def test_patches_are_applied_before_files_are_laid_over(folders: Repository) -> None:
    (folders.main / "README.md").write_text("patched\n")
    patch = subprocess.run(["git", "diff"], cwd=folders.main, capture_output=True, check=True).stdout
    folders.git("checkout", "--quiet", "README.md")
    (place(folders, 1) / "0001.patch").write_bytes(patch)
    folders.staddle("reconcile", "run42", "b1")
    assert (folders.main / "README.md").read_text() == "patched\n"
    assert (folders.main / "app" / "new.py").read_text() == "NUMBER = 1\n"


def test_modes_and_links_of_files_are_kept_and_ignored_ones_taken_along(folders: Repository) -> None:
    (folders.main / ".git" / "info" / "exclude").write_text("*.log\n")
    write(folders, 1, "run.sh", "#!/bin/sh\n")
    (place(folders, 1) / "files" / "run.sh").chmod(0o755)
    (place(folders, 1) / "files" / "to").symlink_to("run.sh")
    write(folders, 1, "a.log", "wanted\n")
    folders.staddle("reconcile", "run42", "b1")
    modes = {line.split()[3]: line.split()[0] for line in folders.git("ls-tree", "main").splitlines()}
    assert (modes["run.sh"], modes["to"], modes["a.log"]) == ("100755", "120000", "100644")


def test_a_conflict_preserves_the_payload_as_a_branch(folders: Repository) -> None:
    folders.commit(folders.main, "app/new.py", "MINE = 0\n", "feat: mine")
    folders.staddle("reconcile", "run42", "b1", code=1)
    assert folders.git("show", "pqa/run42-b1:app/new.py") == "NUMBER = 1"
    assert_clean(folders, "pqa/run42-b1")
    folders.git("merge", "--quiet", "--no-ff", "-X", "theirs", "-m", "by hand", "pqa/run42-b1")
    folders.staddle("reconcile", "run42")
    assert_clean(folders)


def test_a_losers_folder_is_kept_and_undo_says_where(folders: Repository) -> None:
    folders.staddle("reconcile", "run42", "b2")
    said = folders.staddle("undo", "run42", "b1", code=2).stderr
    folder = Path(said.split(" in ", 1)[1].splitlines()[0])
    assert (folder / "files" / "app" / "new.py").read_text() == "NUMBER = 1\n"


def test_a_second_context_run_is_held_and_a_run_of_trees_is_not(folders: Repository) -> None:
    assert "run42" in folders.staddle("spawn", "other", "2", "--mode", "context", code=4).stderr
    folders.staddle("spawn", "other", "2")
    assert tree(folders, 1, "other").is_dir()


@pytest.mark.parametrize(("name", "text"), [("bad.patch", "no patch\n"), (None, "")])
def test_a_payload_that_is_no_commit_is_refused_and_nothing_touched(
    repository: Repository, name: str | None, text: str
) -> None:
    repository.staddle("spawn", "run42", "2", "--mode", "context")
    if name:
        (place(repository, 1) / name).write_text(text)
    before = repository.state()
    assert str(place(repository, 1)) in repository.staddle("reconcile", "run42", "b1", code=3).stderr
    assert repository.state() == before


def test_a_refused_landing_lets_the_payload_be_changed(folders: Repository) -> None:
    (folders.main / "app" / "new.py").write_text("mine\n")
    folders.staddle("reconcile", "run42", "b1", code=3)
    (folders.main / "app" / "new.py").unlink()
    write(folders, 1, "app/new.py", "NUMBER = 11\n")
    folders.staddle("reconcile", "run42", "b1")
    assert (folders.main / "app" / "new.py").read_text() == "NUMBER = 11\n"


def test_folders_that_somebody_made_are_refused_and_kept(repository: Repository) -> None:
    write(repository, 1, "precious", "mine")
    repository.staddle("spawn", "run42", "2", "--mode", "context", code=3)
    repository.staddle("reconcile", "run42")
    assert (place(repository, 1) / "files" / "precious").read_text() == "mine"


def settings(repository: Repository, text: str) -> None:
    """Write the settings file."""
    (repository.main / "pqa-config.toml").write_text(text)


def test_the_file_decides_mode_and_number_and_the_environment_beats_it(repository: Repository) -> None:
    settings(repository, '[pqa]\nbranches_mode = "context"\nbranches = 2\n')
    assert repository.staddle("spawn", "one").stdout.splitlines() == [str(place(repository, n)) for n in (1, 2)]
    said = repository.staddle("spawn", "two", PQA_BRANCHES_MODE="worktree", PQA_BRANCHES="1").stdout
    assert said.splitlines() == [str(tree(repository, 1, "two"))]


def test_what_the_caller_says_beats_the_environment_and_nothing_said_means_three_trees(repository: Repository) -> None:
    said = repository.staddle("spawn", "one", "1", "--mode", "worktree", PQA_BRANCHES_MODE="context").stdout
    assert said.splitlines() == [str(tree(repository, 1, "one"))]
    assert len(repository.staddle("spawn", "two").stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "env", "named"),
    [
        ('[pqa]\nbranches_mode = "trees"\n', {}, "pqa-config.toml: pqa.branches_mode: 'trees'"),
        ("[pqa]\nbranches = 0\n", {}, "pqa-config.toml: pqa.branches: '0'"),
        ("pqa = 3\n", {}, "pqa-config.toml"),
        ("[pqa\n", {}, "pqa-config.toml"),
        ("", {"PQA_BRANCHES_MODE": "Context"}, "PQA_BRANCHES_MODE: 'Context'"),
        ("", {"PQA_BRANCHES": "many"}, "PQA_BRANCHES: 'many'"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(
    repository: Repository, text: str, env: dict[str, str], named: str
) -> None:
    settings(repository, text)
    before = repository.state()
    assert named in repository.staddle("spawn", "run42", at=None, code=2, **env).stderr
    assert repository.state() == before


@pytest.mark.parametrize("stray", ["solution.py", "fix.diff", "src/x.py"])
def test_what_lies_beside_files_and_patches_is_refused_by_name(folders: Repository, stray: str) -> None:
    path = place(folders, 1) / stray
    path.parent.mkdir(exist_ok=True)
    path.write_text("work\n")
    said = folders.staddle("reconcile", "run42", "b1", code=3).stderr
    assert str(place(folders, 1) / stray.split("/", maxsplit=1)[0]) in said
    assert path.exists()


def test_a_losers_days_begin_when_it_is_taken_away(folders: Repository) -> None:
    os.utime(place(folders, 1), (0, 0))
    folders.staddle("reconcile", "run42", "b2")
    assert folders.staddle("sweep").stdout == "nothing to sweep\n"
    assert list((folders.main / ".git" / "staddle" / "bundles").glob("run42-b1.*.folder"))
