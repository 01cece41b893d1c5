"""What every test stands on: a sealed environment, and small real repositories."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from staddle.core.names import owns

from .kit import Repository, write_plan

AMBIENT = ("GIT_", "STADDLE_", "NOX_", "MAKE", "MFLAGS", "PYTEST_ADDOPTS", "VIRTUAL_ENV")


FENCE = """#!/bin/sh
[ "$1" = committed ] && cat >> "$STADDLE_HOOKS/moved"
exit 0
"""
"""A reference-transaction hook: each ref that staddle's own git calls have moved, as `old new ref`."""

MAY_MOVE = re.compile(
    "refs/heads/feat/[a-z-]+-m[0-9]+-.+|refs/heads/chore/.+-schema-.+|refs/remotes/origin/.+|refs/heads/(main|release)|([A-Z]+_)*HEAD"
)
"""Beside our own names: milestones' branches, what a fetch brings, targets that tests declare, a tree's own HEADs."""


@pytest.fixture(autouse=True)
def fence(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A log of every ref that staddle moves; the test fails when one is neither ours nor a declared target."""
    hooks = sealed / "fence"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(FENCE)
    (hooks / "reference-transaction").chmod(0o755)
    (hooks / "moved").touch()
    monkeypatch.setenv("STADDLE_HOOKS", str(hooks))
    yield hooks / "moved"
    moved = {line.split(" ", 2)[2] for line in (hooks / "moved").read_text().splitlines()}
    assert [ref for ref in moved if not (owns(ref.removesuffix("-work")) or MAY_MOVE.fullmatch(ref))] == []


@pytest.fixture(autouse=True)
def sealed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, fixed identities and dates, and nothing of the caller's git, nox or make."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(AMBIENT):
            monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "TMPDIR": str(home),
        "EDITOR": "false",
        "LC_ALL": "C.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    (home / ".gitconfig").write_text(
        "[user]\n name = Ada\n email = ada@example.invalid\n[init]\n defaultBranch = main\n"
    )
    return home


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare origin with two commits on main, made once and copied for each test."""
    top = tmp_path_factory.mktemp("template")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.invalid", "-c", "init.defaultBranch=main"]
    work = top / "work"
    subprocess.run([*git, "init", "--quiet", str(work)], check=True)
    (work / "link").symlink_to("README.md")
    for number, name in enumerate(("README.md", "app/core.py"), 1):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(f"# file {number}\n" * number)
        subprocess.run([*git, "-C", str(work), "add", "--all"], check=True)
        subprocess.run([*git, "-C", str(work), "commit", "--quiet", "-m", f"chore: step {number}"], check=True)
    subprocess.run([*git, "clone", "--quiet", "--bare", str(work), str(top / "origin.git")], check=True)
    return top / "origin.git"


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Repository:
    """A main checkout `parpour` with a remote `origin`, both of this test alone."""
    origin = tmp_path / "origin.git"
    subprocess.run(["cp", "-a", str(template), str(origin)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(origin), str(tmp_path / "parpour")], check=True)
    return Repository(tmp_path / "parpour")


@pytest.fixture
def planned(repository: Repository) -> Callable[..., Repository]:
    """The repository with a plan of `count` milestones in it; further keyword arguments are top-level keys."""

    def make(count: int = 3, **keys: object) -> Repository:
        write_plan(repository.main / "milestones.yaml", count, **keys)
        return repository

    return make
