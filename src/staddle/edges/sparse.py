"""Sparse checkouts: which folders a tree holds, in its own settings, and what git has left out of it.

A tree's own settings are its `config.worktree`, which git reads once `extensions.worktreeConfig` is set. The folders
are given to `git sparse-checkout` itself (cone mode), so it and we cannot disagree on what they mean.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .git import Git

PATTERNS = "info/sparse-checkout"
OWN_SETTINGS = "config.worktree"
EXTENSION = "extensions.worktreeConfig"
MAIN_ALONE = ("core.bare", "core.worktree")
"""Settings that mean the main checkout alone: where every tree has own settings, they belong to its own."""


def has_own_settings(git: Git) -> bool:
    """Whether the trees of this repository have settings of their own."""
    return git.config(EXTENSION) == "true"


def allow_own_settings(git: Git, config: Path) -> None:
    """Write into `config`, a copy of the repository's, that trees have own settings; the main one's move to its own."""
    found, own = dict(git.settings(config)), git.common / OWN_SETTINGS
    for key in MAIN_ALONE:
        if found.get(key, "false") != "false":
            git.run("config", "--file", str(own), key, found[key])
            git.run("config", "--file", str(config), "--unset-all", key)
    git.run("config", "--file", str(config), EXTENSION, "true")


def narrow(git: Git, admin: Path, folder: Path, folders: Sequence[str]) -> None:
    """Let an empty work tree be one of `folders` and what lies at the top; without any, of what the main one holds."""
    if folders:
        env = {"GIT_DIR": str(admin), "GIT_WORK_TREE": str(folder)}
        text = "".join(f"{name}\n" for name in folders).encode(errors="surrogateescape")
        git.run("sparse-checkout", "set", "--cone", "--stdin", at=folder, env=env, stdin=text)
    elif not git.bare and is_sparse(git, git.main) and (git.common / PATTERNS).exists():
        (admin / PATTERNS).parent.mkdir()
        shutil.copyfile(git.common / PATTERNS, admin / PATTERNS)
        for key in ("core.sparseCheckout", "core.sparseCheckoutCone"):
            git.run("config", "--file", str(admin / OWN_SETTINGS), key, git.config(key) or "false")


def is_sparse(git: Git, at: Path) -> bool:
    """Whether the work tree `at` is to hold but a part of what git tracks."""
    return git.config("core.sparseCheckout", at) == "true"


def folders_of(git: Git, at: Path) -> tuple[str, ...]:
    """The folders that `git sparse-checkout list` names in a work tree; none when it is whole."""
    outcome = git.attempt("sparse-checkout", "list", at=at)
    lines = outcome.out.decode(errors="surrogateescape").splitlines()
    return tuple(lines) if outcome.rc == 0 else ()


def same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two lists of folders mean the same files."""
    return _outermost(one) == _outermost(other)


def _outermost(folders: Sequence[str]) -> set[str]:
    return {name for name in folders if not any(name.startswith(f"{above}/") for above in folders)}


def left_out(git: Git, at: Path, index: Path | None = None) -> tuple[str, ...]:
    """The tracked paths that a sparse work tree, or a private index of it, is marked to be without, and is without."""
    env = {"GIT_INDEX_FILE": str(index)} if index else {}
    lines = git.run("ls-files", "-t", "-z", at=at, env=env).decode(errors="surrogateescape").split("\0")
    return tuple(line[2:] for line in lines if line[:2] == "S " and not os.path.lexists(at / line[2:]))


def carry_over(git: Git, at: Path, index: Path) -> None:
    """Mark in a private index what its sparse work tree is without."""
    if is_sparse(git, at):
        names = "".join(f"{path}\0" for path in left_out(git, at)).encode(errors="surrogateescape")
        argv, env = ("update-index", "--skip-worktree", "-z", "--stdin"), {"GIT_INDEX_FILE": str(index)}
        git.run(*argv, at=at, env=env, stdin=names)


def reapplied(git: Git, at: Path, index: Path) -> set[str]:
    """Mark in a private index what the patterns of its work tree leave out; the paths that it is without."""
    if not is_sparse(git, at):
        return set()
    git.attempt("sparse-checkout", "reapply", at=at, env={"GIT_INDEX_FILE": str(index)})
    return set(left_out(git, at, index))
