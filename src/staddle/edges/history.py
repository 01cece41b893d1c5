"""History: what git says of commits, their trees, their messages and how they stand to each other; changes nothing."""

import re
from pathlib import Path
from typing import NamedTuple

from ..core.names import Oid
from .gitcalls import GitCalls, GitError


class Commit(NamedTuple):
    """One commit: its oid, how many parents it has, and its whole message."""

    oid: Oid
    parents: int
    message: str


class History(GitCalls):
    """One repository's commits."""

    def commit(self, revision: str, at: Path | None = None) -> Oid | None:
        """The oid of the commit that `revision` names in a checkout, the main one unless told; None for no commit."""
        argv = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        outcome = self.attempt(*argv, at=at)
        return Oid(outcome.out.decode().strip()) if outcome.rc == 0 else None

    def commit_at(self, folder: Path) -> Oid | None:
        """The commit that a tree's HEAD is at."""
        outcome = self.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}", at=folder)
        return Oid(outcome.out.decode().strip()) if outcome.rc == 0 else None

    def tree_of(self, commit: Oid) -> Oid:
        """The oid of a commit's tree."""
        return Oid(self.run("rev-parse", f"{commit}^{{tree}}").decode().strip())

    def text(self, blob: Oid) -> str:
        """The text of a file's content."""
        return self.run("cat-file", "blob", blob).decode(errors="replace")

    def last_move(self, ref: str, at: Path | None = None) -> str:
        """What the reflog says of how a ref, or a checkout's HEAD, came where it is; empty when it says nothing."""
        outcome = self.attempt("reflog", "show", "-1", "--format=%gs", ref, "--", at=at)
        return outcome.out.decode(errors="replace").strip() if outcome.rc == 0 else ""

    def ahead_behind(self, tip: Oid, base: Oid) -> tuple[int, int]:
        """How many commits `tip` has that `base` has not, and the other way round."""
        out = self.run("rev-list", "--left-right", "--count", f"{tip}...{base}")
        ahead, behind = out.split()
        return int(ahead), int(behind)

    def subjects(self, base: Oid, tip: Oid) -> tuple[str, ...]:
        """The first message lines of the commits in `base..tip`, oldest first."""
        out = self.run("log", "--reverse", "--format=%s", "-z", f"{base}..{tip}")
        return tuple(part for part in out.decode(errors="replace").split("\0") if part)

    def messages(self, base: Oid, tip: Oid) -> tuple[Commit, ...]:
        """The commits in `base..tip` with their messages, oldest first, in one call."""
        argv = (
            "log",
            "--reverse",
            "--no-show-signature",
            "--encoding=UTF-8",
            "--format=%H%n%P%n%B",
            "-z",
            f"{base}..{tip}",
        )
        fields = self.run(*argv).decode(errors="replace").split("\0")
        parts = (field.split("\n", 2) for field in fields if field)
        return tuple(Commit(Oid(oid), len(parents.split()), message) for oid, parents, message in parts)

    def has_subject(self, tip: Oid, subject: str) -> bool:
        """Whether a commit that `tip` contains has exactly this first line, a forge's ` (#7)` behind it aside."""
        argv = ("log", "-z", "--format=%s", "--fixed-strings", f"--grep={subject}", tip)
        found = self.run(*argv).decode(errors="replace").split("\0")
        return any(re.sub(r" \(#[0-9]+\)$", "", one) == subject for one in found)

    def has_line(self, tip: Oid, line: str) -> bool:
        """Whether the message of a commit that `tip` contains has exactly this line."""
        return self.run("log", "-1", "--format=%H", f"--grep=^{re.escape(line)}$", tip) != b""

    def has_touched(self, base: Oid, tip: Oid, name: str) -> bool:
        """Whether a commit of `base..tip` changes a file of this name, in whatever folder."""
        return self.run("log", "-1", "--format=%H", f"{base}..{tip}", "--", f":(top,glob)**/{name}") != b""

    def taken_back(self, ref: str, now: Oid) -> set[Oid]:
        """The commits that a ref had once, as far as its reflog knows, and that `now`, its commit, has not."""
        was = self.attempt("log", "--walk-reflogs", "--format=%H", ref, "--").out.decode().split()
        lines = "".join(f"{oid}\n" for oid in dict.fromkeys((*was, f"^{now}")))
        found = self.attempt("rev-list", "--ignore-missing", "--stdin", stdin=lines.encode())
        return set(map(Oid, found.out.decode().split()))

    def merge_base(self, one: Oid, other: Oid) -> Oid | None:
        """The best common ancestor, None between unrelated histories."""
        outcome = self.attempt("merge-base", one, other)
        return Oid(outcome.out.decode().strip()) if outcome.rc == 0 else None

    def is_ancestor(self, old: Oid, new: Oid) -> bool:
        """Whether `new` contains `old`."""
        outcome = self.attempt("merge-base", "--is-ancestor", old, new)
        if outcome.rc not in (0, 1):
            raise GitError(("merge-base", "--is-ancestor", old, new), outcome)
        return outcome.rc == 0
