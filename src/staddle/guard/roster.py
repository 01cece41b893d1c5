"""The roster: which trees and branches staddle made, adopted, and set up; the record behind ownership.

Kept in the record `trees`, keyed by the tree's folder; each change holds the `roster` lock for the
milliseconds it takes. What is not on the roster is a person's.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from ..edges.state import State

WAIT_SECONDS = 10.0


class Kind(StrEnum):
    """What a tree is for: a milestone's and a candidate's stay until they are taken away, a scratch tree goes soon."""

    MILESTONE = "milestone"
    CANDIDATE = "candidate"
    SCRATCH = "scratch"


@dataclass(frozen=True)
class Member:
    """One tree on the roster; `set_up` is the digest of the set-up commands that ended well in it."""

    name: str
    folder: Path
    branch: str
    made_tree: bool
    made_branch: bool
    set_up: str = ""
    kind: Kind = Kind.MILESTONE


def members(state: State) -> dict[Path, Member]:
    """Every tree on the roster by its folder."""
    found = state.read("trees").get("trees", {})
    return {
        Path(folder): Member(folder=Path(folder), **rest | {"kind": Kind(rest["kind"])})
        for folder, rest in found.items()
    }


def tidy(state: State) -> None:
    """Remove records that a killed process had begun to write; for the holder of the `trees` lock."""
    with state.lock("roster", WAIT_SECONDS, "tidying up"):
        state.tidy()


def enrol(state: State, new: Iterable[Member]) -> None:
    """Put trees on the roster, replacing what it said of their folders."""
    added = {member.folder: member for member in new}
    if added:
        with _changing(state) as everyone:
            everyone.update(added)


def strike(state: State, folders: Iterable[Path]) -> None:
    """Take trees off the roster, those that are on it."""
    with _changing(state) as everyone:
        for folder in folders:
            everyone.pop(folder, None)


def mark_set_up(state: State, digests: Mapping[Path, str]) -> None:
    """Note the digests of the set-up commands that ended well in these trees."""
    with _changing(state) as everyone:
        everyone.update({folder: replace(everyone[folder], set_up=digest) for folder, digest in digests.items()})


@contextmanager
def _changing(state: State) -> Iterator[dict[Path, Member]]:
    with state.lock("roster", WAIT_SECONDS, "keeping the roster of trees"):
        everyone = members(state)
        yield everyone
        data = {str(folder): _data(member) for folder, member in sorted(everyone.items())}
        state.write("trees", {"trees": data})


def _data(member: Member) -> dict[str, object]:
    return {key: value for key, value in asdict(member).items() if key != "folder"}
