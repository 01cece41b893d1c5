"""lint: hold what git has - branches, trees, messages, changed paths - to the plan's rules; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.errors import UsageError
from ..core.message import as_committed, lint_message, parse
from ..core.model import Milestone, Plan
from ..core.names import Oid, quoted
from ..core.policy import (
    Finding,
    Level,
    is_schema_branch,
    lint_branch,
    lint_checkout,
    lint_paths,
    milestone_of,
    schema_paths,
)
from ..edges.entries import Entry, entries
from ..edges.git import Git
from ..edges.objects import Objects
from .survey import find_base
from .workspace import Site, Workspace

SUBJECT_WIDTH = 32
SHALLOW = "fetch the whole history; in a GitHub workflow: actions/checkout with fetch-depth: 0"


@dataclass(frozen=True)
class Linted:
    """What was looked at, in words, and what was found."""

    seen: str
    findings: tuple[Finding, ...]


def lint_milestones(workspace: Workspace, targets: list[str]) -> Linted:
    """Judge the chosen milestones' branches and trees, all of them without targets.

    UsageError when a milestone is named that has no branch yet, or when no common history with the base is here.
    """
    base = find_base(workspace)
    tips, standing = workspace.git.refs("refs/heads/"), list(entries(workspace.git))
    findings: list[Finding] = []
    branches = commits = 0
    for milestone in workspace.chosen(targets):
        tip = tips.get(f"refs/heads/{milestone.branch}")
        if tip is None and targets:
            name = milestone.id.lower()
            raise UsageError(f"{name} has no branch {milestone.branch} yet", f"staddle worktrees {name}")
        at_hand = _AtHand(workspace, milestone, base.oid, tip, standing)
        found, count = at_hand.messages()
        findings += [*at_hand.checkout(), *found, *at_hand.paths()]
        branches, commits = branches + (tip is not None), commits + count
    return Linted(f"{_count(branches, 'branch', 'es')}, {_count(commits, 'commit')}", tuple(findings))


def findings_for(workspace: Workspace, milestone: Milestone) -> tuple[Finding, ...]:
    """All that stands against a milestone's landing: its checkout, its messages, its paths, uncommitted ones too.

    What waits for a branch of the schema to land is an error here: the schema would land with it.
    """
    at_hand = _at_hand(workspace, milestone)
    found = (*at_hand.checkout(), *at_hand.messages()[0], *at_hand.paths())
    return tuple(replace(one, level=Level.ERROR) if one.rule == "schema-waits" else one for one in found)


def path_findings(workspace: Workspace, milestone: Milestone) -> tuple[Finding, ...]:
    """What stands against a milestone's tree: its checkout, and the paths that are changed, uncommitted ones too."""
    at_hand = _at_hand(workspace, milestone)
    return (*at_hand.checkout(), *at_hand.paths())


@dataclass(frozen=True)
class _AtHand:
    """What there is of a milestone: its branch's tip, if it has one, and the trees among which its own may be."""

    workspace: Workspace
    milestone: Milestone
    base: Oid
    tip: Oid | None
    standing: list[Entry]

    def checkout(self) -> list[Finding]:
        folder = self.workspace.folder(self.milestone)
        tree = next((one for one in self.standing if one.folder == folder), None)
        return lint_checkout(self.workspace.plan, self.milestone, tree.branch) if tree else []

    def messages(self) -> tuple[list[Finding], int]:
        if self.tip is None:
            return [], 0
        git = self.workspace.git
        return lint_commits(git, self.workspace.plan, _begun(git, self.base, self.tip), self.tip, self.milestone)

    def paths(self) -> list[Finding]:
        if self.tip is None:
            return []
        git, plan, branch = self.workspace.git, self.workspace.plan, self.milestone.branch
        committed = _changed(git, _begun(git, self.base, self.tip), self.tip)
        holder = next((one for one in self.standing if one.branch == branch), None)  # wherever it stands
        dirty = git.uncommitted(holder.folder) if holder and holder.folder.is_dir() else ()
        waiting = awaited(git, plan, self.tip, [path for path in committed if path not in dirty])
        return lint_paths(plan, branch, [*committed, *dirty], waiting)


def _at_hand(workspace: Workspace, milestone: Milestone) -> _AtHand:
    tip = workspace.git.refs(f"refs/heads/{milestone.branch}").get(f"refs/heads/{milestone.branch}")
    return _AtHand(workspace, milestone, find_base(workspace).oid, tip, list(entries(workspace.git)))


def lint_range(site: Site, plan: Plan, text: str, branch: str | None) -> Linted:
    """Judge the commits of `A..B` where we stand; with a branch's name also that, and the paths they change.

    UsageError when `text` is no such range, or what it names is not here.
    """
    old, dots, new = text.partition("..")
    if not dots or new.startswith("."):
        raise UsageError(f"{quoted(text)} is not a range of commits", "--range origin/main..HEAD")
    git = site.git
    base, tip = (_commit(site, name or "HEAD") for name in (old, new))
    begun = _begun(git, base, tip)
    found, count = lint_commits(git, plan, begun, tip, milestone_of(plan, branch))
    if branch:
        paths = _changed(git, begun, tip)
        found += lint_paths(plan, branch, paths, awaited(git, plan, tip, paths))
        found = [*lint_branch(plan, branch), *found]
    return Linted(_count(count, "commit"), tuple(found))


def lint_title(plan: Plan, title: str, branch: str | None) -> Linted:
    """Judge a pull request's title, which becomes the first line of what lands."""
    return Linted("1 title", tuple(lint_message(plan, title, "title", milestone_of(plan, branch))))


def lint_staged(workspace: Workspace, index: Path | None) -> Linted:
    """Judge what a commit under way would hold, as the pre-commit hook sees it, in the tree that we stand in.

    `index` is the one that git makes the commit from, where that is not the tree's own.
    """
    git, plan, here = workspace.git, workspace.plan, workspace.here
    standing = list(entries(git))
    tree = next((one for one in standing if one.folder == here), None)
    milestone = milestone_of(plan, tree.branch if tree else None)
    if tree is None or milestone is None or (head := git.commit_at(here)) is None:
        return Linted("nothing", ())
    own = next((one for one in plan.milestones if workspace.folder(one) == here), milestone)
    paths = list(git.staged(here, index, head))
    found = lint_paths(plan, milestone.branch, paths)
    if any(one.level is Level.ERROR for one in found):  # only what will land counts, not what is taken over or back
        merged = [oid for oid in (git.commit("MERGE_HEAD", here),) if oid]
        for oid in (*merged, _begun(git, find_base(workspace).oid, head)):
            paths = [path for path in paths if path in set(git.staged(here, index, oid))]
        ahead = schema_branches(git, plan).items() if schema_paths(plan, paths) else ()
        apart = {branch: set(git.staged(here, index, oid)) for branch, oid in ahead}
        waiting = {path: branch for path in paths for branch, those in apart.items() if path not in those}
        found = lint_paths(plan, milestone.branch, paths, waiting)
    return Linted(_count(len(paths), "path"), (*lint_checkout(plan, own, milestone.branch), *map(_apart, found)))


def _apart(found: Finding) -> Finding:
    """A finding on what is about to be committed; what belongs to the schema has to be a commit for it to be moved."""
    if found.rule != "schema-first":
        return found
    return replace(found, hint=f"commit it by itself, git commit --no-verify, then: {found.hint}")


def lint_draft(site: Site, plan: Plan, text: str, branch: str | None) -> Linted:
    """Judge a message as the commit-msg hook sees it; the branch is the one we stand on, if none is named."""
    git = site.git
    standing = (git.current_branch(site.here) or "").removeprefix("refs/heads/")
    mark = git.config("core.commentChar") or "#"
    written = as_committed(text, "#" if mark == "auto" else mark)
    milestone = milestone_of(plan, branch or standing)
    return Linted("1 message", tuple(lint_message(plan, written, "message", milestone, being_written=True)))


def lint_commits(git: Git, plan: Plan, base: Oid, tip: Oid, milestone: Milestone | None) -> tuple[list[Finding], int]:
    """What is wrong with the messages of `base..tip`, and how many there are; merges are passed over."""
    commits = [one for one in git.messages(base, tip) if one.parents < 2]
    found = [
        finding
        for one in commits
        for finding in lint_message(plan, one.message, _where(one.oid, one.message), milestone)
    ]
    return found, len(commits)


def _where(oid: Oid, message: str) -> str:
    subject = parse(message).subject
    return f"{oid[:8]} {subject if len(subject) <= SUBJECT_WIDTH else f'{subject[: SUBJECT_WIDTH - 3]}...'}"


def _changed(git: Git, base: Oid, tip: Oid) -> list[str]:
    """The paths that differ between two commits."""
    return [change.path for change in Objects(git).diff(base, tip)]


def awaited(git: Git, plan: Plan, tip: Oid, paths: Sequence[str]) -> dict[str, str]:
    """Those of the schema paths that are at `tip` as a branch of the schema has them, here or on a remote."""
    wanted = schema_paths(plan, paths)
    branches = schema_branches(git, plan) if wanted else {}
    differing = {branch: set(_changed(git, tip, oid)) for branch, oid in branches.items()}
    return {path: branch for path in wanted for branch, apart in differing.items() if path not in apart}


def schema_branches(git: Git, plan: Plan) -> dict[str, Oid]:
    """The branches of the schema, by short name, those that only the remote has too."""
    found: dict[str, Oid] = {}
    for prefix in (f"refs/remotes/{plan.remote}/", "refs/heads/"):
        refs = git.refs(f"{prefix}chore/")
        found |= {ref.removeprefix(prefix): oid for ref, oid in refs.items()}
    return {name: oid for name, oid in found.items() if is_schema_branch(plan, name)}


def _begun(git: Git, base: Oid, tip: Oid) -> Oid:
    """Where the work at `tip` began."""
    begun = git.merge_base(base, tip)
    if begun is None:
        what = f"{base[:10]} and {tip[:10]} have no commit in common here"
        raise UsageError(what, _deepen(git))
    return begun


def _commit(site: Site, name: str) -> Oid:
    found = site.git.commit(name, site.here)
    if found is None:
        raise UsageError(f"there is no commit {quoted(name)} here", _deepen(site.git))
    return found


def _deepen(git: Git) -> str:
    return SHALLOW if (git.common / "shallow").exists() else "git fetch --all, or name other commits"


def _count(number: int, noun: str, many: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else many}"
