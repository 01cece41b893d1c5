"""Branches of ours: made and deleted so that a kill at any moment can be told from a person's deed.

A branch counts as made by staddle when the first line of its reflog carries the nonce that the
journal wrote before. Name and oid alone prove nothing: someone may have made the same branch.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Oid
from ..edges.git import Git, RefUpdate
from ..edges.state import State
from .locks import clear_stale


@dataclass(frozen=True)
class Branch:
    """A branch at the oid it must have when it is made or deleted; `name` is short."""

    name: str
    oid: Oid

    @property
    def ref(self) -> str:
        """The full ref name."""
        return f"refs/heads/{self.name}"


def make(git: Git, branches: Iterable[Branch], nonce: str) -> None:
    """Create all branches in one transaction; GitError and none of them when one cannot be."""
    updates = [RefUpdate(branch.ref, branch.oid, None) for branch in branches]
    if updates:
        git.update_refs(updates, f"staddle: created {nonce}")


def made_by(git: Git, branches: Iterable[Branch], nonce: str, since: float) -> list[Branch]:
    """Those branches that `make` made with this nonce, however far it came; what a kill left of the others goes.

    Git deletes a branch's log before the branch, and the log is the proof: write the answer down before `delete`.
    """
    branches = list(branches)
    _clear_locks(git, branches, since, since)
    found = git.refs(*(branch.ref for branch in branches)) if branches else {}
    for branch in branches:
        if branch.ref not in found and _is_unfinished(_reflog(git, branch)):
            _forget_reflog(git, branch)
    return [branch for branch in branches if _carries(git, branch, nonce)]


def delete(git: Git, branches: Iterable[Branch], since: float, made: float | None = None) -> None:
    """Delete those branches that still stand at their oid, and what a killed deletion left of them.

    `since` is when this step began, and `made` when the branches were made, if nobody else works on them: a lock on one
    of them is then what an agent's killed git left.
    """
    branches = list(branches)
    if not branches:
        return
    _clear_locks(git, branches, since, since if made is None else made)
    found = git.refs(*(branch.ref for branch in branches))
    going = [branch for branch in branches if found.get(branch.ref) == branch.oid]
    if going:
        git.update_refs([RefUpdate(branch.ref, None, branch.oid) for branch in going], "staddle: removed")
    for branch in branches:
        if branch.ref not in found or branch in going:
            _forget_reflog(git, branch)


def restore(git: Git, state: State, branch: Branch) -> None:
    """Create a branch that was deleted, at its oid; journalled, so that a kill leaves no lock for good."""
    state.write("restoring", {"ref": branch.ref, "since": time.time()})
    git.update_refs([RefUpdate(branch.ref, branch.oid, None)], "staddle: restored")
    state.drop("restoring")


def settle(git: Git, state: State) -> None:
    """Clear the lock of a restoring that was cut; idempotent."""
    if record := state.read("restoring"):
        clear_stale(git, git.common / f"{record['ref']}.lock", record["since"])
        state.drop("restoring")


def drop_refs(git: Git, found: Mapping[str, Oid], names: Iterable[str], since: float) -> None:
    """Delete those refs of our own namespace that `found` has, at its oid; their logs, and the folders of both."""
    names = list(names)
    for name in (*(f"{ref}.lock" for ref in names), "packed-refs.lock", "packed-refs.new"):
        clear_stale(git, git.common / name, since)
    if going := [ref for ref in names if ref in found]:
        git.update_refs([RefUpdate(ref, None, found[ref]) for ref in going], "staddle: done with")
    for name in names:
        (git.common / "logs" / name).unlink(missing_ok=True)
    for top in (git.common / "logs", git.common):
        for home in ("refs/staddle/work", "refs/staddle"):
            with suppress(OSError):
                (top / home).rmdir()


def _clear_locks(git: Git, branches: Iterable[Branch], since: float, made: float) -> None:
    for branch in branches:
        clear_stale(git, git.common / f"{branch.ref}.lock", made)
    for name in ("packed-refs.lock", "packed-refs.new"):
        clear_stale(git, git.common / name, since)


def _reflog(git: Git, branch: Branch) -> Path:
    return git.common / "logs" / branch.ref


def _carries(git: Git, branch: Branch, nonce: str) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return nonce in _reflog(git, branch).read_text(errors="replace").partition("\n")[0]
    return False


def _is_unfinished(reflog: Path) -> bool:
    """Whether git was cut between making the log and the end of its first line."""
    return reflog.is_file() and b"\n" not in reflog.read_bytes()


def _forget_reflog(git: Git, branch: Branch) -> None:
    reflog = _reflog(git, branch)
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        reflog.unlink()
    for log in (reflog, git.common / branch.ref):
        with suppress(OSError):
            log.parent.rmdir()
