"""Assignments: which agent is at work in which tree, or was last; a record a tree, and a lock that says who lives.

Invariants. Whoever starts agents in a tree holds the lock `agent-<target>` from before the first record until after
the last. A record that says `working` while nobody holds that lock tells of a killed command: its processes are ended,
and the record says `lost`. To stop is to leave a note, which the holder sees within a moment.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..core.agency import Outcome, Work
from ..edges.entries import entries
from ..edges.git import Git
from ..edges.process import outlast, sweep
from ..edges.processes import standing_in
from ..edges.state import State, try_lock

FOLDER = "agents"
WAIT_SECONDS = 1.0


def load(state: State, target: str) -> list[Work]:
    """The works in a tree, in the order in which they were asked for; none when no agent ever was there."""
    return [Work.load(record) for record in state.read(f"{FOLDER}/{target}").get("works", ())]


def save(state: State, target: str, works: Sequence[Work]) -> None:
    """Replace what is known of a tree; for the holder of its lock."""
    state.write(f"{FOLDER}/{target}", {"works": [work.record() for work in works]})


def targets(state: State) -> list[str]:
    """All trees in which there ever was an agent, by their targets."""
    return sorted(path.stem for path in (state.folder / FOLDER).glob("[!.]*.json"))


def current(works: Sequence[Work]) -> Work | None:
    """The work that a tree is known by: the one under way, else the one that is waiting, else the latest."""
    working = [work for work in works if work.outcome is Outcome.WORKING]
    waiting = [work for work in works if work.outcome is Outcome.WAITING]
    latest = sorted(works, key=lambda work: work.since)[-1:]
    return next(iter((*working, *waiting, *latest)), None)


@contextmanager
def holding(state: State, target: str, who: str) -> Iterator[None]:
    """Be the one who puts agents into this tree; Held when another is. An old note to stop is forgotten."""
    (state.folder / FOLDER).mkdir(exist_ok=True)
    with state.lock(f"agent-{target}", WAIT_SECONDS, who):
        _note(state, target).unlink(missing_ok=True)
        yield
        _note(state, target).unlink(missing_ok=True)


def settle(git: Git, state: State, target: str) -> list[Work]:
    """The works in a tree, once what a killed command left there is ended, unlocked, and written down as lost."""
    works = load(state, target)
    if not any(work.outcome.under_way for work in works):
        return works
    descriptor = try_lock(state.folder / f"agent-{target}.mutex")
    if descriptor is None:
        return works
    try:
        works = load(state, target)  # it may have ended just before we looked
        units = {work.unit for work in works if work.outcome is Outcome.WORKING}
        sweep(*units)
        outlast(*units)
        told = [_lost(git, work) if work.outcome.under_way else work for work in works]
        save(state, target, told)
        return told
    finally:
        os.close(descriptor)


def standing(state: State, target: str) -> Outcome | None:
    """How the agent in a tree stands, None where there never was one; writes nothing and ends nothing."""
    work = current(load(state, target))
    if work is None:
        return None
    if not work.outcome.under_way:
        return work.outcome
    descriptor = try_lock(state.folder / f"agent-{target}.mutex")
    if descriptor is None:
        return work.outcome
    os.close(descriptor)
    return Outcome.LOST


def ask_to_stop(state: State, target: str) -> None:
    """Leave the note that ends the agent in this tree."""
    _note(state, target).touch()


def is_to_stop(state: State, target: str) -> bool:
    """Whether there is such a note."""
    return _note(state, target).exists()


def forget(state: State, target: str) -> None:
    """Let the works in a tree that is gone be forgotten, its lock included."""
    state.drop(f"{FOLDER}/{target}")
    _note(state, target).unlink(missing_ok=True)
    state.forget_locks(f"agent-{target}")


def unlock(git: Git, work: Work) -> list[Path]:
    """Take away the locks that an agent's git, dead before its time, has left on its tree and its branch.

    None while somebody's git is at work in that tree, and never an older one, or one of ours, which is a hard link.
    """
    entry = next((one for one in entries(git) if one.branch == work.branch), None)
    if entry is None or any(process.name.startswith("git") for process in standing_in(entry.folder)):
        return []
    branch = git.common / "refs/heads" / f"{work.branch}.lock"
    left = []
    for lock in (entry.admin / "index.lock", entry.admin / "HEAD.lock", branch):
        with suppress(FileNotFoundError):
            seen = lock.stat()
            if seen.st_nlink == 1 and seen.st_mtime >= work.since:
                lock.unlink()
                left.append(lock)
    return left


def _lost(git: Git, work: Work) -> Work:
    if work.outcome is Outcome.WAITING:
        note = "never begun: the command that was to start it was killed"
    else:
        left = "".join(f"; its git had left {path.name}" for path in unlock(git, work))
        note = f"the command behind it was killed{left}"
    return replace(work, outcome=Outcome.LOST, note=note, ended=time.time())


def _note(state: State, target: str) -> Path:
    return state.folder / FOLDER / f"{target}.stop"
