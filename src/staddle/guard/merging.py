"""Merging: two commits merged away from everybody's tree, with conflicts resolved that somebody has resolved before.

Invariants. Git's recordings (rerere) are read, never written: git works on a copy of them, in a repository of its own
that holds the files in conflict and nothing else, over the real object store. A try that fails leaves no trace.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.names import Oid
from ..edges.conflicts import Conflicts
from ..edges.git import Git, Merge

OFF = ("false", "no", "off", "0")


def merge(git: Git, base: Oid, tip: Oid, folder: Path) -> Merge:
    """What merging `tip` into `base` gives; touches no checkout, and needs none. `folder` is one to make and remove.

    Attributes count as the base has them committed: git itself would read them from whatever work tree it stands in.
    """
    if git.merge_base(base, tip) is None:
        return Merge(None, ("unrelated histories",))
    with attributes_of(git, base, folder):
        return git.merge_of(base, tip, folder)


@contextmanager
def attributes_of(git: Git, commit: Oid, folder: Path) -> Iterator[None]:
    """Make `folder` with a commit's attributes files in it, for the block."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in git.attribute_files(commit).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    folder.mkdir(exist_ok=True)
    yield
    shutil.rmtree(folder)


def recall(git: Git, base: Oid, tip: Oid, folder: Path) -> tuple[Oid, int] | None:
    """The tree of merging `tip` into `base`, and how many conflicts were resolved from memory; None if not all were.

    `folder` is one to make and remove.
    """
    recordings = git.common / "rr-cache"
    if git.config("rerere.enabled") in OFF or not recordings.is_dir():
        return None
    with attributes_of(git, base, folder):
        own = folder / ".git"
        for name in ("objects", "refs"):
            (own / name).mkdir(parents=True)
        (own / "HEAD").write_text(f"{base}\n")
        shutil.copyfile(git.common / "config", own / "config")
        for known in recordings.glob("*/postimage*"):
            shutil.copytree(known.parent, own / "rr-cache" / known.parent.name, dirs_exist_ok=True)
        return Conflicts(git).remembered(base, tip, folder)
