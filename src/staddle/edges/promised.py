"""Promised objects: what a partial clone has left with its remote, and git fetches when it is needed."""

from collections.abc import Iterable

from ..core.errors import WorkFailed
from ..core.names import Oid
from .git import Git


def require_here(git: Git, oids: Iterable[Oid]) -> None:
    """Have git fetch those of `oids` that a partial clone is without; WorkFailed when they cannot be had."""
    if git.attempt("config", "--get-regexp", r"^remote\..*\.promisor$").rc:
        return
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    outcome = git.attempt("cat-file", "--batch-check", stdin=asked)
    if outcome.rc or b" missing\n" in outcome.out:
        what = f"{git.main} is a partial clone, and its remote does not give the files that are to be written"
        raise WorkFailed(what, "mend the connection, then run the same command again")
