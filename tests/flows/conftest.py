"""What several tests of the verbs begin with."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge import REMOTE, Hub, serving, settings_of_gh
from tests.kit import Repository

from .running import work

GHS = {"wheel": Path(sys.executable).with_name("gh"), "debian": Path("/usr/bin/gh")}


@pytest.fixture(params=[name for name, place in GHS.items() if place.exists()])
def gh(repository: Repository, request: pytest.FixtureRequest, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that holds one gh, git and no other, now the whole of PATH; somebody is logged in."""
    programs = sealed / "programs"
    programs.mkdir()
    (programs / "gh").symlink_to(GHS[request.param])
    (programs / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("GH_TOKEN", "x")
    return programs


@pytest.fixture
def hub(gh: Path, sealed: Path, repository: Repository, tmp_path: Path) -> Iterator[Hub]:
    """The forge that the remote is on; what git sends there arrives in the bare repository."""
    repository.git("remote", "set-url", "origin", REMOTE)
    with (sealed / ".gitconfig").open("a") as file:
        file.write(f'[url "{tmp_path / "origin.git"}"]\n insteadOf = {REMOTE}\n')
    settings_of_gh(sealed, sealed / "hub.sock")
    with serving(tmp_path / "origin.git", sealed / "hub.sock") as hub:
        yield hub


@pytest.fixture
def run42(repository: Repository) -> Repository:
    """A run of three candidates, each with a commit of its own to the same file."""
    repository.staddle("spawn", "run42", "3")
    for number in (1, 2, 3):
        work(repository, number, "README.md", f"candidate {number}\n")
    return repository
