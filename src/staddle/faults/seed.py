"""The seed of a drill: a bare repository that holds what a person's commit holds, and nothing else of that person's.

No history, remotes, config or hooks come along, and nothing is written where they are. Every file is copied and judged
at each point of a sweep and written by each candidate, so a seed has a bounded number of them, and none is big.
"""

import os
from pathlib import Path

from ..core.errors import UsageError
from ..edges.git import Git
from ..edges.objects import OWN_IDENTITY
from .bystanders import git as sealed_git

MOST_FILES = 50
MOST_BYTES = 1 << 20
_PLAN = b"milestones.yaml"
_LOCAL = {"GIT_NO_LAZY_FETCH": "1"}  # a partial clone would ask its remote


def plant(source: Git, seed: Path) -> None:
    """Make the repository `seed`, whose branch `main` holds the first files of `source`'s HEAD commit.

    The plan stays behind: checks that it declares would run at every point. UsageError where there is no commit.
    """
    head = source.commit("HEAD")
    if head is None:
        raise UsageError(f"{source.main} has no commit to drill with", f"git -C {source.main} commit")
    listed = source.run("ls-tree", "-r", "-z", "--long", "--full-tree", head, env=_LOCAL).split(b"\0")
    chosen = [line for line in listed if _fits(line)][:MOST_FILES]
    oids = b"".join(line.split()[2] + b"\n" for line in chosen)
    pack = source.run("pack-objects", "--stdout", "-q", stdin=oids, env=_LOCAL)
    layout = source.run("rev-parse", "--show-object-format").decode().strip()
    sealed_git(seed.parent, "init", "-q", "--bare", "--template=", "-b", "main", f"--object-format={layout}", seed.name)
    made = Git.open(seed)
    made.run("index-pack", "--stdin", stdin=pack)
    index = {"GIT_INDEX_FILE": os.fspath(seed / "index")}
    made.run("update-index", "-z", "--index-info", stdin=b"".join(map(_staged, chosen)), env=index)
    tree = made.run("write-tree", env=index).decode().strip()
    commit = made.run("commit-tree", "-m", "chore: seed", tree, env=OWN_IDENTITY).decode().strip()
    made.run("update-ref", "refs/heads/main", commit)


def _fits(line: bytes) -> bool:
    """Whether a line of `ls-tree --long`, `mode type oid size TAB path`, tells of a file that a seed takes."""
    facts, _, path = line.partition(b"\t")
    return facts[7:11] == b"blob" and int(facts.split()[3]) <= MOST_BYTES and path != _PLAN


def _staged(line: bytes) -> bytes:
    """The line as `update-index` reads it."""
    facts, _, path = line.partition(b"\t")
    mode, _, oid, _ = facts.split()
    return b"%s %s 0\t%s\0" % (mode, oid, path)
