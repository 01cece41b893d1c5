"""Survey: what the plan declares against what git has, milestone by milestone; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..core.errors import StaddleError, UsageError
from ..core.model import Milestone
from ..core.names import Oid, shell
from ..edges import sparse
from ..edges.entries import Entry, entries, is_linked
from ..guard import roster
from .workspace import Workspace


class Standing(StrEnum):
    """How a milestone's tree stands to the plan; `create`, `adopt` and `gone` are what `worktrees` acts on.

    `landed` is one that is done and taken away: it is made again only when it is named.
    """

    OK = "ok"
    CREATE = "create"
    LANDED = "landed"
    ADOPT = "adopt"
    GONE = "gone"
    DRIFT = "drift"
    FOREIGN = "foreign"


READABLE = (Standing.OK, Standing.ADOPT)
"""Where the milestone's own tree stands on its own branch."""


@dataclass(frozen=True)
class Base:
    """Where new branches start: a name for people (`origin/main`), and its commit."""

    name: str
    oid: Oid
    remote: str | None

    @property
    def tracking(self) -> str | None:
        """The full name of the ref that follows the remote's, if there is a remote."""
        return f"refs/remotes/{self.name}" if self.remote else None


@dataclass(frozen=True)
class Finding:
    """One milestone's tree: how it stands, why, and what `worktrees` would start its branch from.

    `start` is `base`, `branch` (it exists), or `remote` (it exists there alone); `tip` the commit.
    """

    milestone: Milestone
    folder: Path
    standing: Standing
    note: str
    start: str
    tip: Oid
    entry: Entry | None
    member: roster.Member | None

    @property
    def name(self) -> str:
        """The milestone's name as a target, `m3`."""
        return self.milestone.id.lower()


@dataclass(frozen=True)
class Survey:
    """The findings, the trees on the roster that no milestone declares any more, and the base of it all."""

    base: Base
    findings: tuple[Finding, ...]
    undeclared: tuple[roster.Member, ...]


def find_base(workspace: Workspace) -> Base:
    """The remote's branch where one is tracked, the local one otherwise."""
    git, plan = workspace.git, workspace.plan
    if git.tracks(plan.remote):
        name = f"{plan.remote}/{plan.base}"
        oid = git.commit(f"refs/remotes/{name}")
        if oid is None:
            raise StaddleError(f"{name} is not known in {git.main}", f"git -C {shell(git.main)} fetch {plan.remote}")
        return Base(name, oid, plan.remote)
    oid = git.commit(f"refs/heads/{plan.base}")
    if oid is None:
        hint = f"correct `base:` in the plan, or make it: git -C {shell(git.main)} commit --allow-empty -m start"
        raise UsageError(f"{git.main} has no commit on a branch {plan.base}", hint)
    return Base(plan.base, oid, None)


def survey(workspace: Workspace, milestones: Sequence[Milestone]) -> Survey:
    """Compare what `milestones` declare with git's entries and the roster."""
    base = find_base(workspace)
    linked = {entry.folder: entry for entry in entries(workspace.git)}
    enrolled = roster.members(workspace.state)
    refs = workspace.git.refs("refs/heads/", f"refs/remotes/{base.remote or '-'}/")
    look = _Look(workspace, base, linked, enrolled, refs)
    declared = {workspace.folder(milestone) for milestone in workspace.plan.milestones}
    others = [member for folder, member in enrolled.items() if folder not in declared]
    undeclared = tuple(member for member in others if member.kind is roster.Kind.MILESTONE)
    return Survey(base, tuple(look.at(milestone) for milestone in milestones), undeclared)


def has_landed(workspace: Workspace, base: Oid, milestone: Milestone) -> bool:
    """Whether the base has a commit for each requirement of the milestone; any of its own when it declares none."""
    if not milestone.requirements:
        return workspace.git.has_line(base, f"Milestone: {milestone.id}")
    return all(workspace.git.has_subject(base, one.message(milestone.scope)) for one in milestone.requirements)


def standing_trees(workspace: Workspace, chosen: Sequence[Milestone], *, named: bool) -> list[Finding]:
    """The trees of these milestones; UsageError when one does not stand as the plan says.

    Unless they were named, those that are done and taken away are passed over.
    """
    findings = [one for one in survey(workspace, chosen).findings if named or one.standing is not Standing.LANDED]
    for finding in findings:
        if finding.standing not in READABLE:
            why = f"{finding.name} has no tree at {finding.folder}"
            raise UsageError(f"{why} ({finding.standing}: {finding.note})", f"staddle worktrees {finding.name}")
    return findings


@dataclass(frozen=True)
class _Look:
    workspace: Workspace
    base: Base
    linked: dict[Path, Entry]
    enrolled: dict[Path, roster.Member]
    refs: dict[str, Oid]

    def at(self, milestone: Milestone) -> Finding:
        folder = self.workspace.folder(milestone)
        entry = self.linked.get(folder)
        standing, note = self._standing(milestone, folder, entry)
        start, tip = self._start(milestone.branch)
        return Finding(milestone, folder, standing, note, start, tip, entry, self.enrolled.get(folder))

    def _standing(self, milestone: Milestone, folder: Path, entry: Entry | None) -> tuple[Standing, str]:
        elsewhere = next(
            (other for other in self.linked.values() if other.branch == milestone.branch and other.folder != folder),
            None,
        )
        if folder.is_symlink():
            return Standing.FOREIGN, "a link stands there"
        if entry is not None and folder.exists():
            return self._standing_of_entry(milestone, folder, entry)
        if elsewhere is not None:
            return Standing.DRIFT, f"{milestone.branch} is checked out in {elsewhere.folder}"
        if entry is not None:
            return self._standing_of_gone(folder, entry)
        if folder.exists():
            return Standing.FOREIGN, "something that is no tree of this repository stands there"
        start = self._start(milestone.branch)[0]
        if start == "base" and has_landed(self.workspace, self.base.oid, milestone):
            return Standing.LANDED, f"all of it is on {self.base.name}"
        return Standing.CREATE, {
            "branch": "from its branch, which exists",
            "remote": f"from {self.base.remote}/{milestone.branch}",
            "base": f"new branch from {self.base.name}",
        }[start]

    def _standing_of_entry(self, milestone: Milestone, folder: Path, entry: Entry) -> tuple[Standing, str]:
        if not is_linked(folder, entry.admin):
            return Standing.FOREIGN, "the folder there does not belong to git's entry for it"
        if entry.branch != milestone.branch:
            at = entry.branch or f"{entry.head[:12]}, detached"
            return Standing.DRIFT, f"it is on {at}"
        if folder not in self.enrolled:
            return Standing.ADOPT, "made by hand; staddle will use it and never delete it"
        return Standing.OK, self._other_folders(milestone, folder)

    def _other_folders(self, milestone: Milestone, folder: Path) -> str:
        """How the folders that a tree holds differ from those that the plan declares, if it declares any."""
        if not milestone.sparse or sparse.same(sparse.folders_of(self.workspace.git, folder), milestone.sparse):
            return ""
        return f"to have the plan's folders there: git sparse-checkout set {' '.join(map(shell, milestone.sparse))}"

    def _standing_of_gone(self, folder: Path, entry: Entry) -> tuple[Standing, str]:
        member = self.enrolled.get(folder)
        if not folder.parent.is_dir():
            return Standing.DRIFT, f"{folder.parent} is not there: an unmounted disk?"
        if entry.locked is not None:
            return Standing.DRIFT, "the folder is gone, but git's entry for it is locked"
        if member is None or not member.made_tree or entry.branch != member.branch:
            return Standing.DRIFT, f"the folder is gone; if for good: git worktree remove {shell(folder)}"
        return Standing.GONE, "deleted by hand; it will be made again on its branch"

    def _start(self, branch: str) -> tuple[str, Oid]:
        if local := self.refs.get(f"refs/heads/{branch}"):
            return "branch", local
        if remote := self.refs.get(f"refs/remotes/{self.base.remote}/{branch}"):
            return "remote", remote
        return "base", self.base.oid
