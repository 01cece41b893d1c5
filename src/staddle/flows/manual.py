"""manual: a sync that conflicts, ended by a person: git's own rebase in the tree, with a guide at each stop."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Refused, UsageError, WorkFailed
from ..core.names import Oid, quoted, shell
from ..edges.conflicts import Conflict, Conflicts, Stop, stopped
from ..edges.entries import Entry
from ..edges.objects import Objects
from ..edges.process import Outcome
from ..guard import clearance, rebasing
from ..guard.rebasing import Rebase, Result
from ..guard.trap import Trap
from .guide import CUT, SIDES, guide, side_taken
from .survey import Base, Finding, survey
from .sync import Synced, commits, kept_out, outlook, sync
from .workspace import TREE_WAIT_SECONDS, Tell, Workspace, changing

MARKERS = (b"<<<<<<< ", b"||||||| ", b">>>>>>> ")


@dataclass(frozen=True)
class Step:
    """What a step of a manual sync came to; `conflicts` and `guide`, a line each, where it has stopped."""

    synced: Synced
    conflicts: tuple[Conflict, ...] = ()
    guide: tuple[str, ...] = ()


def begin(workspace: Workspace, target: str, *, fetch: bool, tell: Tell) -> Step:
    """Sync one milestone; if it conflicts, start git's rebase in its tree. Refused unless that tree is clean.

    Where one is under way, the step tells how it stands.
    """
    with changing(workspace, "sync --manual"):
        (now,) = survey(workspace, workspace.chosen([target])).findings
    if now.entry and stopped(now.entry):
        with _tree(workspace, target) as tree:
            return tree.stopped_at("")
    (first,) = sync(workspace, [target], fetch=fetch, tell=tell)
    if first.did != "conflict":
        return Step(first)
    with changing(workspace, "sync --manual") as trap, ExitStack() as held:
        found = survey(workspace, workspace.chosen([target]))
        (finding,) = found.findings
        own = outlook(workspace, finding, found.base)
        if (
            (reason := kept_out(workspace, finding, held, "sync --manual"))
            or isinstance(own, Synced)
            or finding.entry is None
        ):
            return Step(reason or (own if isinstance(own, Synced) else first))
        if changes := workspace.git.changes(finding.folder):
            what = f"{finding.folder} holds uncommitted work: {quoted((*changes.tracked, *changes.untracked)[0])}"
            raise Refused("dirty", what, f"git -C {shell(finding.folder)} stash --include-untracked")
        for step in (found.base.oid, *(commit.oid for commit in own)):  # git overwrites ignored files at each of them
            clearance.require_free(finding.folder, Objects(workspace.git).diff(finding.tip, step))
        one = Rebase(f"refs/heads/{finding.milestone.branch}", finding.tip, found.base.oid, finding.entry.admin)
        picks, after, todo = [commit.oid for commit in own], own[0].parents[0], rebasing.todo(workspace.state)
        outcome = rebasing.let_in(
            workspace.git, workspace.state, trap, one,
            lambda git: git.rebase(finding.folder, picks, after, found.base.oid, todo),
        )  # fmt: skip
        return _Tree(workspace, finding, finding.entry, found.base, trap).after(outcome)


def under_way(workspace: Workspace) -> list[str]:
    """The milestones in whose trees a rebase is under way."""
    found = survey(workspace, workspace.plan.milestones).findings
    return [one.name for one in found if one.entry and one.entry.under_way() == "rebase"]


def go_on(workspace: Workspace, target: str) -> Step:
    """Go on with a milestone's rebase. Refused while conflict markers are left, or a file waits to be decided."""
    with _tree(workspace, target) as tree:
        if rebasing.was_cut(tree.entry):
            raise Refused("cut", f"{target}: {CUT}", f"staddle sync {target} --abort")
        return tree.go_on()


def give_up(workspace: Workspace, target: str) -> Step:
    """Take a milestone's rebase back: branch and tree are as before it."""
    with _tree(workspace, target) as tree:
        old = tree.stop.old
        over = old if rebasing.was_cut(tree.entry) else None
        outcome = tree.let_in(lambda git: git.give_up(tree.finding.folder, over))
        if outcome.rc != 0:
            raise WorkFailed(f"git rebase --abort in {tree.finding.folder}: {_last_words(outcome)}")
        return Step(Synced(tree.name, "current", f"given up: back at {old[:10]}"))


def take(workspace: Workspace, target: str, side: str, paths: list[str]) -> Step:
    """Decide these conflicts of a milestone's rebase, or all of them, for one side. UsageError for an unknown path."""
    if side not in SIDES:
        raise UsageError(f"there is no side {quoted(side)}", f"staddle sync {target} --take base, or: --take mine")
    with _tree(workspace, target) as tree:
        known = {conflict.path: conflict for conflict in Conflicts(workspace.git).unmerged(tree.finding.folder)}
        if unknown := [path for path in paths if path not in known]:
            what = f"{quoted(unknown[0])} is not in conflict in {target}"
            raise UsageError(what, f"these are: {', '.join(map(quoted, known)) or 'none'}")
        chosen = [known[path] for path in paths] or list(known.values())
        tree.let_in(lambda git: git.take(tree.finding.folder, chosen, SIDES[side]), deciding=True)
        return tree.stopped_at(side_taken(side, chosen))


@dataclass(frozen=True)
class _Tree:
    """A milestone's tree with the rebase in it, held by us."""

    workspace: Workspace
    finding: Finding
    entry: Entry
    base: Base
    trap: Trap

    @property
    def name(self) -> str:
        return self.finding.name

    @property
    def stop(self) -> Stop:
        """Where the rebase is. UsageError when it is not one of ours to go on with."""
        found = stopped(self.entry)
        if found is None:
            what = f"no rebase that staddle can go on with is under way in {self.finding.folder}"
            raise UsageError(what, f"git -C {shell(self.finding.folder)} status")
        return found

    def let_in(self, act: Callable[[Conflicts], Result], *, deciding: bool = False) -> Result:
        """Let git work here, under the journal."""
        one = Rebase(self.stop.branch, self.stop.old, self.stop.onto, self.entry.admin)
        return rebasing.let_in(self.workspace.git, self.workspace.state, self.trap, one, act, deciding=deciding)

    def go_on(self) -> Step:
        git, at, name = Conflicts(self.workspace.git), self.finding.folder, self.name
        unmerged = git.unmerged(at)
        if marked := _marked(at, self.workspace.git.changes(at).tracked):
            what = f"conflict markers are left in {at}: {', '.join(marked)}"
            path = shell(unmerged[0].path) if unmerged else "FILE"
            raise Refused("markers", what, f"edit them, or: staddle sync {name} --take mine {path}")
        if waiting := [conflict for conflict in unmerged if not git.is_text(conflict)]:
            what = f"to be decided in {at}: {', '.join(f'{quoted(one.path)} ({one.kind})' for one in waiting)}"
            raise Refused("undecided", what, f"git add or git rm them, or: staddle sync {name} --take base|mine FILE")
        if unmerged:
            self.let_in(lambda conflicts: conflicts.add(at, [one.path for one in unmerged]), deciding=True)
        return self.after(self.let_in(lambda conflicts: conflicts.go_on(at)))

    def after(self, outcome: Outcome) -> Step:
        """What a rebase came to that git was let into."""
        if self.entry.under_way():
            unmerged = Conflicts(self.workspace.git).unmerged(self.finding.folder)
            return self.stopped_at("" if unmerged else f"git said: {_last_words(outcome)}")
        if outcome.rc != 0:
            raise WorkFailed(f"git rebase in {self.finding.folder}: {_last_words(outcome)}")
        target = f"refs/heads/{self.finding.milestone.branch}"
        ahead, _ = self.workspace.git.ahead_behind(self.workspace.git.refs(target)[target], self.base.oid)
        return Step(Synced(self.name, "moved", f"{commits(ahead)} on {self.base.name}"))

    def stopped_at(self, news: str) -> Step:
        """Where the rebase stands now, and the guide for it."""
        git, stop = self.workspace.git, self.stop
        conflicts = tuple(Conflicts(git).unmerged(self.finding.folder))
        what = f"commit {stop.number} of {stop.count}"
        if stop.commit:
            (subject,) = git.subjects(Oid(f"{stop.commit}^"), stop.commit)
            what += f", {stop.commit[:10]} {subject}"
        staged = [path for path in git.changes(self.finding.folder).tracked if path not in {c.path for c in conflicts}]
        cut = rebasing.was_cut(self.entry)
        lines = guide(self.name, self.finding.folder, f"{what}, on {self.base.name}", conflicts, staged, cut=cut)
        files = tuple(conflict.path for conflict in conflicts)
        return Step(Synced(self.name, "stopped", news or what, files), conflicts, (news, *lines) if news else lines)


@contextmanager
def _tree(workspace: Workspace, target: str) -> Iterator[_Tree]:
    """Hold the tree of a milestone in which a rebase is under way. UsageError when none is."""
    with changing(workspace, "sync") as trap, ExitStack() as held:
        found = survey(workspace, workspace.chosen([target]))
        (finding,) = found.findings
        if finding.entry is None or finding.entry.under_way() != "rebase":
            others = under_way(workspace)
            hint = f"staddle status {others[0]}, where one is" if others else f"staddle sync {finding.name} --manual"
            raise UsageError(f"no rebase is under way in {finding.folder}", hint)
        held.enter_context(workspace.state.lock(f"tree-{finding.name}", TREE_WAIT_SECONDS, "staddle sync"))
        yield _Tree(workspace, finding, finding.entry, found.base, trap)


def _marked(at: Path, paths: Sequence[str]) -> list[str]:
    """The lines of these files that are git's conflict markers, as `path:line`."""
    found = []
    for path in (path for path in paths if (at / path).is_file() and not (at / path).is_symlink()):
        lines = (at / path).read_bytes().splitlines()
        hits = [number for number, line in enumerate(lines, 1) if line.startswith(MARKERS)]
        found += [f"{quoted(path)}:{number}" for number in hits]
    return found


def _last_words(outcome: Outcome) -> str:
    said = outcome.err.decode(errors="replace").strip().splitlines()
    return said[-1] if said else f"exit code {outcome.rc}"
