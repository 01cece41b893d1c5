"""Moving: take milestones' branches, with their trees, to where their commits have been made again.

Invariants. The new commits exist before anything moves. Where each branch was is in the record `synced`, written before
the first move, and in the branch's reflog, which keeps its commits from being collected. A move is a landing: whole,
or not at all, with its journal `moving` for whoever comes after a kill.
"""

import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.errors import Held, Refused
from ..core.names import Oid, shell
from ..core.squash import Own
from ..edges.git import Git
from ..edges.gitcalls import GitError
from ..edges.objects import Objects
from ..edges.state import State
from . import branches, landing, merging
from .branches import Branch
from .landing import Landing, TargetMoved
from .locks import clear_stale
from .trap import Trap

JOURNAL, RECORD, ELSEWHERE = "moving", "synced", "landed-elsewhere"
SCRATCH = "attributes-"
"""How the folders begin that replays make and remove, in the state folder."""


@dataclass(frozen=True)
class Replay:
    """What making commits again on another one came to: a new tip, or the commit that stopped it and the paths.

    `recalled` counts the conflicts that were resolved from memory on the way.
    """

    tip: Oid
    made: int
    recalled: int = 0
    stopped: Own | None = None
    paths: tuple[str, ...] = ()


def own_work(git: Git, state: State, base: Oid, tracking: str | None, tip: Oid) -> list[Own]:
    """The commits that a branch has of its own and that have not landed on the base, also squashed; oldest first.

    Refused when the two have no commit in common, when one is a merge, which making it again would take apart, or when
    the base had one itself, by the reflog of `tracking`, and has been taken back behind it.
    """
    begun = git.merge_base(base, tip)
    if begun is None:
        raise Refused("unrelated", f"{tip[:10]} has no commit in common with the base", f"git log {tip[:10]}")
    objects, landed = Objects(git), list[Oid]()
    for head, commit in _elsewhere(state):
        if git.commit(commit) and git.is_ancestor(commit, base) and _is_within(git, head, tip):
            landed.append(head)
    for commit, head in objects.landed_from(begun, base):
        if _is_within(git, head, tip) and _is_true(git, commit, head, landed):
            landed.append(head)
    own = objects.own_commits(base, tip, landed)
    if merges := [commit for commit in own if len(commit.parents) != 1]:
        what = f"{merges[0].oid[:10]} is a merge, which a rebase would take apart: {merges[0].subject}"
        raise Refused("merge", what, f"git rebase {shell(base[:10])}")
    back = git.taken_back(tracking, base) if own and tracking else set()
    if gone := [commit for commit in own if commit.oid in back]:
        last = gone[-1]
        what = f"{last.oid[:10]} was taken off the base again, and would come back: {last.subject}"
        drop, keep = f"git rebase --onto {base[:10]} {last.oid[:10]}", f"git rebase --no-ff {base[:10]}"
        raise Refused("taken-back", what, f"in its tree, to drop it: {drop}; to keep it: {keep}")
    return own


def _is_within(git: Git, head: Oid, tip: Oid) -> bool:
    return git.commit(head) is not None and git.is_ancestor(head, tip)


def _is_true(git: Git, commit: Oid, head: Oid, landed: Sequence[Oid]) -> bool:
    """Whether a commit that says it landed from `head` did: anybody can write such a line, or copy one.

    It does when it changes each file that `head` does beyond what is known to have `landed`, or has it just so;
    also when it is what bringing that to its parent gives, which may be under another name there.
    """
    objects, before = Objects(git), git.commit(f"{commit}^")
    begun = before and git.merge_base(before, head)
    if before is None or begun is None:
        return False
    for one in landed:
        begun = one if git.is_ancestor(begun, one) and git.is_ancestor(one, head) else begun
    made = {change.path for change in objects.diff(before, commit)}
    apart = {change.path for change in objects.diff(head, commit)}
    if not any(change.path in apart - made for change in objects.diff(begun, head)):
        return True
    stand_in = objects.stand_in(git.tree_of(before), begun)
    with tempfile.TemporaryDirectory(prefix="staddle-") as folder:
        return merging.merge(git, stand_in, head, Path(folder) / "attributes").tree == git.tree_of(commit)


def note_landed(state: State, head: Oid, commit: Oid) -> None:
    """Write down that a forge has made the work up to `head` the one `commit`, which may not say so itself."""
    known = _elsewhere(state)
    if (head, commit) not in known:
        state.write(ELSEWHERE, {"landed": [*known, (head, commit)]})


def _elsewhere(state: State) -> list[tuple[Oid, Oid]]:
    return [(Oid(head), Oid(commit)) for head, commit in state.read(ELSEWHERE).get("landed", [])]


def replay(git: Git, own: Sequence[Own], onto: Oid, stamp: float, folder: Path) -> Replay:
    """Make commits with one parent each again on `onto`, in the object store; what adds nothing there is left out.

    `folder` is one to make and remove. A commit that stands where it would be made is kept as it is.
    """
    if not own:
        return Replay(onto, 0)
    steady = not git.has_touched(own[0].parents[0], own[-1].oid, ".gitattributes")
    with merging.attributes_of(git, onto, folder) if steady else nullcontext():
        return _replayed(git, own, onto, stamp, folder, steady=steady)


def _replayed(git: Git, own: Sequence[Own], onto: Oid, stamp: float, folder: Path, *, steady: bool) -> Replay:
    """The same, commit by commit; `steady` says that `folder` has the attributes that count for all of them."""
    objects, tip, here, made, recalled = Objects(git), onto, git.tree_of(onto), 0, 0
    trees = {commit.oid: commit.tree for commit in own}
    for commit in own:
        (parent,) = commit.parents
        if parent == tip:
            tip, here, made = commit.oid, commit.tree, made + 1
            continue
        stand_in = objects.stand_in(here, parent)  # merged with it, the commit's own parent is the merge base
        with nullcontext() if steady else merging.attributes_of(git, here, folder):
            merged = git.merge_of(stand_in, commit.oid, folder)
        tree = merged.tree
        if tree is None:
            known = merging.recall(git, stand_in, commit.oid, folder.with_name(f"{folder.name}-memory"))
            if known is None:
                return Replay(tip, made, recalled, commit, merged.conflicts)
            tree, recalled = known[0], recalled + known[1]
        if tree != here or commit.tree == (trees.get(parent) or git.tree_of(parent)):
            tip, here = objects.commit_tree(tree, [tip], commit.message, stamp, commit.authorship), tree
            made += 1
    return Replay(tip, made, recalled)


def begin(state: State, moves: Sequence[Landing], new: Branch | None = None) -> None:
    """Write down where these branches are, and which one is made beside them, for an undo."""
    state.write(RECORD, {"moves": [asdict(move) for move in moves], "new": new and asdict(new)})


def last(state: State) -> list[Landing]:
    """The moves of the last sync, those that were made and those that were not."""
    return [Landing(**move) for move in state.read(RECORD).get("moves", [])]


def made(state: State) -> Branch | None:
    """The branch that was made beside these moves."""
    new = state.read(RECORD).get("new")
    return Branch(**new) if new else None


def forget(state: State) -> None:
    """The last sync has been taken back."""
    state.drop(RECORD)


def move(git: Git, state: State, trap: Trap, one: Landing, new: Branch | None = None) -> None:
    """Move one branch, and its tree with it; raises what `landing.publish` does, and then nothing has moved.

    A `new` branch is made first, and goes again when the move does not come about. A git command that died on the way
    is made up for: the move is ended, or has not been.
    """
    with trap.shielded():
        state.write(JOURNAL, {"move": asdict(one), "new": new and asdict(new)})
        try:
            if new:
                branches.make(git, [new], "split off")
            landing.publish(git, state, one)
        except GitError:
            landed = _ended(git, state, one, new)
            state.drop(JOURNAL)
            if not landed:
                raise
        except (Refused, Held, TargetMoved):
            _ended(git, state, one, new)
            state.drop(JOURNAL)
            raise
        state.drop(JOURNAL)


def lay(git: Git, state: State, trap: Trap, target: str, tip: Oid, work: Oid) -> list[str]:
    """Bring the uncommitted work that a commit holds back into the checkout of `target`, which is at `tip`.

    Returns the paths that stay as a person has them.
    """
    parent = git.commit(f"{work}^") or tip  # what was staged, or the tip itself
    with trap.shielded():
        state.write(JOURNAL, {"move": asdict(Landing(target, tip, work, time.time()))})
        kept = landing.lay(git, state, target, tip, work, parent)
        state.drop(JOURNAL)
    return kept


def settle(git: Git, state: State) -> None:
    """End a move that was cut, and clear what a cut replay left; idempotent."""
    for left in state.folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    if record := state.read(JOURNAL):
        new = record.get("new")
        _ended(git, state, Landing(**record["move"]), Branch(**new) if new else None)
        state.drop(JOURNAL)


def _ended(git: Git, state: State, one: Landing, new: Branch | None) -> bool:
    """End a move that was cut: whether it has landed; the branch that is made with it stands then, and only then."""
    landed, _ = landing.settle(git, state, one)
    if new and not landed:
        branches.delete(git, [new], one.since)
    elif new and new.ref not in git.refs(new.ref):
        clear_stale(git, git.common / f"{new.ref}.lock", one.since)
        branches.restore(git, state, new)
    return landed
