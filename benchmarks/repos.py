"""Repositories to measure on: so many files, spread over folders and sizes as source code is."""

import os
import random
import subprocess
from pathlib import Path

FILES_IN_FOLDER = 20
FOLDERS_IN_SERVICE = 25
MEDIAN_BYTES = 2_000
SPREAD = 1.1
"""Sizes are log-normal, as in most source trees: half the files under 2 kB, one in a hundred over 25."""

LETTERS = random.Random(0)
WORDS = ["".join(LETTERS.choices("abcdefghijklmnopqrstuvwxyz_", k=LETTERS.randint(2, 10))) for _ in range(2_000)]
RARITY = [1 / rank for rank in range(1, len(WORDS) + 1)]
"""A few words are frequent and most are rare, so that the text is about as hard to compress as source code."""

SEALED = {
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.invalid",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.invalid",
}


def environment() -> dict[str, str]:
    """The variables for git that make a run depend on nobody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | SEALED


def git(folder: Path, *argv: str, **variables: str) -> str:
    """Run git in `folder` and give what it says."""
    command = ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *argv]
    return subprocess.run(
        command, cwd=folder, env=environment() | variables, check=True, capture_output=True, text=True
    ).stdout


def make(folder: Path, files: int) -> Path:
    """Make a packed repository with one commit of `files` files at `folder`; the same one every time."""
    chance = random.Random(files)
    lines = [" ".join(chance.choices(WORDS, RARITY, k=chance.randint(2, 12))) + "\n" for _ in range(files * 2)]
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in range(files):
        place = number // FILES_IN_FOLDER
        home = folder / f"service{place // FOLDERS_IN_SERVICE:02}" / f"package{place % FOLDERS_IN_SERVICE:02}"
        home.mkdir(parents=True, exist_ok=True)
        size = int(chance.lognormvariate(0, SPREAD) * MEDIAN_BYTES)
        text = "".join(chance.choices(lines, k=size // 20 + 1))
        (home / f"module_{number}.py").write_text(text[:size])
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=all files")
    git(folder, "repack", "-a", "-d", "--quiet")
    return folder
