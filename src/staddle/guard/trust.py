"""Trust: what a program in any tree can write and every git obeys, config and hooks, and whether it changed.

Worktrees isolate files, not trust. A run keeps digests of these from its beginning; nothing lands while they differ,
because git would run what was planted with the rights of the person who lands.
"""

import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from ..core.errors import Refused
from ..edges.git import Git
from ..edges.state import State
from . import fence, hooks

HARMLESS = ("branch.", "extensions.worktreeconfig", "core.sparsecheckout", "index.sparse")
"""Settings that ordinary work changes, and that start no program: what a branch tracks, which folders a tree holds."""

SECRET = ("http.", "credential.", "url.", "remote.")
"""Settings whose value may hold a token and is not shown; nor is any of the user's own."""


def digests(git: Git, *, closely: bool = False) -> tuple[str, ...]:
    """One digest a setting, hook or file that git obeys, in no telling order.

    Those of the repository that start a program or change what is landed; looked at `closely` also what people change
    while a run waits: the user's own config, and what git is to leave out of sight.
    """
    return tuple(sorted(_digest(line) for line in _lines(git, closely=closely)))


def changes(git: Git, trusted: Sequence[str], *, closely: bool = False) -> list[str]:
    """Each setting or hook that is new since `trusted` was taken, and how many have gone."""
    now = {_digest(line): line for line in _lines(git, closely=closely)}
    new = [line.partition("\0")[0] for digest, line in now.items() if digest not in trusted]
    gone = len(set(trusted) - now.keys())
    return new + [f"{gone} that it had are gone"] * bool(gone)


def require_unchanged(git: Git, trusted: Sequence[str]) -> None:
    """Refused, naming each line, when a setting or hook is new since `trusted` was taken, or one has gone."""
    if told := changes(git, trusted):
        what = f"the repository's settings or hooks changed since the run began: {'; '.join(told)}"
        raise Refused("config-changed", what, "look at them; if that was you: the same command with --trust")


def _digest(line: str) -> str:
    return sha256(os.fsencode(line)).hexdigest()[:16]


def _lines(git: Git, *, closely: bool) -> Iterator[str]:
    """Each thing as a line for people; what only the digest needs follows a NUL."""
    own = (path.relative_to(git.common) for path in sorted(git.common.glob("worktrees/*/config.worktree")))
    for name in (Path("config"), Path("config.worktree"), *own, *(_users() if closely else ())):
        for key, value in git.settings(git.common / name):
            if hooks.is_ours(git, key, value):
                continue
            if not key.startswith(HARMLESS):
                shown = "..." if key.startswith(SECRET) or name.is_absolute() else value
                yield f"{name}: {key}={shown}\0{value}"
            if key.startswith("include") and key.endswith(".path"):
                yield from _file(git, (git.common / name).parent / Path(value).expanduser())
    obeyed = (git.common / "info" / name for name in ("attributes", "grafts", *(("exclude",) if closely else ())))
    for path in (
        *sorted(git.hooks_folder().glob("*")),
        *hooks.planted(git),
        *fence.planted(State(git.common)),
        *obeyed,
    ):
        yield from _file(git, path)


def _users() -> tuple[Path, Path]:
    """The config files that hold for all of this user's repositories."""
    home = Path.home()
    return home / ".gitconfig", Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config"


def _file(git: Git, path: Path) -> Iterator[str]:
    if path.is_file() and path.suffix != ".sample":
        mode, content = path.stat().st_mode & 0o111, path.read_bytes()
        name = path.relative_to(git.common) if path.is_relative_to(git.common) else path
        yield f"{name}\0{mode} {sha256(content).hexdigest()}"
