"""A repository full of what is not ours.

A bystander is anything a person has next to staddle's own trees: work under way, a worktree on an unplugged disk,
look-alike branches, a stash, a hand-written config. Nothing staddle does, finishes or undoes may change a byte of it.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..edges.process import capture

MAIN, UNPLUGGED = "parpour", "unplugged"
CORNER = ".drill"
"""The folder of the main checkout that our own files are in; whatever else is there is the seed's."""
LOOK_ALIKES = ("pqa/run42-bonus", "pqa/run42-b1x", "pqa/run1", "feat/venture-m1-mine")
ENV = {
    **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_EDITOR": "true",
    **{f"GIT_{who}_NAME": "Ada Bystander" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2026-01-02T03:04:05Z" for who in ("AUTHOR", "COMMITTER")},
}
GIT_SECONDS = 60.0
_COMMITTED = {
    ".gitignore": "*.local\n",
    "README.md": "parpour\n",
    "notes.txt": "kept\n",
    "control.py": "limit = 1\n",
    "treasury.py": "balance = 0\n",
    "run": "#!/bin/sh\n",
}
_CONFIG_NOTE = """\
# Ada's notes: do not reformat this file
[alias]
\tlg = log --oneline --graph   ; used by the release script
[branch "feat/venture-m1-mine"]
\tdescription = mine, not the milestone's
"""


def git(cwd: Path, *args: str) -> str:
    """Output of one git command in the sealed environment; in a wreck a failure is a finding, so it is part of it."""
    done = capture(["git", *args], cwd=cwd, env=ENV, timeout=GIT_SECONDS)
    out, err = (said.decode(errors="surrogateescape") for said in (done.out, done.err))
    return out if done.rc == 0 else f"{out}{err}git {args[0]} exits {done.rc}\n"


def build(root: Path, seed: Path | None = None) -> Path:
    """Make the main checkout and all bystanders in an empty folder, and return the checkout.

    `seed` is a bare repository whose branch `main` the checkout begins with; without it, it begins empty.
    """
    root = root.resolve()
    main = root / MAIN
    _begin(main, seed)
    _write(main / CORNER, _COMMITTED)
    (main / CORNER / "run").chmod(0o755)
    git(main, "add", "--force", CORNER)
    git(main, "commit", "-qm", "chore: start")
    git(root, "clone", "-q", "--bare", "--template=", MAIN, "origin.git")
    git(main, "remote", "add", "origin", str(root / "origin.git"))
    git(main, "push", "-q", "-u", "origin", "main")
    for branch in LOOK_ALIKES:
        git(main, "branch", "--no-track", branch)
    git(main, "tag", "-a", "v1", "-m", "first")
    git(main, "pack-refs", "--all")
    git(main, "branch", "pqa/run42")  # loose, next to the packed ones
    _persons_tree(main, root / "ada")
    git(main, "worktree", "add", "-q", "--detach", str(root / UNPLUGGED))
    git(root / UNPLUGGED, "commit", "-q", "--allow-empty", "-m", "held by this entry's HEAD alone")
    shutil.rmtree(root / UNPLUGGED)
    _write(main / CORNER, {"notes.txt": "stashed\n"})
    git(main, "stash", "push", "-q", "-m", "for later")
    edits = {"notes.txt": "edited\n", "staged.txt": "staged\n", "new.txt": "mine\n", "key.local": "ignored\n"}
    _write(main / CORNER, edits)
    git(main, "add", "--force", f"{CORNER}/staged.txt")
    return main


def _begin(main: Path, seed: Path | None) -> None:
    if seed is None:
        git(main.parent, "init", "-q", "--template=", "-b", "main", MAIN)
    else:
        git(main.parent, "clone", "-q", "--template=", str(seed), MAIN)
        git(main, "remote", "remove", "origin")
    with (main / ".git/config").open("a") as config:
        config.write(_CONFIG_NOTE)
    for name, value in (("gc.auto", "0"), ("maintenance.auto", "false"), ("remote.pushDefault", "origin")):
        git(main, "config", name, value)


def _persons_tree(main: Path, tree: Path) -> None:
    git(main, "worktree", "add", "-q", "-b", "ada/work", str(tree))
    edits = {"README.md": "half a sentence\n", "staged.txt": "half staged\n", "scratch.txt": "never added\n"}
    _write(tree / CORNER, edits)
    git(tree, "add", "--force", f"{CORNER}/staged.txt")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
