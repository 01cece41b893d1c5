"""Objects: git commands that work on commits, trees and index files, and touch no ref and no checkout of a person.

The methods continue `Git`; they stand apart because landing alone uses them.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..core.globs import matches
from ..core.names import Oid
from ..core.squash import Own
from . import sparse
from .entries import Entry
from .git import Git
from .gitcalls import DURABLE

NO_VARIABLES: Mapping[str, str] = {}
OWN_IDENTITY = {
    f"GIT_{who}_{what}": text
    for who in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "staddle"), ("EMAIL", "staddle@localhost"))
}
"""For commits that only keep somebody's uncommitted work: they must not fail for want of a name."""


@dataclass(frozen=True)
class Change:
    """One path that differs between two commits; mode `000000` and an all-zero oid stand for absence."""

    path: str
    old_mode: str
    new_mode: str
    old: Oid
    new: Oid

    @property
    def added(self) -> bool:
        """Whether the path is new."""
        return self.old_mode == "000000"

    @property
    def deleted(self) -> bool:
        """Whether the path goes."""
        return self.new_mode == "000000"


class Objects:
    """The object store of one repository, and private index files over its checkouts."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def commit_tree(
        self, tree: Oid, parents: Sequence[Oid], message: str, stamp: float, env: Mapping[str, str] = NO_VARIABLES
    ) -> Oid:
        """A new commit, dated `stamp` so that making it again gives the same one; signed where the repository signs."""
        sign = ["-S"] if env is not OWN_IDENTITY and self._signs else []  # nobody has a key for that one
        words = [word for parent in parents for word in ("-p", parent)]
        dates = {name: f"@{int(stamp)} +0000" for name in ("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE")}
        out = self._git.run(
            "commit-tree",
            *sign,
            tree,
            *words,
            "-F",
            "-",
            stdin=message.encode(errors="surrogateescape"),
            env=dates | dict(env),
            settings=(*DURABLE, "-c", "i18n.commitEncoding=UTF-8"),
        )
        return Oid(out.decode().strip())

    @cached_property
    def _signs(self) -> bool:
        """Whether the repository signs its commits."""
        return self._git.config("commit.gpgsign") == "true"

    def stand_in(self, tree: Oid, parent: Oid) -> Oid:
        """A commit of `tree` that nothing will ever name: it lasts as long as a merge with it."""
        env = {**OWN_IDENTITY, "GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
        out = self._git.run("commit-tree", tree, "-p", parent, "-m", "stands for the new parent", env=env)
        return Oid(out.decode().strip())

    def own_commits(self, base: Oid, tip: Oid, landed: Sequence[Oid]) -> list[Own]:
        """The commits that `tip` has beyond `base` and beyond `landed`, oldest first, without those that it has too."""
        fields = ("%H", "%T", "%P", "%an", "%ae", "%ad", "%B")
        argv = ("log", "-z", "--reverse", "--topo-order", "--cherry-pick", "--right-only", "--date=raw")
        form = ("--no-show-signature", "--encoding=UTF-8", f"--format={'%n'.join(fields)}")
        out = self._git.run(*argv, *form, f"{base}...{tip}", *(f"^{oid}" for oid in landed))
        found = (text.split("\n", 6) for text in out.decode(errors="surrogateescape").split("\0") if text)
        return [
            Own(Oid(oid), Oid(tree), tuple(map(Oid, parents.split())), name, email, date, message)
            for oid, tree, parents, name, email, date, message in found
        ]

    def landed_from(self, old: Oid, new: Oid) -> list[tuple[Oid, Oid]]:
        """The commits in `old..new` that say which tip they landed from, oldest first, each with that tip."""
        form = "--format=%H %(trailers:key=Landed-From,valueonly,separator=%x20)"
        lines = self._git.run("log", "--reverse", "--topo-order", form, f"{old}..{new}").decode(errors="replace")
        said = (line.split() for line in lines.splitlines())
        return [
            (Oid(commit), Oid(tip)) for commit, *tips in said for tip in tips if re.fullmatch("[0-9a-f]{40,64}", tip)
        ]

    def diff(self, old: Oid, new: Oid) -> list[Change]:
        """Every path that differs between two commits or trees, without looking for renames."""
        fields = self._git.run("diff-tree", "-r", "-z", "--no-renames", old, new).decode(errors="surrogateescape")
        parts = fields.split("\0")
        changes = []
        for facts, path in zip(parts[0:-1:2], parts[1::2], strict=False):
            old_mode, new_mode, old_oid, new_oid, _ = facts.removeprefix(":").split(" ")
            changes.append(Change(path, old_mode, new_mode, Oid(old_oid), Oid(new_oid)))
        return changes

    def changed_lines(self, old: Oid, new: Oid) -> dict[str, int]:
        """How many lines each path that differs gains and loses between two commits or trees; 0 for binary ones."""
        out = self._git.run("diff-tree", "-r", "-z", "--no-renames", "--numstat", old, new)
        fields = (line.split("\t", 2) for line in out.decode(errors="surrogateescape").split("\0") if line)
        return {path: sum(int(count) for count in counts if count != "-") for *counts, path in fields}

    def blob(self, oid: Oid) -> bytes:
        """A blob as it is stored."""
        return self._git.run("cat-file", "blob", oid)

    def part(self, tree: Oid, globs: tuple[str, ...]) -> str:
        """A digest of those files of a tree that `globs` mean."""
        listed = self._git.run("ls-tree", "-r", "-z", "--full-tree", tree).decode(errors="surrogateescape")
        lines = [line for line in listed.split("\0") if matches(line.partition("\t")[2], globs)]
        return hashlib.sha256("\0".join(lines).encode(errors="surrogateescape")).hexdigest()

    def tree_with(self, tree: Oid, files: Mapping[str, tuple[str, Oid] | None], index: Path) -> Oid:
        """The tree `tree` with each path of `files` at this mode and blob, or without it; `index` is a private file."""
        index.unlink(missing_ok=True)
        self._git.run("read-tree", tree, env=_with(index))
        lines = []
        for path, found in sorted(files.items(), key=lambda item: item[1] is not None):  # what goes makes room
            mode, oid = found or ("0", "0" * len(tree))
            lines.append(f"{mode} {oid}\t{path}\0")
        text = "".join(lines).encode(errors="surrogateescape")
        self._git.run("update-index", "--replace", "-z", "--index-info", env=_with(index), stdin=text)
        made = Oid(self._git.run("write-tree", env=_with(index)).decode().strip())
        index.unlink()
        return made

    def refresh(self, at: Path, index: Path) -> None:
        """Bring a private index's stat data up to date with the checkout `at`."""
        self._git.attempt("update-index", "-q", "--refresh", at=at, env=_with(index))

    def move(self, at: Path, index: Path, old: Oid, new: Oid, *, dry_run: bool) -> bool:
        """Take the checkout `at` and a private index from `old` to `new`; False when something is in the way."""
        rehearse = ["-n"] if dry_run else []
        argv = ("read-tree", *rehearse, "-m", "-u", "--no-recurse-submodules", old, new)
        return self._git.attempt(*argv, at=at, env=_with(index)).rc == 0

    def stage(self, at: Path, index: Path, changes: Sequence[Change]) -> set[str]:
        """Take each path of a private index that is at a change's old side to its new one; the others are left.

        Returns the paths that a sparse checkout is without.
        """
        listed = self._git.run("ls-files", "--stage", "-z", at=at, env=_with(index)).decode(errors="surrogateescape")
        found = dict(line.partition("\t")[::-2] for line in listed.split("\0") if line)
        lines = []
        for change in sorted(changes, key=lambda change: not change.deleted):  # what goes makes room for what comes
            old = None if change.added else f"{change.old_mode} {change.old} 0"
            if found.get(change.path) == old:
                lines.append(f"{change.new_mode} {change.new}\t{change.path}\0")
        text = "".join(lines).encode(errors="surrogateescape")
        self._git.run("update-index", "--replace", "-z", "--index-info", at=at, env=_with(index), stdin=text)
        return sparse.reapplied(self._git, at, index)

    def write(self, at: Path, index: Path, paths: Sequence[str]) -> None:
        """Write `paths` of a private index over whatever stands there in the checkout."""
        names = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
        self._git.run("checkout-index", "-f", "-z", "--stdin", at=at, env=_with(index), stdin=names)

    def hash_file(self, at: Path, path: str) -> Oid:
        """The blob that a file of the checkout would be committed as."""
        return Oid(self._git.run("hash-object", "--", path, at=at).decode().strip())

    def content(self, at: Path, oid: Oid, path: str) -> bytes:
        """A blob as it is written to `path` in a checkout: filters and line endings applied."""
        return self._git.run("cat-file", "--filters", f"--path={path}", oid, at=at)

    def snapshot(self, entry: Entry, index: Path, parent: Oid, message: str, stamp: float) -> Oid:
        """A commit of all a tree holds, untracked files included, on one of what is staged where that differs.

        The tree's own index is left alone; `index` is a copy of it.
        """
        env = {**_with(index), "GIT_DIR": str(entry.admin), "GIT_WORK_TREE": str(entry.folder)}
        staged = self._git.attempt("write-tree", at=entry.folder, env=env)  # fails where a merge is unresolved
        if staged.rc == 0 and (oid := Oid(staged.out.decode().strip())) != self._git.tree_of(parent):
            parent = self.commit_tree(oid, [parent], f"staged: {message}", stamp, env=OWN_IDENTITY)
        self._git.run("add", "--all", "--sparse", at=entry.folder, env=env)
        tree = Oid(self._git.run("write-tree", at=entry.folder, env=env).decode().strip())
        return self.commit_tree(tree, [parent], message, stamp, env=OWN_IDENTITY)

    def tree_of_folder(self, folder: Path, index: Path) -> Oid:
        """The tree of all that a work tree holds, untracked files included; its own index is left alone."""
        for left in (index, index.with_name(f"{index.name}.lock")):
            left.unlink(missing_ok=True)
        self._git.run("read-tree", "HEAD", at=folder, env=_with(index))
        sparse.carry_over(self._git, folder, index)  # other marks in the tree's own index are not to be believed
        self._git.run("add", "--all", "--sparse", at=folder, env=_with(index))
        tree = Oid(self._git.run("write-tree", at=folder, env=_with(index)).decode().strip())
        index.unlink()
        return tree

    def payload(self, folder: Path, index: Path, parent: Oid, message: str, stamp: float) -> Oid:
        """A commit on `parent` of a folder's `*.patch`, in the order of their names, and then of its `files/`.

        GitError when a patch does not apply. `index` is a private file; no checkout is looked at.
        """
        index.unlink(missing_ok=True)
        self._git.run("read-tree", parent, env=_with(index))
        for patch in sorted(folder.glob("*.patch")):
            argv = ("apply", "--cached", "--whitespace=nowarn", "--", str(patch))
            self._git.run(*argv, env=_with(index), settings=DURABLE)
        files = folder / "files"
        if files.is_dir():
            env = {**_with(index), "GIT_DIR": str(self._git.common), "GIT_WORK_TREE": str(files)}
            self._git.run("add", "--force", "--ignore-removal", "--", ".", at=files, env=env, settings=DURABLE)
        tree = Oid(self._git.run("write-tree", env=_with(index), settings=DURABLE).decode().strip())
        index.unlink()
        return self.commit_tree(tree, [parent], message, stamp)

    def bundle(self, file: Path, refs: Sequence[str], without: Oid) -> None:
        """Write into `file` the commits of `refs` that `without` has not."""
        self._git.run("bundle", "create", "--quiet", str(file), *refs, f"^{without}")

    def unbundle(self, file: Path) -> dict[str, Oid]:
        """Bring a bundle's commits into the repository; its refs and their oids, none of which is made here."""
        out = self._git.run("bundle", "unbundle", str(file)).decode()
        return {ref: Oid(oid) for oid, _, ref in (line.partition(" ") for line in out.splitlines())}


def _with(index: Path) -> Mapping[str, str]:
    return {"GIT_INDEX_FILE": str(index)}
