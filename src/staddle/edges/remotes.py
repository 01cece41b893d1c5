"""Remotes: where they are, what is there, and the push that moves a branch if it is still where it was seen last."""

import os

from ..core.errors import Refused, WorkFailed
from ..core.names import Oid, shell
from .git import Git
from .gitcalls import NETWORK_SECONDS, GitError

OFFLINE = "mend the connection and run it again; nothing is done twice"


def urls(git: Git, remote: str) -> tuple[str, ...]:
    """Where a remote is: as the configuration says, then as `insteadOf` has it rewritten."""
    written = git.config(f"remote.{remote}.url")
    rewritten = git.attempt("remote", "get-url", "--", remote).out.decode(errors="surrogateescape").strip()
    return tuple(url for url in dict.fromkeys((written, rewritten)) if url)


def tip(git: Git, remote: str, branch: str) -> Oid | None:
    """Where a branch is on the remote at this moment, None when it is not there; WorkFailed when out of reach."""
    argv = ("ls-remote", "--quiet", "--refs", "--", remote, f"refs/heads/{branch}")
    outcome = git.attempt(*argv, timeout=NETWORK_SECONDS, network=True)
    if outcome.rc != 0:
        raise WorkFailed(GitError(argv, outcome).what, OFFLINE)
    return Oid(outcome.out.split()[0].decode()) if outcome.out else None


def has_had(git: Git, branch: str, commit: Oid) -> bool:
    """Whether the local branch contains `commit`, or did: what is built on it now overwrites nobody's work."""
    if git.commit(commit) is None:
        return False
    was = git.run("log", "--walk-reflogs", "--format=%H", f"refs/heads/{branch}").decode().split()
    return not git.run("rev-list", "--max-count=1", commit, "--not", f"refs/heads/{branch}", *dict.fromkeys(was))


def push(git: Git, remote: str, ref: str, new: Oid, expected: Oid | None) -> bool:
    """Move the remote's `ref`, a full name, from `expected` (None: it is not there) to `new`.

    False, and nothing has changed, when it is elsewhere now. Refused when the remote will not have it, WorkFailed when
    it cannot be reached. What becomes of the push when the connection is lost in the middle only a fetch tells. The
    repository's pre-push hook runs, as for whoever pushes by hand: Git LFS sends its files from there.
    """
    lease = f"--force-with-lease={ref}:{expected or ''}"
    hooks = git.hooks_folder()
    settings = ("-c", f"core.hooksPath={hooks}") if os.access(hooks / "pre-push", os.X_OK) else ()
    argv = ("push", "--porcelain", "--no-follow-tags", lease, "--", remote, f"{new}:{ref}")
    outcome = git.attempt(*argv, settings=settings, timeout=NETWORK_SECONDS, network=True)
    if outcome.rc == 0:
        return True
    refusals = [line for line in outcome.out.decode(errors="replace").splitlines() if line.startswith("!\t")]
    if not refusals:
        hook = f"see what {shell(hooks / 'pre-push')} wants, or " if settings else ""
        raise WorkFailed(GitError(argv, outcome).what, hook + OFFLINE)
    branch = ref.removeprefix("refs/heads/")
    if "[remote" not in refusals[0] or tip(git, remote, branch) != expected:  # another's push came in between
        return False
    said = [line for line in outcome.err.decode(errors="replace").splitlines() if line.startswith("remote: ")]
    why = " ".join(line.removeprefix("remote: ").strip() for line in said) or refusals[0].rpartition("\t")[2]
    raise Refused("remote", f"{remote} does not take {branch}: {why}", f"git remote show {remote}")
