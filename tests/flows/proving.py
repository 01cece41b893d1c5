"""Helpers of the tests on verdicts: a product whose checks prove something, and what `verify` said of it."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kit import Repository

Judged = dict[str, Any]
SUITE = [sys.executable, "-m", "pytest", "-q", "tests"]
GREEN = "def test_it(): pass\n"
RED = "def test_it(): assert 0\n"
Nothing: Mapping[str, str] = {}


class Product:
    """A repository with a plan of `count` milestones that all have one check, `unit`, and trees."""

    def __init__(self, planned: Callable[..., Repository], outside: Path) -> None:
        self._planned = planned
        self.outside = outside

    def make(
        self, new: str = "", old: str = "", count: int = 1, keys: Mapping[str, Any] | None = None, **check: Any
    ) -> Repository:
        """`old` is a test module on the base branch, `new` one of each milestone; OUTSIDE in them is a folder."""
        unit = {"run": SUITE, "retries": 0} | check
        repository = self._planned(count, milestone={"checks": {"unit": unit}}, **(keys or {}))
        (repository.main / ".git" / "info" / "exclude").write_text(".venv\n")
        if old:
            repository.commit(repository.main, "tests/test_old.py", self._placed(old), "test: old")
            repository.git("push", "--quiet", "origin", "main")
        repository.staddle("worktrees")
        for number in range(1, count + 1) if new else ():
            repository.commit(repository.tree(number), "tests/test_new.py", self._placed(new), "test: new")
        return repository

    def _placed(self, body: str) -> str:
        return body.replace("OUTSIDE", repr(str(self.outside)))

    def lines(self, name: str = "ran") -> list[str]:
        """The lines of a file outside, none when there is none."""
        return (self.outside / name).read_text().splitlines() if (self.outside / name).exists() else []


COUNTED = "def test_counted():\n    with open(OUTSIDE + '/ran', 'a') as file: file.write('ran\\n')\n"
"""A green test that leaves a line outside whenever it runs."""


def verify(repository: Repository, *argv: str, code: int = 0, **env: str) -> list[Judged]:
    """What `staddle verify` answers."""
    said = repository.staddle("verify", *argv, "--json", at=None, code=code, **env).stdout
    return list(json.loads(said))


def words(judged: list[Judged]) -> list[str]:
    """The verdicts alone."""
    return [one["verdict"] for one in judged]


def bare(repository: Repository, number: int = 1) -> int:
    """The exit code of the same suite without staddle, in a milestone's tree: what a naive runner would go by."""
    import subprocess

    return subprocess.run(SUITE, cwd=repository.tree(number), capture_output=True, check=False).returncode


@pytest.fixture
def product(planned: Callable[..., Repository], tmp_path_factory: pytest.TempPathFactory) -> Product:
    """A product to be made."""
    return Product(planned, tmp_path_factory.mktemp("outside"))
