"""judging: what an agent left in the repository, by what git shows before and after; its own word counts for nothing.

Several may work at the same time: what belongs to the tree of another agent at work, and what staddle itself moved, is
not held against anyone. What a person changed meanwhile cannot be told from the agent's doing, and is named.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.agency import Stray
from ..core.model import Milestone, Plan
from ..core.names import Oid
from ..core.policy import Level
from ..core.testchanges import TestChanges, compare_tests
from ..core.testfiles import is_test_file
from ..core.unit import Ended
from ..edges.entries import entries, is_linked
from ..edges.git import Git
from ..edges.gitcalls import GitError
from ..edges.objects import Objects
from ..guard import ledger, roster, trust
from .lint import lint_commits
from .workspace import Site

OWN_MOVES = "staddle"
"""How the reflog's entries of what staddle moved begin."""
MOST_NAMED = 3
STASH = "refs/stash"


@dataclass(frozen=True)
class Seat:
    """A tree that an agent is put into: its target, its folder, its branch's short name, and whose it is."""

    name: str
    folder: Path
    branch: str
    milestone: Milestone | None = None

    @property
    def ref(self) -> str:
        """Its branch's full name."""
        return f"refs/heads/{self.branch}"


@dataclass(frozen=True)
class Sight:
    """What the repository shows from `moment` on: refs, trees with their HEADs, the main checkout, what git obeys.

    `unsaved` has, of each uncommitted path in the main checkout, when it was last written and its size.
    """

    moment: float
    refs: Mapping[str, Oid]
    trees: Mapping[Path, str]
    enrolled: frozenset[Path]
    unsaved: Mapping[str, tuple[int, int]]
    settings: tuple[str, ...]

    def commit_of(self, folder: Path) -> str | None:
        """The commit that a tree is at, None when there is no such tree or commit."""
        head = self.trees.get(folder, "")
        return self.refs.get(head) if head.startswith("refs/") else head


def look(site: Site) -> Sight:
    """Look at the repository as a whole."""
    git, moment = site.git, time.time()
    found = (one for one in entries(git) if one.admin == git.common or is_linked(one.folder, one.admin))
    trees = {one.folder: one.head for one in found}
    paths = () if git.bare else (*git.uncommitted(git.main), *git.hidden(git.main))
    unsaved = {path: _written(git.main / path) for path in paths}
    return Sight(
        moment, git.refs(), trees, frozenset(roster.members(site.state)), unsaved, trust.digests(git, closely=True)
    )


@dataclass(frozen=True)
class Judgement:
    """What was found: the first lines of new commits, what became of tests, and what should not have been done."""

    commits: tuple[str, ...]
    tests: TestChanges | None
    strays: tuple[Stray, ...]


def is_seated(sight: Sight, seat: Seat) -> bool:
    """Whether the tree is there, this repository's, and on its branch."""
    return sight.trees.get(seat.folder) == seat.ref


def judge(
    site: Site, plan: Plan | None, seat: Seat, before: Sight, end: Ended, *, asked: str | None, others: Sequence[str]
) -> Judgement:
    """Judge the agent that worked on `seat` since `before`; `asked` is the first line that its commit was to have.

    `others` are the branches, by full name, of the trees in which agents worked meanwhile.
    """
    after = look(site)
    old, new = before.refs.get(seat.ref), after.refs.get(seat.ref)
    commits, tests, own = tuple[str, ...](), None, list[Stray]()
    if old is None or new is None or not site.git.is_ancestor(old, new):
        own.append(Stray("rewritten", f"{seat.branch} was rewritten or is gone; it was at {old}"))
    elif old != new:
        commits = site.git.subjects(old, new)
        tests = _tests(site.git, old, new)
        own += _messages(site.git, plan, seat, (old, new), commits, asked)
        own += _weakened(tests, seat)
    found = [*_outside(site, seat, before, after, others), *own, *_inside(site.git, seat, after, end)]
    return Judgement(commits, tests, tuple(found))


def _written(path: Path) -> tuple[int, int]:
    try:
        found = path.lstat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _named(rule: str, told: str, names: Sequence[str]) -> Iterator[Stray]:
    if names:
        more = f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
        yield Stray(rule, f"{told}: {', '.join(names[:MOST_NAMED])}{more}")


# --- what is not the agent's ---------------------------------------------------------------------------------------


def _outside(site: Site, seat: Seat, before: Sight, after: Sight, others: Sequence[str]) -> Iterator[Stray]:
    git = site.git
    if not is_seated(after, seat):
        yield Stray("branch", f"{seat.folder} is no longer on {seat.branch}")
    if before.refs.get(STASH) != after.refs.get(STASH):
        yield Stray("stash", "the stash, which all trees share, is not as it was")
    moved = [ref for ref in sorted({*before.refs, *after.refs}) if before.refs.get(ref) != after.refs.get(ref)]
    elsewhere = [ref for ref in moved if ref not in (seat.ref, STASH, *others) and not _ours(site, ref, before, after)]
    yield from _named("refs", "moved, made or deleted", [ref for ref in elsewhere if not _is_fetched(ref)])
    begun, tip = before.refs.get(seat.ref), after.refs.get(seat.ref)
    made = {commit.oid for commit in git.messages(begun, tip)} if begun and tip else set()
    pushed = [ref for ref in elsewhere if _is_fetched(ref) and after.refs.get(ref) in made]
    yield from _named("pushed", "its commits went to", pushed)
    yield from _trees(git, seat, before, after, others)
    written = {path for path, when in after.unsaved.items() if before.unsaved.get(path) != when}
    stood_still = before.commit_of(git.main) == after.commit_of(git.main)  # or else they may have been committed
    gone = before.unsaved.keys() - after.unsaved.keys() if stood_still else set()
    yield from _named("main-checkout", f"changed in {git.main}", sorted(written | gone))
    if before.settings != after.settings:
        yield Stray("settings", f"changed: {'; '.join(trust.changes(git, before.settings, closely=True))}")


def _is_fetched(ref: str) -> bool:
    return ref.startswith("refs/remotes/")


def _ours(site: Site, ref: str, before: Sight, after: Sight) -> bool:
    """Whether staddle itself moved, made or deleted a ref since."""
    if ref.startswith("refs/staddle/"):
        return True
    if ref in after.refs:
        return site.git.last_move(ref).startswith(OWN_MOVES)
    return ledger.has_noted(site.state, ref.removeprefix("refs/heads/"), before.moment)


def _trees(git: Git, seat: Seat, before: Sight, after: Sight, others: Sequence[str]) -> Iterator[Stray]:
    """Trees that were made, taken away or moved to another commit or branch, and not by staddle."""
    new = [str(folder) for folder in after.trees.keys() - before.trees.keys() - after.enrolled]
    lost = [one for one in before.trees.keys() - after.trees.keys() - {seat.folder} if before.trees[one] not in others]
    gone = [str(folder) for folder in lost if folder in after.enrolled or folder not in before.enrolled]
    moved = [
        (folder, head)
        for folder, head in after.trees.items()
        if folder != seat.folder and (was := before.trees.get(folder, head)) != head and not {was, head} & {*others}
    ]
    heads = [
        f"{folder} is on {head.removeprefix('refs/heads/')}"
        for folder, head in moved
        if not git.last_move("HEAD", folder).startswith(OWN_MOVES)
    ]
    yield from _named("worktrees", "made", sorted(new))
    yield from _named("worktrees", "taken away", sorted(gone))
    yield from _named("worktrees", "another tree's HEAD was moved", sorted(heads))


# --- what is the agent's own ---------------------------------------------------------------------------------------


def _inside(git: Git, seat: Seat, after: Sight, end: Ended) -> Iterator[Stray]:
    if seat.folder in after.trees:
        try:
            changes = git.changes(seat.folder)
        except GitError as error:  # its index, for one, is everybody's to write
            yield Stray("uncommitted", f"git cannot read {seat.folder} any more: {error.said}")
        else:
            yield from _named("uncommitted", "left uncommitted", [*changes.tracked, *changes.untracked])
    if end.strays:
        yield from _named("processes", "left running, and ended", end.strays)


def _messages(
    git: Git, plan: Plan | None, seat: Seat, span: tuple[Oid, Oid], commits: Sequence[str], asked: str | None
) -> Iterator[Stray]:
    if asked is not None and asked not in commits:
        yield Stray("message", f"committed as {commits[-1]!r}, not as asked" if commits else "no commit as asked")
    found = lint_commits(git, plan, *span, seat.milestone)[0] if plan else []
    wrong = [f"{one.where}: {one.what}" for one in found if one.level is Level.ERROR]
    yield from _named("message", "against the plan's rules", wrong)


def _weakened(tests: TestChanges, seat: Seat) -> Iterator[Stray]:
    yield from _named("tests", "tests removed", tests.removed)
    yield from _named("tests", "tests skipped or expected to fail now", tests.muted)
    yield from _named("tests", "tests that make fewer assertions now", tests.loosened)
    required = (
        [one.test.partition("::")[2] for one in seat.milestone.requirements if one.test] if seat.milestone else []
    )
    changed = [name for name in tests.changed if name in required]
    yield from _named("tests", "assertions changed in the test that is to turn green", changed)


def _tests(git: Git, old: Oid, new: Oid) -> TestChanges:
    changes = [change for change in Objects(git).diff(old, new) if is_test_file(change.path)]
    return compare_tests(
        [("" if one.added else git.text(one.old), "" if one.deleted else git.text(one.new)) for one in changes]
    )
