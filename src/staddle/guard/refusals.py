"""Refusals: every reason against removing a person's tree, each with a code; looking changes nothing."""

from dataclasses import dataclass

from ..core.names import Oid, quoted, shell
from ..edges.entries import Entry
from ..edges.git import Git
from ..edges.processes import mounts_below, standing_in
from ..edges.submodules import losses
from . import roster

KEEPABLE = frozenset({"dirty", "untracked", "unlanded", "unpushed"})
"""The codes of what can be put away, to be brought back."""


@dataclass(frozen=True)
class Refusal:
    """One reason against removing a tree: a code for machines, the fact, and what to do about it."""

    code: str
    what: str
    hint: str


def refusals(git: Git, entry: Entry, member: roster.Member | None, base: Oid, landed: bool) -> list[Refusal]:
    """Every reason against removing the tree of `entry`; empty when it may go."""
    at, there = entry.folder, f"git -C {shell(entry.folder)}"
    found = []
    if member is None or not member.made_tree:
        found.append(Refusal("adopted", f"{at} was not made by staddle", f"git worktree remove {shell(at)}"))
    if entry.locked is not None:
        why = f": {entry.locked}" if entry.locked else ""
        found.append(Refusal("locked", f"{at} is locked{why}", f"git worktree unlock {shell(at)}"))
    if operation := entry.under_way():
        found.append(Refusal("under-way", f"a {operation} is under way in {at}", f"{there} {operation} --abort"))
    for loss in losses(git, at, entry.admin):
        found.append(Refusal("submodules", f"in {at} the submodule {loss}", f"{there} submodule foreach git status"))
    if mounts := mounts_below(at):
        found.append(Refusal("mount", f"{mounts[0]} is mounted inside {at}", f"umount {shell(mounts[0])}"))
    if hidden := git.hidden(at):
        what = f"{at} has files that git was told to overlook: {_some(hidden)}"
        found.append(Refusal("hidden", what, f"{there} update-index --no-skip-worktree --no-assume-unchanged FILE"))
    changes = git.changes(at)
    if changes.tracked:
        what = f"{at} has uncommitted changes in {_some(changes.tracked)}"
        found.append(Refusal("dirty", what, f"{there} commit --all, or: {there} restore --staged --worktree ."))
    if changes.untracked:
        what = f"{at} has files that git does not know: {_some(changes.untracked)}"
        found.append(Refusal("untracked", what, f"{there} add --all, or: {there} clean -d --interactive"))
    found += _unlanded(git, entry, base, landed)
    if processes := standing_in(at):
        names = ", ".join(f"{process.name} ({process.pid})" for process in processes[:3])
        found.append(
            Refusal("process", f"processes stand in {at}: {names}", "leave the folder in that shell, or end it")
        )
    return found


def _unlanded(git: Git, entry: Entry, base: Oid, landed: bool) -> list[Refusal]:
    tip = git.commit(entry.head)
    if tip is None or landed:
        return []
    ahead = git.ahead_behind(tip, base)[0]
    name = entry.branch or f"the detached HEAD of {entry.folder}"
    commits = f"{ahead} commit{'s' * (ahead != 1)}"
    found = [Refusal("unlanded", f"{commits} of {name} did not land", "land them first, then remove the tree")]
    if not git.on_remote(tip):
        push = f"git -C {shell(entry.folder)} push -u origin HEAD"
        found.append(Refusal("unpushed", f"{name} has commits that are on no remote", push))
    return found


def _some(paths: tuple[str, ...]) -> str:
    more = len(paths) - 3
    return ", ".join(map(quoted, paths[:3])) + (f" and {more} more" if more > 0 else "")
