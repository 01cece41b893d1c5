"""Creation: a tree is whole when it appears, and a kill at any moment leaves nothing of it.

Invariants. The journal `births` names every tree before the first act for it. Branches come first,
in one transaction; each tree is then filled aside, under a hidden name beside its place, with its
admin folder under `staddle/`; last it is published: the folder renamed into place, and the entry by
one rename into `.git/worktrees`. So git never lists a tree that is not whole. `settle` reads the
journal and makes every birth either a recorded tree or nothing, from whatever state a kill, a
failure or a signal left; it is the only undo there is, and may itself be cut and run again.
"""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Refused, WorkFailed
from ..core.names import Oid
from ..edges import entries, sparse
from ..edges.git import Git
from ..edges.gitcalls import GitError
from ..edges.state import State
from . import branches, roster
from .branches import Branch
from .filling import Staged, fill
from .locks import editing_config, forget_draft
from .pool import Done
from .trap import Trap

REPOSITORY_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Wish:
    """A tree that is wanted, on the branch of this short name, or detached when that is None.

    `upstream` names a remote whose namesake the branch tracks; `locked` is the reason to lock the entry with, so that
    nobody's `git worktree prune` takes it; `sparse` are the folders it holds, as many as the main checkout when empty.
    """

    name: str
    folder: Path
    branch: str | None
    tip: Oid
    new_branch: bool
    upstream: str | None = None
    locked: str | None = None
    kind: roster.Kind = roster.Kind.MILESTONE
    sparse: tuple[str, ...] = ()


@dataclass(frozen=True)
class Birth:
    """A wish under way, as the journal knows it; all births of one call share `nonce` and `since`."""

    wish: Wish
    nonce: str
    since: float

    @property
    def staged_folder(self) -> Path:
        """Where the files are written before the tree appears."""
        return self.wish.folder.with_name(f".{self.wish.folder.name}.staddle-{self.nonce}")

    @property
    def branch(self) -> Branch:
        """The branch that is to be made, at the oid of its creation."""
        return Branch(self.wish.branch or "", self.wish.tip)

    def staged_admin(self, state: State) -> Path:
        """Where the entry is built before it appears."""
        return state.folder / f"new-{self.nonce}-{self.wish.name}"

    def staged(self, state: State) -> Staged:
        """The tree as the filling sees it."""
        return Staged(self.wish.name, self.wish.tip, self.staged_folder, self.staged_admin(state))

    @property
    def member(self) -> roster.Member:
        """What the roster is to say once the tree stands."""
        wish = self.wish
        name, branch = wish.name, wish.branch or ""
        return roster.Member(name, wish.folder, branch, made_tree=True, made_branch=wish.new_branch, kind=wish.kind)

    def record(self) -> dict[str, Any]:
        """The birth as JSON data."""
        wish = asdict(self.wish) | {"folder": str(self.wish.folder)}
        return {"wish": wish, "nonce": self.nonce, "since": self.since}

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Birth":
        """The birth that `record` gave."""
        wish = record["wish"]
        kinds = {"folder": Path(wish["folder"]), "kind": roster.Kind(wish["kind"])}
        return cls(Wish(**wish | kinds | {"sparse": tuple(wish["sparse"])}), record["nonce"], record["since"])


def create(
    git: Git, state: State, trap: Trap, wishes: Sequence[Wish], report: Callable[[Done[Wish, None]], None]
) -> None:
    """Make every tree wished for; each outcome goes to `report`, and one failure stops no other.

    The caller holds the `trees` lock, handed down to git. Interrupted, the trees not yet published
    are taken back and the published ones stay.
    """
    nonce, since = secrets.token_hex(6), time.time()
    births = [Birth(wish, nonce, since) for wish in wishes]
    trap.undo(lambda: settle(git, state))
    state.write("births", {"births": [birth.record() for birth in births]})
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, "creating branches"), trap.shielded():
        errors = _make_branches(git, state, births)
    for birth in births:
        if birth.wish.name in errors:
            report(Done(birth.wish, None, errors[birth.wish.name]))
    viable = [birth for birth in births if birth.wish.name not in errors]
    by_name = {birth.wish.name: birth for birth in viable}
    staged = [birth.staged(state) for birth in viable]
    for done in fill(git, staged, lambda tree: _build(git, tree, by_name[tree.name])):
        birth = by_name[done.thing.name]
        error = done.error or _publish(git, state, trap, birth)
        report(Done(birth.wish, None, error))
    with trap.shielded():
        settle(git, state)


def create_all(git: Git, state: State, trap: Trap, wishes: Sequence[Wish], todo: str) -> None:
    """Make every tree wished for; WorkFailed, naming the first that could not be made, with what `todo` says."""
    failed: list[Done[Wish, None]] = []
    create(git, state, trap, wishes, lambda done: failed.append(done) if done.error else None)
    if failed:
        raise WorkFailed(f"{failed[0].thing.folder} could not be made: {failed[0].error}", todo)


def settle(git: Git, state: State) -> None:
    """Make every birth in the journal a recorded tree or nothing; idempotent, from any state."""
    if not state.read("births"):
        return
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, "settling new trees"):
        record = state.read("births")
        births = [Birth.load(birth) for birth in record.get("births", [])]
        forget_draft(git, state)
        linked = {entry.folder: entry for entry in entries.entries(git)}
        whole = [birth for birth in births if _is_published(birth, linked, state)]
        undone = [birth for birth in births if birth not in whole]
        for birth in undone:
            _clear_files(birth, linked, state)
        _unmake(git, state, record, [birth for birth in undone if birth.wish.new_branch])
        roster.enrol(state, [birth.member for birth in whole])
        state.drop("births")


def _unmake(git: Git, state: State, record: dict[str, Any], undone: Sequence[Birth]) -> None:
    """Delete the branches that these births made; the proof is written down first, for the deletion destroys it."""
    if not undone:
        return
    nonce, since = undone[0].nonce, undone[0].since
    proven = {branch.name for branch in branches.made_by(git, [birth.branch for birth in undone], nonce, since)}
    proven |= set(record.get("proven", []))
    state.write("births", record | {"proven": sorted(proven)})
    branches.delete(git, [birth.branch for birth in undone if birth.branch.name in proven], since)


def _make_branches(git: Git, state: State, births: Sequence[Birth]) -> dict[str, Exception]:
    """Create the new branches together, or one by one when one cannot be; failures by the tree's name."""
    new = [birth for birth in births if birth.wish.new_branch]
    errors: dict[str, Exception] = {}
    try:
        branches.make(git, [birth.branch for birth in new], births[0].nonce)
    except GitError:
        for birth in new:
            try:
                branches.make(git, [birth.branch], birth.nonce)
            except GitError as error:
                errors[birth.wish.name] = error
    tracking = [birth for birth in births if birth.wish.upstream and birth.wish.name not in errors]
    narrowing = any(birth.wish.sparse for birth in births) and not sparse.has_own_settings(git)
    if tracking or narrowing:
        with editing_config(git, state) as draft:
            if narrowing:
                sparse.allow_own_settings(git, draft)
            for birth in tracking:
                git.set_upstream(draft, birth.branch.name, birth.wish.upstream or "")
    return errors


def _build(git: Git, tree: Staged, birth: Birth) -> None:
    birth.wish.folder.parent.mkdir(parents=True, exist_ok=True)
    head = birth.branch.ref if birth.wish.branch else birth.wish.tip
    entries.build(tree.admin, tree.folder, birth.wish.folder, head, birth.wish.locked)
    sparse.narrow(git, tree.admin, tree.folder, birth.wish.sparse)


def _publish(git: Git, state: State, trap: Trap, birth: Birth) -> Exception | None:
    with state.lock("repository", REPOSITORY_WAIT_SECONDS, "publishing a tree"), trap.shielded():
        try:
            if birth.wish.branch and birth.wish.branch in {entry.branch for entry in entries.entries(git)}:
                what = f"{birth.wish.branch} was checked out elsewhere in the meantime"
                return Refused("checked-out", what, "git worktree list")
            entries.publish(git, birth.staged_admin(state), birth.staged_folder, birth.wish.folder)
        except OSError as error:
            return error
    return None


def _is_published(birth: Birth, linked: dict[Path, entries.Entry], state: State) -> bool:
    entry = linked.get(birth.wish.folder)
    return (
        entry is not None
        and not birth.staged_admin(state).exists()
        and entry.branch == birth.wish.branch
        and entries.is_linked(birth.wish.folder, entry.admin)
    )


def _clear_files(birth: Birth, linked: dict[Path, entries.Entry], state: State) -> None:
    """Remove the staged files of a birth, also when its folder had been put in place already."""
    admin, staged, final = birth.staged_admin(state), birth.staged_folder, birth.wish.folder
    placed = admin.exists() and not os.path.lexists(staged) and final not in linked
    if placed and entries.points_into(final, state.folder.parent):
        final.rename(staged)
    for folder in (staged, admin):
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
