"""Filling: write the files of new trees, by copying a checkout that git has filled where one is at hand.

Trees of one commit are filled together. The template is the main checkout when it is at that very
content, else the first of the trees, filled by git. Whatever speaks against copying, git writes every
tree itself, several at once: slower, and right in any case.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ..core.names import Oid
from ..edges import sparse
from ..edges.filters import require_programs
from ..edges.git import Git
from ..edges.gitcalls import GitError
from ..edges.slots import default_slots
from ..edges.treecopy import Blank, CannotCopy, Source, copy_checkout
from .pool import Done, each


@dataclass(frozen=True)
class Staged:
    """A tree being built aside: its name, the commit it gets, its folder, and its admin folder."""

    name: str
    tip: Oid
    folder: Path
    admin: Path

    @property
    def is_sparse(self) -> bool:
        """Whether it is to hold but a part: an index that says so is not one to copy."""
        return (self.admin / sparse.PATTERNS).exists()


def fill(git: Git, trees: Sequence[Staged], build: Callable[[Staged], None]) -> Iterator[Done[Staged, None]]:
    """Build and fill all trees; each outcome comes as soon as it is known, and one failure stops no other."""
    for tip, group in groupby(sorted(trees, key=lambda tree: tree.tip), key=lambda tree: tree.tip):
        blank = []
        for done in each(group, build):
            if done.error:
                yield done
            else:
                blank.append(done.thing)
        narrow = [tree for tree in blank if tree.is_sparse]
        yield from _fill_alike(git, tip, sorted(set(blank) - set(narrow), key=lambda tree: tree.name))
        yield from each(narrow, lambda tree: _fill(git, tree))


def _fill_alike(git: Git, tip: Oid, blank: list[Staged]) -> Iterator[Done[Staged, None]]:
    if _copied(git, _main_checkout(git, tip), blank):
        yield from (Done(tree, None, None) for tree in blank)
        return
    rest = blank[1:]
    first = list(each(blank[:1], lambda tree: _fill(git, tree)))
    copied = _copied(git, Source(blank[0].folder, blank[0].admin / "index", git.tree_of(tip)), rest) if rest else False
    yield from first  # the taker moves it into place: not before it has been copied
    if copied:
        yield from (Done(tree, None, None) for tree in rest)
    else:
        yield from each(rest, lambda tree: _fill(git, tree))


def _fill(git: Git, tree: Staged) -> None:
    try:
        git.fill(tree.admin, tree.folder)
    except GitError:
        require_programs(git)
        raise


def _copied(git: Git, source: Source | None, blank: Sequence[Staged]) -> bool:
    """Fill the trees from `source` if it can be done; they are blank still when it cannot."""
    try:
        if source and blank:
            targets = [Blank(tree.folder, tree.admin) for tree in blank]
            copy_checkout(source, targets, workers=default_slots(), pass_fds=git.handed_down)
            return True
    except CannotCopy:
        pass
    return False


def _main_checkout(git: Git, tip: Oid) -> Source | None:
    head, tree = None if git.bare else git.commit("HEAD"), git.tree_of(tip)
    return Source(git.main, git.common / "index", tree) if head and git.tree_of(head) == tree else None
