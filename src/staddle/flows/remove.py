"""remove: take a milestone's tree away once it has landed, or say every reason why not."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Refused
from ..core.names import Oid
from ..edges.entries import Entry, entries
from ..edges.surroundings import temporary_place
from ..guard import merging, removal, roster
from ..guard.branches import Branch
from ..guard.refusals import KEEPABLE, Refusal, refusals
from .survey import find_base
from .workspace import Workspace, changing


@dataclass(frozen=True)
class Removal:
    """One tree that is to go or has gone; `refusals` is empty when it may, `branch` None when it stays.

    `kept` says that what it held was put away, `holds` in words how much that is.
    """

    name: str
    folder: Path
    branch: Branch | None
    refusals: tuple[Refusal, ...]
    kept: bool = False
    holds: str = ""


def remove(workspace: Workspace, targets: list[str], *, dry_run: bool) -> list[Removal]:
    """Remove the trees that `targets` name, if every one of them passes the gate; Refused otherwise.

    A target that has no tree any more is passed over. With `dry_run` the gate alone is asked.
    """
    workspace.require_named(targets, "remove")
    with changing(workspace, "remove") as trap, ExitStack() as held:
        going = [_weigh(workspace, entry) for entry in trees(workspace, targets)]
        if dry_run:
            return [one for one, _ in going]
        require_unopposed([one for one, _ in going])
        for one, _ in going:
            held.enter_context(workspace.state.lock(f"tree-{one.name}", 0, f"staddle remove {one.name}"))
        removal.remove(workspace.git, workspace.state, trap, [(entry, one.branch) for one, entry in going])
        for _, entry in going:
            removal.delete_folder(temporary_place(entry.folder))
    return [one for one, _ in going]


def require_unopposed(going: list[Removal]) -> None:
    """Refused, with every reason, when something speaks against one of these removals."""
    if reasons := [(one.name, reason) for one in going for reason in one.refusals]:
        what = "\n".join(f"{name} [{reason.code}]: {reason.what}; try: {reason.hint}" for name, reason in reasons)
        only_work = {reason.code for _, reason in reasons} <= KEEPABLE
        way = f"to put the work away for 14 days: staddle remove --abandon {' '.join(one.name for one in going)}"
        raise Refused(reasons[0][1].code, what, way if only_work else "")


def trees(workspace: Workspace, targets: list[str]) -> list[Entry]:
    """The trees that `targets` name and that stand."""
    known = {member.name: folder for folder, member in roster.members(workspace.state).items()}
    folders = {
        known[target] if target in known else workspace.folder(workspace.plan.milestone(target))
        for target in map(str.lower, targets)
    }
    return [entry for entry in entries(workspace.git) if entry.folder in folders and entry.folder.exists()]


def _weigh(workspace: Workspace, entry: Entry) -> tuple[Removal, Entry]:
    git = workspace.git
    member = roster.members(workspace.state).get(entry.folder)
    base = find_base(workspace)
    tip = git.commit(f"refs/heads/{entry.branch}") if entry.branch else git.commit(entry.head)
    landed = tip is not None and _has_landed(workspace, base.oid, tip)
    found = refusals(git, entry, member, base.oid, landed)
    elsewhere = any(other.branch == entry.branch and other.folder != entry.folder for other in entries(git))
    ours = member is not None and member.made_branch and member.branch == entry.branch and not elsewhere
    branch = Branch(entry.branch, tip) if ours and entry.branch and tip and landed else None
    name = member.name if member else entry.folder.name
    return Removal(name, entry.folder, branch, tuple(found)), entry


def _has_landed(workspace: Workspace, base: Oid, tip: Oid) -> bool:
    """Whether the base holds all that `tip` brings: by ancestry, or because merging it would add nothing."""
    git = workspace.git
    if git.is_ancestor(tip, base):
        return True
    return merging.merge(git, base, tip, workspace.state.folder / "attributes").tree == git.tree_of(base)
