"""Fetching: the one network step that writes refs, journalled so that a killed fetch leaves no lock.

The fetch does not inherit our lock (a credential daemon it starts would keep it), so it may outlive
us for a moment; `settle` waits for it before it takes any lock file for stale.
"""

import time

from ..edges.git import Git
from ..edges.state import State
from .locks import clear_stale

JOURNAL = "fetching"


def fetch(git: Git, state: State, remote: str) -> None:
    """Bring the remote's branches up to date; WorkFailed when it cannot be reached."""
    state.write(JOURNAL, {"since": time.time()})
    git.fetch(remote)
    state.drop(JOURNAL)


def settle(git: Git, state: State) -> None:
    """Clear the lock files of a fetch that was cut; idempotent."""
    record = state.read(JOURNAL)
    if record:
        for lock in (*(git.common / "refs" / "remotes").rglob("*.lock"), git.common / "packed-refs.lock"):
            clear_stale(git, lock, record["since"])
        state.drop(JOURNAL)
