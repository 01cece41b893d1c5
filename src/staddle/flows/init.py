"""init: bring staddle to a repository - a plan, a noxfile, a Makefile; what exists is never overwritten."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from ..core.errors import UsageError
from ..core.kinds import KINDS
from ..core.verbs import VERBS
from ..edges.git import Git
from ..edges.render import render

LONGEST_NAME = 40
FILES = ("milestones.yaml", "noxfile.py", "Makefile")
DEFAULT = "copilot"  # whom a plan without agents has
VENV = "python3 -m venv .venv"
INSTALLS = {
    "uv.lock": ("uv sync",),
    "requirements.txt": (VENV, ".venv/bin/pip install --quiet --requirement requirements.txt pytest"),
    "pyproject.toml": (VENV, ".venv/bin/pip install --quiet --editable . pytest"),
    "package-lock.json": ("npm ci",),
}
"""What installs a tree, by the file that tells so; the first that is there counts."""


@dataclass(frozen=True)
class Written:
    """One file of the three: `did` is wrote, would write, or kept (it was there)."""

    path: Path
    did: str


def init(here: Path, *, dry_run: bool) -> list[Written]:
    """Write what is missing of the three files into the main checkout of the repository around `here`."""
    git = Git.open(here)
    if git.bare:
        raise UsageError(f"{git.main} is a bare repository", "git worktree add ../main, then staddle init there")
    values = {
        "project": _project(git.main.name),
        "base": (git.current_branch() or "main").removeprefix("refs/heads/"),
        "verbs": [verb.name for verb in VERBS],
        "agent": next((kind for kind in KINDS if which(kind)), DEFAULT),
        **_toolchain(git),
    }
    return [_write(git.main / name, f"init/{name}.j2", values, dry_run=dry_run) for name in FILES]


def _toolchain(git: Git) -> dict[str, object]:
    """The `setup` that makes a tree's `check` run, as far as the main checkout's files tell."""
    has = {name for name in (*INSTALLS, "tests", "test") if (git.main / name).exists()}
    found = next((name for name in INSTALLS if name in has), None)
    if found == "package-lock.json":
        return {"setup": INSTALLS[found], "check": "{run: npm test, evidence: exit-code}"}
    is_free = found == "uv.lock" or git.ignores(".venv/")  # else it would be everybody's untracked file
    check = "pytest" if has & {"tests", "test"} else "{run: git diff --check, evidence: exit-code}"
    return {"setup": INSTALLS[found] if found and is_free else (), "check": check}


def _project(name: str) -> str:
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return (slug if slug[:1].isalpha() else f"p-{slug}")[:LONGEST_NAME].rstrip("-")


def _write(path: Path, template: str, values: Mapping[str, object], *, dry_run: bool) -> Written:
    if path.exists() or path.is_symlink():
        return Written(path, "kept")
    if dry_run:
        return Written(path, "would write")
    with path.open("x", encoding="utf-8") as file:
        file.write(render(template, values))
    return Written(path, "wrote")
