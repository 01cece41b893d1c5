"""Conflicts: what git could not merge, in memory or in a tree, and git's own rebase, which leaves them in a tree.

A tree's index holds a path in conflict as up to three stages: 1 where both sides began, 2 what is there already, 3 what
is being brought. In a rebase the commits of the branch are what is being brought: git's "ours" is the base.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Oid
from .entries import Entry
from .git import Git
from .gitcalls import DURABLE, GitError
from .process import Outcome

RERERE = ("-c", "rerere.enabled=true", "-c", "rerere.autoupdate=true")
PLAIN = ("--no-autosquash", "--no-autostash", "--no-update-refs", "--no-rebase-merges", "--empty=drop")
"""What a rebase is to do whatever a person has configured: these commits, in this order, and nothing else."""

OURS = {"GIT_REFLOG_ACTION": "staddle: rebase"}
"""Lets the reflogs say who moves the tree's HEAD and its branch; that is asked of them when an agent is judged."""

REMEMBERED = {"Auto-merging", "CONFLICT (contents)"}
"""The kinds of message of a merge whose conflicts can be resolved from memory, all of them."""

REGULAR = ("100644", "100755")
KINDS = {(2, 3): "both changed", (1, 2): "deleted in yours", (1, 3): "deleted on the base", (1,): "deleted on both"}
ADDED = {(2, 3): "both added", (2,): "only on the base", (3,): "only in yours"}


@dataclass(frozen=True)
class Conflict:
    """A path in conflict: `sides` has mode and blob of each stage."""

    path: str
    sides: Mapping[int, tuple[str, Oid]]

    @property
    def kind(self) -> str:
        """What either side did, in a few words."""
        if 1 not in self.sides:
            return ADDED[tuple(sorted(self.sides))]
        return KINDS.get(tuple(sorted(self.sides)), "both changed")


class Conflicts:
    """The conflicts of one repository's merges and trees."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def remembered(self, base: Oid, tip: Oid, folder: Path) -> tuple[Oid, int] | None:
        """The tree of merging `tip` into `base` with each conflict resolved as it was before, and how many there were.

        None when one was not. `folder` holds the base's attributes files, and in `.git` a repository of its own with
        the recordings to use, over this one's objects; nothing outside it changes.
        """
        env = {"GIT_DIR": str(folder / ".git"), "GIT_WORK_TREE": str(folder)}
        env |= {"GIT_OBJECT_DIRECTORY": f"{self._git.common}/objects"}
        argv = ("merge-tree", "--write-tree", "-z", base, tip)
        said = self._git.attempt(*argv, at=folder, env=env, settings=DURABLE).out.decode(errors="surrogateescape")
        listed, _, messages = said.partition("\0\0")
        tree, *stages = listed.split("\0")
        paths = dict.fromkeys(line.partition("\t")[2] for line in stages)
        if not paths or not _kinds(messages) <= REMEMBERED:
            return None
        self._git.run("read-tree", tree, at=folder, env=env)
        names = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
        self._git.run("checkout-index", "-f", "-z", "--stdin", at=folder, env=env, stdin=names)
        lines = [f"0 {'0' * len(tree)}\t{path}" for path in paths] + stages
        text = "".join(f"{line}\0" for line in lines).encode(errors="surrogateescape")
        self._git.run("update-index", "-z", "--index-info", at=folder, env=env, stdin=text)
        self._git.run("rerere", at=folder, env=env, settings=RERERE)
        if self._git.run("ls-files", "--unmerged", at=folder, env=env):
            return None
        whole = self._git.run("write-tree", at=folder, env=env, settings=DURABLE)
        return Oid(whole.decode().strip()), len(paths)

    def unmerged(self, at: Path) -> list[Conflict]:
        """The paths of a tree that are in conflict."""
        listed = self._git.run("ls-files", "--unmerged", "-z", at=at).decode(errors="surrogateescape")
        found: dict[str, dict[int, tuple[str, Oid]]] = {}
        for line in filter(None, listed.split("\0")):
            facts, _, path = line.partition("\t")
            mode, oid, stage = facts.split(" ")
            found.setdefault(path, {})[int(stage)] = (mode, Oid(oid))
        return [Conflict(path, sides) for path, sides in found.items()]

    def add(self, at: Path, paths: Sequence[str]) -> None:
        """Stage these files as they stand, which ends their conflicts."""
        names = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
        argv = ("--literal-pathspecs", "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul")
        self._git.run(*argv, at=at, stdin=names)

    def take(self, at: Path, chosen: Sequence[Conflict], stage: int) -> None:
        """End these conflicts with one side of each, in the index and as files."""
        lines, staying = "", ""
        for conflict in chosen:
            mode, oid = conflict.sides.get(stage, ("0", Oid("0" * 40)))
            lines += f"{mode} {oid}\t{conflict.path}\0"
            if stage in conflict.sides:
                staying += f"{conflict.path}\0" * (mode != "160000")
            elif os.path.lexists(at / conflict.path):
                (at / conflict.path).unlink()
        self._git.run("update-index", "-z", "--index-info", at=at, stdin=lines.encode(errors="surrogateescape"))
        names = staying.encode(errors="surrogateescape")
        self._git.run("checkout-index", "-f", "-u", "-z", "--stdin", at=at, stdin=names)

    def is_text(self, conflict: Conflict) -> bool:
        """Whether git marks this conflict inside of the file: both sides are there, and are text."""
        if not {2, 3} <= conflict.sides.keys():
            return False
        blobs = [conflict.sides[stage] for stage in (2, 3)]
        return all(mode in REGULAR for mode, _ in blobs) and not any(
            b"\0" in self._git.run("cat-file", "blob", oid)[:8000] for _, oid in blobs
        )

    # -- git's own rebase ----------------------------------------------------------------------

    def rebase(self, at: Path, commits: Sequence[Oid], after: Oid, onto: Oid, todo: Path) -> Outcome:
        """Start a rebase of exactly these commits, which follow `after`, onto another; `todo` is a file to make."""
        todo.write_text("".join(f"pick {oid}\n" for oid in commits))
        env = OURS | {"GIT_SEQUENCE_EDITOR": 'cp "$STADDLE_TODO"', "STADDLE_TODO": str(todo)}
        argv = ("rebase", "--quiet", "--interactive", *PLAIN, "--onto", onto, after)
        outcome = self._git.attempt(*argv, at=at, env=env, settings=(*DURABLE, *RERERE))
        todo.unlink()
        return _alive(argv, outcome)

    def go_on(self, at: Path) -> Outcome:
        """Commit what is staged, and go on with the rebase under way."""
        argv = ("rebase", "--continue")
        return _alive(argv, self._git.attempt(*argv, at=at, env=OURS, settings=(*DURABLE, *RERERE)))

    def give_up(self, at: Path, over: Oid | None) -> Outcome:
        """Take the rebase under way back; `over` is written over what a cut one left, None if it was not."""
        if over:  # git spares what its index does not know, and would stop there
            self._git.run("reset", "--hard", "--quiet", over, at=at)
        argv = ("rebase", "--abort")
        return _alive(argv, self._git.attempt(*argv, at=at, env=OURS, settings=DURABLE))


def _alive(argv: Sequence[str], outcome: Outcome) -> Outcome:
    """The outcome; GitError when git was killed, for then what it leaves is no stop of a rebase."""
    if outcome.rc < 0:
        raise GitError(argv, outcome)
    return outcome


@dataclass(frozen=True)
class Stop:
    """Where a rebase has stopped: its branch, where that was, the new base, the commit and its place among all."""

    branch: str
    old: Oid
    onto: Oid
    commit: Oid | None
    number: int
    count: int


def stopped(entry: Entry) -> Stop | None:
    """Where a rebase of a branch has stopped in a tree; None without one that can be read."""
    home = entry.admin / "rebase-merge"
    try:
        branch, old, onto = ((home / name).read_text().strip() for name in ("head-name", "orig-head", "onto"))
    except FileNotFoundError:
        return None
    head = entry.admin / "REBASE_HEAD"
    commit = Oid(head.read_text().strip()) if head.exists() else None
    done, left = (len(_steps(home / name)) for name in ("done", "git-rebase-todo"))
    return Stop(branch, Oid(old), Oid(onto), commit, done, done + left)


def _steps(file: Path) -> list[str]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [line for line in lines if line and not line.startswith("#")]


def _kinds(messages: str) -> set[str]:
    """The kinds in the message part of what merge-tree says: for each a count, so many paths, the kind, the text."""
    fields, kinds = messages.split("\0"), set[str]()
    at = 0
    while at < len(fields) and fields[at]:
        at += 1 + int(fields[at])
        kinds.add(fields[at])
        at += 2
    return kinds
