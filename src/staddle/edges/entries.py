"""Worktree entries: the admin folders under `.git/worktrees`, read and written as files.

`git worktree list` dies of one half-made entry of anybody's, and `git worktree add` can be killed
into states no git command repairs; so entries are read from their files, and a new one is built
aside and appears by one rename. An entry is identified by the content of `gitdir`, never by its
id: git calls the second `m1` of two folders `m11`.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .git import Git

UNDER_WAY = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


@dataclass(frozen=True)
class Entry:
    """One work tree that git knows: `head` is a full ref name, or an oid when detached."""

    admin: Path
    folder: Path
    head: str
    locked: str | None

    @property
    def branch(self) -> str | None:
        """The short name of the branch checked out or being rebased here, None when detached."""
        rebased = (_text(self.admin / home / "head-name") for home in ("rebase-merge", "rebase-apply"))
        head = next((name for name in (self.head, *rebased) if name and name.startswith("refs/heads/")), None)
        return head and head.removeprefix("refs/heads/")

    def under_way(self) -> str | None:
        """The operation someone has begun here and not ended, if any."""
        return next((word for name, word in UNDER_WAY.items() if (self.admin / name).exists()), None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="surrogateescape").strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _head(admin: Path) -> str:
    return (_text(admin / "HEAD") or "").removeprefix("ref: ")


def entries(git: Git) -> Iterator[Entry]:
    """Every complete entry: the main checkout first (unless bare), then the linked ones by id."""
    if not git.bare:
        yield Entry(git.common, git.main, _head(git.common), None)
    for admin in sorted(git.common.glob("worktrees/*")):
        pointer, head = _text(admin / "gitdir"), _head(admin)
        if pointer and head:
            yield Entry(admin, Path(os.path.normpath(admin / pointer)).parent, head, _text(admin / "locked"))


def is_linked(folder: Path, admin: Path) -> bool:
    """Whether `folder` holds the `.git` file that points back at `admin`."""
    return not folder.is_symlink() and _text(folder / ".git") == f"gitdir: {admin}"


def git_places(git: Git, folder: Path, branch: str) -> dict[str, str]:
    """What a commit on `branch` in the tree `folder` writes to: its entry, the objects, and its kind of branches."""
    admin = next((entry.admin for entry in entries(git) if entry.folder == folder), git.common)
    home = Path("refs/heads", branch).parent
    (git.common / "logs" / home).mkdir(parents=True, exist_ok=True)  # a sandbox opens folders that exist
    return {
        "git_dir": str(admin),
        "objects": str(git.common / "objects"),
        "refs": str(git.common / home),
        "logs": str(git.common / "logs" / home),
    }


def is_symbolic(git: Git, ref: str) -> bool:
    """Whether a branch is but another name of some other branch."""
    return (_text(git.common / ref) or "").startswith("ref: ")


def points_into(folder: Path, common: Path) -> bool:
    """Whether `folder` is a tree whose entry would be in the repository `common`, but is not there."""
    target = (_text(folder / ".git") or "").removeprefix("gitdir: ")
    return not folder.is_symlink() and Path(target).parent == common / "worktrees" and not Path(target).exists()


def build(admin: Path, folder: Path, final: Path, head: str, locked: str | None = None) -> None:
    """Make an unpublished entry at `admin`, two levels below the common folder, for the tree `final`.

    `head` is a full ref name, or an oid for a detached HEAD. `folder` is where the tree is being filled; its
    `.git` file is written by `publish`, because only then the entry's id is known.
    """
    admin.mkdir()
    folder.mkdir()
    pointer = f"ref: {head}" if head.startswith("refs/") else head
    for name, text in {"HEAD": pointer, "commondir": "../..", "gitdir": str(final / ".git")}.items():
        (admin / name).write_text(f"{text}\n", errors="surrogateescape")
    if locked is not None:
        (admin / "locked").write_text(locked)


def publish(git: Git, admin: Path, folder: Path, final: Path) -> Path:
    """Put a filled tree in place and let its entry appear by one rename; returns the entry's folder.

    The tree comes first and the entry last, so that what git lists is always whole. OSError when
    something stands at `final`, or when a git beside us took the entry's id in this very moment.
    """
    home = git.common / "worktrees"
    home.mkdir(exist_ok=True)
    if os.path.lexists(final):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
    entry = next(path for n in count() if not os.path.lexists(path := home / _id(final, n)))
    (folder / ".git").write_text(f"gitdir: {entry}\n", errors="surrogateescape")
    folder.rename(final)
    admin.rename(entry)
    return entry


def _id(folder: Path, number: int) -> str:
    name = "".join(char if char.isalnum() or char in "-_" else "-" for char in folder.name)
    return f"{name}{number or ''}"
