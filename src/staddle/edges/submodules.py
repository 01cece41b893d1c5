"""Submodules of a tree: where their repositories are, and what in one of them is nowhere else.

A linked tree has its submodules' repositories in its own admin folder, below `modules`, so they go with the tree. Each
is asked by its own git folder, never through its work tree: that may have been moved aside, and git looks for it by
the place it was given when it was made.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .git import Git

COMMITS = ("HEAD", "--exclude=refs/remotes/*", "--exclude=refs/tags/*", "--all")


def losses(git: Git, folder: Path, admin: Path) -> list[str]:
    """What would be lost with the tree in `folder` (moved aside, perhaps) and its entry `admin`, a reason each."""
    places = [folder / path for path in _pointers(git, folder, admin)]
    found = [f"{place.name} has its repository inside it" for place in places if (place / ".git").is_dir()]
    work = {_home(place): place for place in places if (place / ".git").is_file()}
    for home in _repositories(admin / "modules"):
        name = home.relative_to(admin / "modules")
        if _has_own_commits(git, home, git.common / "modules" / name):
            found.append(f"{name} has commits that are on no remote")
        if (place := work.get(home)) and _is_changed(git, home, place):
            found.append(f"{name} has uncommitted changes")
    return found


def checked_out(folder: Path, paths: Iterable[str]) -> list[str]:
    """Those of `paths`, submodules all, that have content in the tree in `folder`."""
    return [path for path in paths if os.path.lexists(folder / path / ".git")]


def is_absorbed(place: Path, admin: Path) -> bool:
    """Whether `place` is a submodule whose repository lies with the entry `admin` of the tree around it."""
    return (place / ".git").is_file() and _home(place).is_relative_to(admin / "modules")


def _pointers(git: Git, folder: Path, admin: Path) -> Iterator[str]:
    """The paths in a tree's index that are submodules."""
    env = {"GIT_DIR": str(admin), "GIT_WORK_TREE": str(folder)}
    listed = git.run("ls-files", "--stage", "-z", at=folder, env=env).decode(errors="surrogateescape")
    return (line.partition("\t")[2] for line in listed.split("\0") if line.startswith("160000 "))


def _repositories(top: Path) -> Iterator[Path]:
    """Every repository below `top`, a `modules` folder, those of submodules' submodules too."""
    for home, folders, _ in os.walk(top):
        if "objects" in folders and (Path(home) / "HEAD").exists():
            yield Path(home)
            folders[:] = [name for name in folders if name == "modules"]


def _home(place: Path) -> Path:
    """The repository that a submodule's `.git` file names."""
    pointer = (place / ".git").read_text(errors="surrogateescape").strip().removeprefix("gitdir: ")
    return Path(os.path.normpath(place / pointer))


def _has_own_commits(git: Git, home: Path, shared: Path) -> bool:
    """Whether a repository has commits that are neither on its remotes nor in `shared`, the main checkout's of it."""
    found = git.attempt("rev-list", *COMMITS, "--not", "--remotes", env=_alone(home))
    if found.rc or not found.out:
        return bool(found.rc)
    argv = ("rev-list", "-n1", "--stdin", "--not", "HEAD", "--all")
    beyond = git.attempt(*argv, env=_alone(shared), stdin=found.out)
    return bool(beyond.rc or beyond.out)


def _is_changed(git: Git, home: Path, place: Path) -> bool:
    """Whether a submodule holds work that is not committed; its own submodules are looked at for themselves."""
    env = {"GIT_DIR": str(home), "GIT_WORK_TREE": str(place)}
    return bool(git.run("status", "--porcelain", "--ignore-submodules=dirty", at=place, env=env))


def _alone(home: Path) -> dict[str, str]:
    """The variables for a call on a repository whose work tree is not to be looked for."""
    return {"GIT_DIR": str(home), "GIT_WORK_TREE": str(home)}
