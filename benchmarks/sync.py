"""Sync against `git rebase` in each tree: eight trees of three commits, all one behind; both times and their ratio."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit import Repository, write_plan

TREES, COMMITS, SIZES = 8, 3, (1_000, 10_000)


def build(top: Path, files: int) -> Repository:
    """A repository of so many files, its trees ahead by their commits and behind by one."""
    repository = Repository(top / "main")
    repository.main.mkdir()
    repository.git("init", "--quiet", "--initial-branch=main")
    for number in range(files):
        place = repository.main / f"part{number % 50}" / f"{number}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"{number}\n" * 20)
    write_plan(repository.main / "milestones.yaml", TREES)
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "feat: all")
    repository.staddle("worktrees")
    for tree in range(1, TREES + 1):
        for number in range(COMMITS):
            repository.commit(repository.tree(tree), f"part{tree}/new{number}.txt", "new\n", f"feat: {number}")
    repository.commit(repository.main, "part0/news.txt", "news\n", "feat: news")
    return repository


def main() -> None:
    """Measure both ways on the same trees, taken back in between."""
    for name in ("AUTHOR", "COMMITTER"):
        os.environ |= {f"GIT_{name}_NAME": "Ada", f"GIT_{name}_EMAIL": "ada@example.invalid"}
    for files in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_STATE_HOME"] = folder
            repository = build(Path(folder), files)
            begun = time.monotonic()
            repository.staddle("sync")
            ours = time.monotonic() - begun
            repository.staddle("sync", "--undo")
            begun = time.monotonic()
            for tree in range(1, TREES + 1):
                subprocess.run(["git", "rebase", "--quiet", "main"], cwd=repository.tree(tree), check=True)
            loop = time.monotonic() - begun
            sys.stdout.write(
                f"{files} files: sync {ours:.2f} s, rebase in a loop {loop:.2f} s, ratio {loop / ours:.2f}\n"
            )


if __name__ == "__main__":
    main()
