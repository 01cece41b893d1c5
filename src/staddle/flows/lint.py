"""lint: hold what git has - branches, trees, messages, changed paths - to the plan's rules; changes nothing."""

from dataclasses import dataclass

from ..core.errors import UsageError
from ..core.message import as_committed, lint_message, parse
from ..core.model import Milestone, Plan
from ..core.names import Oid, quoted
from ..core.policy import Finding, lint_branch, lint_checkout, lint_paths, milestone_of
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
    git, plan, base = workspace.git, workspace.plan, find_base(workspace)
    tips, standing = git.refs("refs/heads/"), list(entries(git))
    findings: list[Finding] = []
    branches = commits = 0
    for milestone in workspace.chosen(targets):
        tree = next((one for one in standing if one.folder == workspace.folder(milestone)), None)
        if tree:
            findings += lint_checkout(plan, milestone, tree.branch)
        if tip := tips.get(f"refs/heads/{milestone.branch}"):
            begun = _begun(git, base.oid, tip)
            found, count = lint_commits(git, plan, begun, tip, milestone)
            paths = _changed(git, begun, tip, _holder(standing, milestone))
            findings += [*found, *lint_paths(plan, milestone.branch, paths)]
            branches, commits = branches + 1, commits + count
        elif targets:
            name = milestone.id.lower()
            raise UsageError(f"{name} has no branch {milestone.branch} yet", f"staddle worktrees {name}")
    return Linted(f"{_count(branches, 'branch', 'es')}, {_count(commits, 'commit')}", tuple(findings))


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
        found = [*lint_branch(plan, branch), *found, *lint_paths(plan, branch, _changed(git, begun, tip, None))]
    return Linted(_count(count, "commit"), tuple(found))


def lint_title(plan: Plan, title: str, branch: str | None) -> Linted:
    """Judge a pull request's title, which becomes the first line of what lands."""
    return Linted("1 title", tuple(lint_message(plan, title, "title", milestone_of(plan, branch))))


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


def _changed(git: Git, base: Oid, tip: Oid, tree: Entry | None) -> list[str]:
    """The paths that differ between two commits, and those uncommitted in the tree."""
    committed = [change.path for change in Objects(git).diff(base, tip)]
    return [*committed, *(git.uncommitted(tree.folder) if tree and tree.folder.is_dir() else ())]


def _holder(standing: list[Entry], milestone: Milestone) -> Entry | None:
    """The tree that has the milestone's branch checked out, wherever it stands."""
    return next((one for one in standing if one.branch == milestone.branch), None)


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
