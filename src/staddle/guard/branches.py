"""Branches of ours: made and deleted so that a kill at any moment can be told from a person's deed.

A branch counts as made by staddle when the first line of its reflog carries the nonce that the
journal wrote before. Name and oid alone prove nothing: someone may have made the same branch.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Oid
from ..edges.git import Git, RefUpdate
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


def unmake(git: Git, branches: Iterable[Branch], nonce: str, since: float) -> None:
    """Take back what `make` did, however far it came; a branch that has moved on since stays."""
    branches = list(branches)
    if not branches:
        return
    _clear_locks(git, branches, since)
    found = git.refs(*(branch.ref for branch in branches))
    for branch in branches:
        if branch.ref not in found and _is_empty(_reflog(git, branch)):
            _forget_reflog(git, branch)
    delete(git, [branch for branch in branches if _carries(git, branch, nonce)], since)


def delete(git: Git, branches: Iterable[Branch], since: float) -> None:
    """Delete those branches that still stand at their oid, and what a killed deletion left of them."""
    branches = list(branches)
    if not branches:
        return
    _clear_locks(git, branches, since)
    found = git.refs(*(branch.ref for branch in branches))
    going = [branch for branch in branches if found.get(branch.ref) == branch.oid]
    if going:
        git.update_refs([RefUpdate(branch.ref, None, branch.oid) for branch in going], "staddle: removed")
    for branch in branches:
        if branch.ref not in found or branch in going:
            _forget_reflog(git, branch)


def drop_refs(git: Git, found: Mapping[str, Oid], names: Iterable[str], since: float) -> None:
    """Delete those refs of our own namespace that `found` has, at its oid, and the folders that they were in."""
    names = list(names)
    for name in (*(f"{ref}.lock" for ref in names), "packed-refs.lock", "packed-refs.new"):
        clear_stale(git, git.common / name, since)
    if going := [ref for ref in names if ref in found]:
        git.update_refs([RefUpdate(ref, None, found[ref]) for ref in going], "staddle: done with")
    for top in (git.common / "logs", git.common):
        for home in ("refs/staddle/work", "refs/staddle"):
            with suppress(OSError):
                (top / home).rmdir()


def _clear_locks(git: Git, branches: Iterable[Branch], since: float) -> None:
    for name in (*(f"{branch.ref}.lock" for branch in branches), "packed-refs.lock", "packed-refs.new"):
        clear_stale(git, git.common / name, since)


def _reflog(git: Git, branch: Branch) -> Path:
    return git.common / "logs" / branch.ref


def _carries(git: Git, branch: Branch, nonce: str) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return nonce in _reflog(git, branch).read_text(errors="replace").partition("\n")[0]
    return False


def _is_empty(reflog: Path) -> bool:
    """Whether git was cut between making the log and writing its first line."""
    return reflog.is_file() and not reflog.stat().st_size


def _forget_reflog(git: Git, branch: Branch) -> None:
    reflog = _reflog(git, branch)
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        reflog.unlink()
    for log in (reflog, git.common / branch.ref):
        with suppress(OSError):
            log.parent.rmdir()
