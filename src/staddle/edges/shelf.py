"""Shelf: git's view of what might be - snapshots and merges whose objects are kept aside and then thrown away.

New objects go into a folder of their own, which has the repository's as alternates: the repository gains none of them.
"""

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Oid
from .entries import Entry
from .git import Git
from .gitcalls import GitError
from .objects import OWN_IDENTITY

DATES = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
PASSING = tuple(
    word
    for setting in ("core.looseCompression=0", "core.fsync=none", "core.safecrlf=false", "core.splitIndex=false")
    for word in ("-c", setting)
)
"""Settings for what lasts as long as a command: no flushing, no packing, no second index file beside the tree's."""

MERGE = ("merge-tree", "--write-tree", "--stdin", "--no-messages", "--name-only", "-z")
NO_FILE = ("(folders that were renamed)",)
"""Stands for the files of a conflict in which git names none."""


@dataclass(frozen=True)
class Merged:
    """Two commits merged: the tree, with marks where there are conflicts, and those files; or why there is none."""

    tree: Oid | None
    conflict: tuple[str, ...] = ()
    why: str = ""


class Shelf:
    """Objects beside those of one repository, in a folder that is ours for the time being."""

    def __init__(self, git: Git, place: Path) -> None:
        self._git, self._place = git, place
        self._seen: dict[Path, Oid] = {}
        self._env: Mapping[str, str] = {"GIT_OBJECT_DIRECTORY": str(place / "objects")}
        (place / "objects" / "info").mkdir(parents=True)
        (place / "objects" / "info" / "alternates").write_text(f"{git.common}/objects\n", errors="surrogateescape")

    def seen(self, entry: Entry) -> Oid:
        """The tree of all that a work tree holds, untracked files included; its own index is left alone."""
        if entry.folder not in self._seen:
            index = Path(tempfile.mkdtemp(dir=self._place)) / "index"
            with suppress(FileNotFoundError):
                # one with a newer time would vouch for what changed in its last second
                shutil.copy2(entry.admin / "index", index)
            env = {"GIT_INDEX_FILE": str(index)}
            self._run("add", "--all", "--sparse", at=entry.folder, env=env)
            self._seen[entry.folder] = Oid(self._run("write-tree", at=entry.folder, env=env).decode().strip())
        return self._seen[entry.folder]

    def commit(self, tree: Oid, *parents: Oid) -> Oid:
        """A commit that is never shown to anybody."""
        words = [word for parent in parents for word in ("-p", parent)]
        out = self._run("commit-tree", tree, *words, "-m", "what if", env={**OWN_IDENTITY, **DATES})
        return Oid(out.decode().strip())

    def attributes_of(self, base: Oid) -> None:
        """Let merges go by the .gitattributes files of this commit; without them none count."""
        for name, content in self._git.attribute_files(base).items():
            (self._attributes / name).parent.mkdir(parents=True, exist_ok=True)
            (self._attributes / name).write_bytes(content)

    def merged(self, pairs: Sequence[tuple[Oid, Oid]]) -> list[Merged]:
        """What merging each pair gives, in one call; what git gives up on is looked for by halves."""
        if not pairs:
            return []
        lines = "".join(f"{one} {other}\n" for one, other in pairs).encode()
        env = {"GIT_DIR": str(self._git.common), "GIT_WORK_TREE": str(self._attributes)}
        try:
            out = self._run(*MERGE, at=self._attributes, env=env, stdin=lines)
        except GitError as error:
            if len(pairs) == 1:
                return [Merged(None, why=error.said)]
            half = len(pairs) // 2
            return self.merged(pairs[:half]) + self.merged(pairs[half:])
        fields = iter(out.decode(errors="surrogateescape").split("\0"))
        found = []
        for _ in pairs:
            clean, tree = next(fields) == "1", Oid(next(fields))
            files = tuple(iter(lambda: next(fields), ""))
            found.append(Merged(tree, () if clean else files or NO_FILE))
        return found

    def changed(self, old: Oid, trees: Iterable[Oid]) -> list[tuple[str, ...]]:
        """The paths that differ between a tree and each of `trees`, both ends of a renamed file, in one call."""
        heads = [f"{old} {new}\n" for new in trees]
        argv = ("diff-tree", "--stdin", "-r", "-z", "--no-renames", "--name-only")
        out = self._run(*argv, stdin="".join(heads).encode()).decode(errors="surrogateescape")
        found: list[list[str]] = []
        for field in out.split("\0"):
            path = field
            while len(found) < len(heads) and path.startswith(heads[len(found)]):
                path = path.removeprefix(heads[len(found)])
                found.append([])
            if path:
                found[-1].append(path)
        return [tuple(paths) for paths in found]

    @property
    def _attributes(self) -> Path:
        """A work tree with nothing but .gitattributes files: git would read those of wherever it stands."""
        folder = self._place / "attributes"
        folder.mkdir(exist_ok=True)
        return folder

    def _run(
        self, *argv: str, at: Path | None = None, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> bytes:
        return self._git.run(*argv, at=at, stdin=stdin, env={**self._env, **(env or {})}, settings=PASSING)
