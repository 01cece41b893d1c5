"""Git: one typed method for each git command in use; only this module and `gitcalls` say `git`."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import WorkFailed
from ..core.names import Oid
from .gitcalls import DURABLE, NETWORK_SECONDS, GitError, quiet
from .history import History

MERGE_HOOKS = ("pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-merge")


@dataclass(frozen=True)
class RefUpdate:
    """One line of a ref transaction: `new` None deletes; `old` None demands that the ref is absent."""

    ref: str
    new: Oid | None
    old: Oid | None

    def line(self) -> bytes:
        """The update as `git update-ref --stdin -z` reads it."""
        if self.new is None:
            return os.fsencode(f"delete {self.ref}\0{self.old}\0")
        if self.old is None:
            return os.fsencode(f"create {self.ref}\0{self.new}\0")
        return os.fsencode(f"update {self.ref}\0{self.new}\0{self.old}\0")


@dataclass(frozen=True)
class Changes:
    """What `git status` sees in one tree: paths with tracked changes, untracked ones, and ignored ones where asked for.

    `inside` are the submodules among the tracked that hold uncommitted work themselves.
    """

    tracked: tuple[str, ...]
    untracked: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tracked or self.untracked)


@dataclass(frozen=True)
class Merge:
    """What merging two commits gives: a tree, or None and the paths in conflict."""

    tree: Oid | None
    conflicts: tuple[str, ...]


class Git(History):
    """One repository, asked and changed through git."""

    # -- reading -----------------------------------------------------------------------------

    def current_branch(self, at: Path | None = None) -> str | None:
        """The full name of the branch that a checkout is on, the main one unless told; None when detached."""
        outcome = self.attempt("symbolic-ref", "--quiet", "HEAD", at=at)
        return outcome.out.decode(errors="surrogateescape").strip() if outcome.rc == 0 else None

    def tracks(self, remote: str) -> bool:
        """Whether what `remote` has is fetched into refs/remotes; not so in a bare clone or a mirror."""
        return b":refs/remotes/" in self.attempt("config", "--get-all", f"remote.{remote}.fetch").out

    def ignores(self, path: str) -> bool:
        """Whether the main checkout's own rules ignore `path`; a folder ends with a slash."""
        return self.attempt("check-ignore", "--quiet", "--", path, at=self.main).rc == 0

    def settings(self, file: Path) -> list[tuple[str, str]]:
        """Every key and value of a config file, in its order; none when it is missing."""
        outcome = self.attempt("config", "--file", str(file), "--no-includes", "--list", "-z")
        pairs = (line.partition("\n") for line in outcome.out.decode(errors="surrogateescape").split("\0") if line)
        return [(key, value) for key, _, value in pairs]

    def refs(self, *prefixes: str) -> dict[str, Oid]:
        """Full ref name -> oid of every ref below `prefixes`, in one call."""
        out = self.run("for-each-ref", "--format=%(refname)%00%(objectname)", *prefixes)
        pairs = (line.split("\0") for line in out.decode(errors="surrogateescape").split("\n") if line)
        return {ref: Oid(oid) for ref, oid in pairs}

    def merge_of(self, base: Oid, tip: Oid, attributes: Path) -> Merge:
        """What merging `tip` into `base` gives, made in the object store.

        `attributes` is a folder that holds the base's .gitattributes files: git reads them from a work tree.
        """
        env = {"GIT_DIR": str(self.common), "GIT_WORK_TREE": str(attributes)}
        argv = ("merge-tree", "--write-tree", "--no-messages", "--name-only", "-z", base, tip)
        outcome = self.attempt(*argv, at=attributes, env=env, settings=DURABLE)
        tree, *paths = outcome.out.decode(errors="surrogateescape").rstrip("\0").split("\0")
        if outcome.rc > 1 or not re.fullmatch("[0-9a-f]{40,64}", tree):
            raise GitError(argv, outcome)
        return Merge(Oid(tree), ()) if outcome.rc == 0 else Merge(None, tuple(paths))

    def attribute_files(self, commit: Oid) -> dict[str, bytes]:
        """The .gitattributes files of a commit: their content by path."""
        names = self.run("ls-tree", "-r", "-z", "--name-only", commit).decode(errors="surrogateescape").split("\0")
        found = [name for name in names if name.rpartition("/")[2] == ".gitattributes"]
        return {name: self.run("cat-file", "blob", f"{commit}:{name}") for name in found}

    def on_remote(self, tip: Oid) -> bool:
        """Whether some remote-tracking branch contains `tip`."""
        return bool(self.run("for-each-ref", "--count=1", f"--contains={tip}", "refs/remotes/"))

    def changes(self, folder: Path, admin: Path | None = None, *, ignored: bool = False) -> Changes:
        """What differs from HEAD in a work tree; takes no lock and refreshes no index.

        `admin` names the tree's admin folder where the tree itself cannot (it was moved aside); uncommitted work
        in submodules is passed over then.
        """
        more = ["--ignored=matching"] if ignored else []
        env = {} if admin is None else {"GIT_DIR": str(admin), "GIT_WORK_TREE": str(folder)}
        depth = "none" if admin is None else "dirty"  # git would look for them where they were
        argv = ("status", "--porcelain=v2", "-z", "--untracked-files=normal", f"--ignore-submodules={depth}", *more)
        fields = iter(self.run(*argv, at=folder, env=env).decode(errors="surrogateescape").split("\0"))
        tracked, others, inside = list[str](), dict[str, list[str]]({"?": [], "!": []}), list[str]()
        for field in fields:
            if field[:2] in ("? ", "! "):
                others[field[0]].append(field[2:])
            elif field[:2] in ("1 ", "2 ", "u "):
                width = {"1": 8, "2": 9, "u": 10}[field[0]]
                tracked.append(field.split(" ", width)[width])
                if field[0] == "2":
                    next(fields)
                state = field.split(" ", 3)[2]  # N..., or S with how the submodule's commit and files differ
                if state[0] == "S" and state[2:] != "..":
                    inside.append(tracked[-1])
        return Changes(tuple(tracked), tuple(others["?"]), tuple(others["!"]), tuple(inside))

    def uncommitted(self, folder: Path) -> tuple[str, ...]:
        """Every path of a work tree that differs from HEAD: both ends of a move, and each file of a new folder."""
        argv = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
        fields = self.run(*argv, at=folder).decode(errors="surrogateescape").split("\0")
        return tuple(field[3:] for field in fields if field)

    def hidden(self, folder: Path) -> tuple[str, ...]:
        """Files that differ though the index says not to look: skip-worktree and assume-unchanged ones that exist."""
        lines = self.run("ls-files", "-v", "-z", at=folder).decode(errors="surrogateescape").split("\0")
        marked = [line[2:] for line in lines if line[:1] == "S" or line[:1].islower()]
        return tuple(path for path in marked if os.path.lexists(folder / path))

    def hooks_folder(self) -> Path:
        """Where the repository's hooks are, those that git runs for a person."""
        found = self.attempt("config", "--show-scope", "--get-all", "core.hooksPath").out.decode(
            errors="surrogateescape"
        )
        scopes = [line.partition("\t") for line in found.splitlines()]
        named = next((path for scope, _, path in reversed(scopes) if scope != "command"), "")  # that one is ours
        return Path(os.path.normpath(self.main / Path(named).expanduser())) if named else self.common / "hooks"

    def merge_hooks(self) -> Path | None:
        """The folder of the repository's hooks, when one of those that a merge runs is in it."""
        folder = self.hooks_folder()
        return folder if any(os.access(folder / name, os.X_OK) for name in MERGE_HOOKS) else None

    def merge_command(self, tip: Oid, message: Path, hooks: Path) -> tuple[str, ...]:
        """The command that merges `tip` into a detached work tree's HEAD, with the repository's hooks."""
        return ("git", *quiet(str(hooks)), "merge", "--quiet", "--no-ff", "--no-edit", "-F", str(message), tip)

    # -- changing ----------------------------------------------------------------------------

    def fetch(self, remote: str) -> None:
        """Bring the remote-tracking branches of `remote` up to date; WorkFailed when it cannot be reached."""
        argv = ("fetch", "--quiet", "--no-write-fetch-head", "--no-auto-maintenance", "--", remote)
        outcome = self.attempt(*argv, timeout=NETWORK_SECONDS, network=True)
        if outcome.rc != 0:
            what = GitError(argv, outcome).what
            raise WorkFailed(what, "mend the connection, or go on from what was fetched last: --no-fetch")

    def update_refs(self, updates: Iterable[RefUpdate], because: str) -> None:
        """Apply all updates in one transaction or none, each with a reflog entry saying `because`."""
        lines = b"".join(update.line() for update in updates)
        argv = ("update-ref", "--no-deref", "--create-reflog", "-m", because, "--stdin", "-z")
        self.run(*argv, stdin=lines, settings=DURABLE)

    def attach(self, folder: Path, ref: str) -> None:
        """Put a tree's detached HEAD on the branch that is at the same commit."""
        self.run("symbolic-ref", "-m", "staddle: rebased", "HEAD", ref, at=folder)

    def fill(self, admin: Path, folder: Path) -> None:
        """Write HEAD's files into an empty work tree, and its index into `admin`."""
        env = {"GIT_DIR": str(admin), "GIT_WORK_TREE": str(folder)}
        self.run("read-tree", "-m", "-u", "--no-recurse-submodules", "HEAD", at=folder, env=env)

    def unset(self, config: Path, key: str, value: str) -> None:
        """Take one value of a setting out of a config file, and its section when nothing else is in it."""
        self.run("config", "--file", str(config), "--fixed-value", "--unset-all", key, value)

    def set_upstream(self, config: Path, branch: str, remote: str) -> None:
        """Write into the file `config`, a copy of the repository's, that `branch` tracks its namesake."""
        self.run("config", "--file", str(config), f"branch.{branch}.remote", remote)
        self.run("config", "--file", str(config), f"branch.{branch}.merge", f"refs/heads/{branch}")
