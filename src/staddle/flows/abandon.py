"""abandon: take a milestone's tree and branch away though they have not landed; all they hold is kept for a while."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ..core.errors import WorkFailed
from ..core.names import Oid, shell
from ..edges.entries import Entry, entries
from ..edges.git import Git
from ..edges.surroundings import temporary_place
from ..guard import abandoning, creation, removal, roster
from ..guard.branches import Branch
from ..guard.creation import Wish
from ..guard.refusals import KEEPABLE, Refusal, refusals
from ..guard.trap import Trap
from .remove import Removal, require_unopposed, trees
from .survey import find_base, survey
from .sync import commits
from .workspace import Tell, Workspace, changing
from .worktrees import worktrees


def abandon(workspace: Workspace, targets: list[str], *, recreate: bool, dry_run: bool, tell: Tell) -> list[Removal]:
    """Take these trees and their branches away, whatever they hold; Refused, and all stay, for what no backup answers.

    With `recreate` they are made anew from the base, those too that a command which was cut has taken away.
    """
    workspace.require_named(targets, "remove --abandon")
    names = [milestone.id.lower() for milestone in workspace.chosen(targets)] if recreate else []
    with changing(workspace, "remove --abandon") as trap, ExitStack() as held:
        going = [(_weigh(workspace, entry), entry) for entry in trees(workspace, targets)]
        if dry_run:
            return [one for one, _ in going]
        require_unopposed([one for one, _ in going])
        for one, _ in going:
            held.enter_context(workspace.state.lock(f"tree-{one.name}", 0, f"staddle remove {one.name}"))
        gone = _take_away(workspace, trap, going)
        _begin_anew(workspace, trap, names)
    if names and (bad := [one for one in worktrees(workspace, names, fetch=False, tell=tell) if not one.well]):
        raise WorkFailed(f"{bad[0].name} is gone, and not made anew: {bad[0].note}", f"staddle worktrees {bad[0].name}")
    return gone


def _weigh(workspace: Workspace, entry: Entry) -> Removal:
    git, at = workspace.git, entry.folder
    member, base = roster.members(workspace.state).get(at), find_base(workspace)
    found = [one for one in refusals(git, entry, member, base.oid, landed=True) if one.code not in KEEPABLE]
    tip = git.commit(f"refs/heads/{entry.branch}") if entry.branch else None
    elsewhere = next((other for other in entries(git) if other.branch == entry.branch and other.folder != at), None)
    if elsewhere and tip:
        what = f"{entry.branch} is checked out in {elsewhere.folder} too"
        found.append(Refusal("checked-out-twice", what, f"git -C {shell(elsewhere.folder)} switch --detach"))
    elif (
        member is not None and member.made_tree and (member.branch != entry.branch or not member.made_branch or not tip)
    ):
        what = f"{entry.branch or 'the detached HEAD'} in {at} was not made by staddle, and stays"
        found.append(Refusal("not-ours", what, f"put the work away yourself, then: git worktree remove {shell(at)}"))
    if inner := next((path.parent for path in at.rglob(".git") if path.parent != at), None):
        found.append(
            Refusal("nested", f"{inner} is a repository of its own inside {at}", f"mv {shell(inner)} elsewhere")
        )
    branch = Branch(entry.branch, tip) if entry.branch and tip and not found else None
    holds = _in_words(git, at, branch.oid, base.oid) if branch else ""
    return Removal(member.name if member else at.name, at, branch, tuple(found), holds=holds)


def _in_words(git: Git, tree: Path, tip: Oid, base: Oid) -> str:
    """How much a tree holds beyond `base`."""
    changes, (ahead, _) = git.changes(tree), git.ahead_behind(tip, base)
    changed = len(changes.tracked) + len(changes.untracked)
    files = f"{changed} changed file{'s' * (changed != 1)}"
    return ", ".join([commits(ahead)] * bool(ahead) + [files] * bool(changed))


def _take_away(workspace: Workspace, trap: Trap, going: list[tuple[Removal, Entry]]) -> list[Removal]:
    git, state, base = workspace.git, workspace.state, find_base(workspace)
    trap.undo(lambda: abandoning.settle(git, state))
    abandoning.begin(state, [one.name for one, _ in going])
    kept = {
        entry.folder: (one.name, entry, abandoning.keep(git, state, one.name, entry, one.branch, base.oid))
        for one, entry in going
        if one.branch
    }

    def unchanged(folder: Path, aside: Path) -> bool:
        name, entry, what = kept[folder]
        return abandoning.is_as_kept(git, state, name, entry, aside, what)

    removal.remove(git, state, trap, [(entry, one.branch) for one, entry in going], unchanged)
    for _, entry in going:
        removal.delete_folder(temporary_place(entry.folder))
    abandoning.settle(git, state)
    return [replace(one, kept=kept[one.folder][2].file.exists()) for one, _ in going]


def _begin_anew(workspace: Workspace, trap: Trap, names: list[str]) -> None:
    """Make those of these trees that have no branch, from the base, whatever of them is at the remote."""
    if not names:
        return
    found = survey(workspace, workspace.chosen(names))
    for finding in found.findings:
        if finding.start != "branch" and not finding.folder.exists():
            one = finding.milestone
            wish = Wish(finding.name, finding.folder, one.branch, found.base.oid, new_branch=True, sparse=one.sparse)
            creation.create_all(workspace.git, workspace.state, trap, [wish], f"staddle worktrees {finding.name}")
