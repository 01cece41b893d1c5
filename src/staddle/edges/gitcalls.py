"""Calling git: how every git command is run, whichever it is.

Without the user's GIT_* variables, hooks, fsmonitor, automatic gc and prompts, in the C locale; results
are read from exit codes, oids and NUL-separated porcelain, never from messages.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ..core.errors import Refused, UsageError, WorkFailed
from ..core.names import Oid, shell
from .process import Outcome, capture, scrubbed

QUIET = tuple(
    word
    for setting in (
        "core.fsmonitor=false",
        "core.quotePath=false",
        "gc.auto=0",
        "maintenance.auto=false",
        "submodule.recurse=false",
        "advice.detachedHead=false",
    )
    for word in ("-c", setting)
)
HOOKS_VARIABLE = "STADDLE_HOOKS"
"""Names a folder of hooks that our own calls are to run, a fence around refs for example; without it they run none."""


ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
}
DURABLE = ("-c", "core.fsync=committed,reference")
"""Settings for calls that move a ref for good, or make what it will name: git 2.39 flushes neither unless told to."""

LOCAL_SECONDS = 300.0
NETWORK_SECONDS = 600.0
MINIMUM_VERSION = (2, 38)
"""merge-tree --write-tree came with 2.38; `worktree list -z` and core.fsync with 2.36."""


def quiet(hooks: str) -> tuple[str, ...]:
    """The settings of every call of ours: nothing runs behind our back, and no hooks but those in this folder."""
    return (*QUIET, "-c", f"core.hooksPath={hooks}")


class GitError(WorkFailed):
    """A git command ended with an exit code that its method does not expect."""

    def __init__(self, argv: Sequence[str], outcome: Outcome) -> None:
        said = outcome.err.decode(errors="replace").strip() or f"exit code {outcome.rc}"
        super().__init__(f"git {' '.join(argv)}: {said}")
        self.rc, self.said = outcome.rc, said.splitlines()[-1]


class GitCalls:
    """One repository: its common folder and, unless it is bare, its main checkout.

    `main` is the main checkout, or the repository's own folder when it is bare. While `handing_down`
    is active, local children inherit that descriptor, so that a lock on it outlives a killed parent
    for just as long as a git child of it is alive.
    """

    def __init__(self, main: Path, common: Path, bare: bool) -> None:
        self.main = main
        self.common = common
        self.bare = bare
        self._pass_fds: tuple[int, ...] = ()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Find the repository that `folder` belongs to; UsageError when there is none."""
        if not folder.is_dir():
            raise UsageError(
                f"{folder} is not there", "correct `repo:` in the plan; the sample product's is made by: make demo"
            )
        probe = cls(folder, folder, bare=False)
        if probe._version() < MINIMUM_VERSION:
            wanted = ".".join(map(str, MINIMUM_VERSION))
            raise UsageError(f"git is older than {wanted}", f"install git {wanted} or newer")
        outcome = probe.attempt("rev-parse", "--path-format=absolute", "--git-common-dir", "--absolute-git-dir")
        if outcome.rc != 0:
            said = outcome.err.decode(errors="replace").strip().splitlines() or [""]
            found = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)
            todo = f"git -C {shell(folder)} {'status' if found else 'init'}"
            if found and found.stat().st_uid != os.geteuid():  # which git takes for a trap
                todo = f"git config --global --add safe.directory {shell(found)}"
            raise UsageError(f"{folder} is not in a git repository that can be used: {said[0]}", todo)
        common, own = (Path(os.fsdecode(line)) for line in outcome.out.splitlines()[:2])
        probe.common = common
        bare = probe._common_config("core.bare") == "true"
        if probe.config("extensions.refstorage") not in (None, "files"):
            raise Refused(
                "ref-storage",
                f"{folder} keeps its refs in a format other than files",
                "keep this repository out of staddle for now",
            )
        return cls(common if bare else probe._main_checkout(common, own), common, bare)

    def _main_checkout(self, common: Path, own: Path) -> Path:
        """Where the main checkout is; a submodule's and a separate git folder's are not beside it."""
        if common.name == ".git":
            return common.parent
        if worktree := self._common_config("core.worktree"):
            return Path(os.path.normpath(common / worktree))
        if own != common:
            what = f"{common} does not tell where its main checkout is"
            raise Refused("main-unknown", what, "run it in the main checkout")
        return Path(os.fsdecode(self.run("rev-parse", "--show-toplevel").rstrip(b"\n")))

    def _common_config(self, key: str) -> str | None:
        """A setting as it counts for the repository itself, whichever of its trees we stand in."""
        env = {"GIT_DIR": str(self.common), "GIT_WORK_TREE": str(self.common)}
        outcome = self.attempt("config", "--get", key, env=env)
        return os.fsdecode(outcome.out).rstrip("\n") if outcome.rc == 0 else None

    @contextmanager
    def handing_down(self, descriptor: int) -> Iterator[None]:
        """Let every local git child inherit `descriptor` for the length of the block."""
        self._pass_fds, before = (*self._pass_fds, descriptor), self._pass_fds
        try:
            yield
        finally:
            self._pass_fds = before

    @property
    def handed_down(self) -> tuple[int, ...]:
        """The descriptors that local children inherit now."""
        return self._pass_fds

    def attempt(
        self,
        *argv: str,
        at: Path | None = None,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        settings: Sequence[str] = (),
        timeout: float = LOCAL_SECONDS,
        network: bool = False,
    ) -> Outcome:
        """Run a git command, whatever its exit code; local ones inherit what is handed down."""
        environment = scrubbed(os.environ, network=network) | ENVIRONMENT | dict(env or {})
        return capture(
            ["git", *quiet(os.environ.get(HOOKS_VARIABLE, os.devnull)), *settings, *argv],
            cwd=at or self.main,
            env=environment,
            stdin=stdin,
            timeout=timeout,
            pass_fds=() if network else self._pass_fds,
        )

    def run(
        self,
        *argv: str,
        at: Path | None = None,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        settings: Sequence[str] = (),
    ) -> bytes:
        """What a git command writes to stdout; GitError when it ends with another exit code than 0."""
        outcome = self.attempt(*argv, at=at, stdin=stdin, env=env, settings=settings)
        if outcome.rc != 0:
            raise GitError(argv, outcome)
        return outcome.out

    def _version(self) -> tuple[int, ...]:
        found = re.search(rb"(\d+)\.(\d+)", self.run("version"))
        return tuple(int(part) for part in found.groups()) if found else (0, 0)

    def config(self, key: str, at: Path | None = None) -> str | None:
        """The value of a setting, as it counts in a checkout, the main one unless told; None where it is not set."""
        outcome = self.attempt("config", "--get", key, at=at)
        return outcome.out.decode(errors="replace").rstrip("\n") if outcome.rc == 0 else None

    def staged(self, folder: Path, index: Path | None, commit: Oid) -> tuple[str, ...]:
        """The paths that differ between a commit and an index, the work tree's own if None; both ends of a move."""
        argv = ("diff-index", "--cached", "--name-only", "-z", "--no-renames", commit)
        env = {} if index is None else {"GIT_INDEX_FILE": str(index)}
        return tuple(self.run(*argv, at=folder, env=env).decode(errors="surrogateescape").split("\0")[:-1])
