"""drill: an operator's own repository is tried out, and stays as it is."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from staddle.edges.git import Git
from staddle.faults import seed
from staddle.faults.cutting import cut
from staddle.faults.picture import snapshot
from staddle.faults.seccomp import SUPPORTED
from tests.kit import STADDLE, Repository

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="needs seccomp user notification")
COMMANDS = ["spawn", "reconcile", "conflict"]
HARMFUL_GIT = """#!/bin/sh
case "$*" in *"staddle: removed"*) {git} update-ref -d refs/heads/pqa/run1;; esac
exec {git} "$@"
"""
"""A git that takes somebody's branch along whenever it removes ours."""


def drill(at: Path, *options: str, path: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the verb with an empty folder for its temporary files, which must be empty again afterwards."""
    env = os.environ | {"PATH": f"{path}{os.environ['PATH']}"}
    argv = [*STADDLE, "drill", *options]
    done = subprocess.run(argv, cwd=at, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert not list(Path(os.environ["TMPDIR"]).glob("staddle-drill-*"))
    return done


@pytest.mark.slow
def test_a_drill_finds_nothing_and_leaves_the_repository_as_it_is(repository: Repository) -> None:
    (repository.main / "README.md").write_text("work under way\n")
    before, stamps = snapshot(repository.main), modified(repository.main)
    done = drill(repository.main, "--quick", "--mode", "kill")
    assert done.returncode == 0, done.stdout + done.stderr
    heads, *rows = (line.split() for line in done.stdout.splitlines())
    assert heads == ["command", "mode", "points", "failures"]
    assert [(row[0], row[1], row[3]) for row in rows] == [(name, "kill", "0") for name in COMMANDS]
    assert all(10 <= int(row[2]) <= 14 for row in rows)
    assert (snapshot(repository.main), modified(repository.main)) == (before, stamps)


def modified(main: Path) -> dict[Path, int]:
    """When each file and folder below was last changed."""
    return {path: path.lstat().st_mtime_ns for path in main.rglob("*")}


@pytest.mark.slow
def test_harm_done_by_a_command_is_told_with_its_place(repository: Repository, tmp_path: Path) -> None:
    harmful = tmp_path / "bin" / "git"
    harmful.parent.mkdir()
    harmful.write_text(HARMFUL_GIT.format(git=shutil.which("git")))
    harmful.chmod(0o755)
    done = drill(repository.main, "--quick", "--mode", "self", "--json", path=f"{harmful.parent}:")
    assert done.returncode == 1, done.stdout + done.stderr
    (spawn, *_) = json.loads(done.stdout)
    assert (spawn["command"], spawn["mode"]) == ("spawn", "self")
    assert any("lost: ref refs/heads/pqa/run1" in fault for failure in spawn["failures"] for fault in failure["faults"])


def test_a_seed_holds_the_files_of_a_commit_and_no_plan(repository: Repository, tmp_path: Path) -> None:
    repository.commit(repository.main, "milestones.yaml", "version: 1\n", "chore: plan")
    seed.plant(Git.open(repository.main), tmp_path / "seed.git")
    listed = repository.git("ls-tree", "-r", "main", at=tmp_path / "seed.git").splitlines()
    wanted = repository.git("ls-tree", "-r", "main").splitlines()
    assert listed == [line for line in wanted if not line.endswith("milestones.yaml")]
    assert repository.git("rev-list", "--count", "main", at=tmp_path / "seed.git") == "1"


def test_a_seed_is_bounded(repository: Repository, tmp_path: Path) -> None:
    for number in range(seed.MOST_FILES):
        (repository.main / f"many{number}.txt").write_text(f"{number}\n")
    repository.commit(repository.main, "big", "x" * (seed.MOST_BYTES + 1), "feat: big")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "feat: many")
    seed.plant(Git.open(repository.main), tmp_path / "seed.git")
    names = repository.git("ls-tree", "-r", "--name-only", "main", at=tmp_path / "seed.git").splitlines()
    assert (len(names), "big" in names, "app/core.py" in names) == (seed.MOST_FILES, False, True)


def test_a_bare_repository_gives_a_seed_as_well(repository: Repository, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    seed.plant(Git.open(origin), tmp_path / "seed.git")
    trees = [repository.git("rev-parse", "main^{tree}", at=folder) for folder in (origin, tmp_path / "seed.git")]
    assert trees[0] == trees[1]


def test_without_a_commit_there_is_nothing_to_drill(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    done = drill(tmp_path)
    assert (done.returncode, "has no commit to drill with" in done.stderr) == (2, True)


def test_a_mode_that_is_not_there_is_told(repository: Repository) -> None:
    done = drill(repository.main, "--mode", "gently")
    assert (done.returncode, "there is no mode gently" in done.stderr) == (2, True)


def test_where_system_calls_cannot_be_stopped_it_says_what_is_needed(repository: Repository) -> None:
    done = cut([*STADDLE, "drill"], cwd=repository.main)  # one listener is all that the kernel allows
    assert (done.returncode, "Linux 5.19 or newer" in done.output) == (2, True)


def test_an_interrupted_drill_leaves_nothing(repository: Repository) -> None:
    argv = [*STADDLE, "drill", "--quick"]
    with subprocess.Popen(argv, cwd=repository.main, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "spawn" in running.stderr.readline()
        running.terminate()
        said = running.stderr.read()
    assert (running.returncode, "SIGTERM" in said) == (128 + 15, True)
    assert not list(Path(os.environ["TMPDIR"]).glob("staddle-drill-*"))
