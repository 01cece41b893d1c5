"""Fetching, and pushing: the network steps that write refs, journalled so that a killed one leaves no lock.

The command does not inherit our lock (a credential daemon it starts would keep it), so it may outlive
us for a moment; `settle` waits for it before it takes any lock file for stale.
"""

import time

from ..core.errors import Refused
from ..core.names import Oid
from ..edges import remotes
from ..edges.git import Git
from ..edges.state import State
from .locks import clear_stale

JOURNAL = "fetching"


def fetch(git: Git, state: State, remote: str) -> None:
    """Bring the remote's branches up to date; WorkFailed when it cannot be reached."""
    state.write(JOURNAL, {"since": time.time()})
    git.fetch(remote)
    state.drop(JOURNAL)


def push(git: Git, state: State, remote: str, branch: str, new: Oid, expected: Oid | None) -> bool:
    """Move a remote's branch as `edges.remotes` does; False when it is elsewhere now."""
    state.write(JOURNAL, {"since": time.time()})
    moved = remotes.push(git, remote, f"refs/heads/{branch}", new, expected)
    state.drop(JOURNAL)
    return moved


def offer(git: Git, state: State, remote: str, branch: str, tip: Oid) -> None:
    """Make the remote's branch the commit `tip`, whatever it was that this repository's branch has had.

    Refused when it is anything else: somebody else's commits, which a lease alone would not see after a fetch.
    """
    there = remotes.tip(git, remote, branch)
    if there == tip:
        return
    seen = there is None or remotes.has_had(git, branch, there)
    if not seen or not push(git, state, remote, branch, tip, there):
        what = f"{branch} on {remote} is at {(there or tip)[:10]}, which the branch here never was: another pushed it"
        raise Refused("foreign-push", what, f"git pull --rebase {remote} {branch}, in its tree")


def settle(git: Git, state: State) -> None:
    """Clear the lock files of a fetch or push that was cut; idempotent."""
    record = state.read(JOURNAL)
    if record:
        for lock in (*(git.common / "refs" / "remotes").rglob("*.lock"), git.common / "packed-refs.lock"):
            clear_stale(git, lock, record["since"])
        state.drop(JOURNAL)
