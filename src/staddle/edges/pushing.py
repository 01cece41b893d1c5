"""Pushing: move a branch of a remote, if it is still where it was seen last."""

from ..core.errors import Refused, WorkFailed
from ..core.names import Oid
from .git import Git
from .gitcalls import NETWORK_SECONDS, GitError


def push(git: Git, remote: str, ref: str, new: Oid, expected: Oid | None) -> bool:
    """Move the remote's `ref`, a full name, from `expected` (None: it is not there) to `new`.

    False, and nothing has changed, when it is elsewhere now. Refused when the remote will not have it, WorkFailed when
    it cannot be reached. What becomes of the push when the connection is lost in the middle only a fetch tells.
    """
    lease = f"--force-with-lease={ref}:{expected or ''}"
    argv = ("push", "--porcelain", "--no-follow-tags", lease, "--", remote, f"{new}:{ref}")
    outcome = git.attempt(*argv, timeout=NETWORK_SECONDS, network=True)
    if outcome.rc == 0:
        return True
    refusals = [line for line in outcome.out.decode(errors="replace").splitlines() if line.startswith("!\t")]
    if not refusals:
        raise WorkFailed(GitError(argv, outcome).what, "mend the connection and run it again; nothing is done twice")
    if "[remote" not in refusals[0]:
        return False
    said = [line for line in outcome.err.decode(errors="replace").splitlines() if line.startswith("remote: ")]
    why = " ".join(line.removeprefix("remote: ").strip() for line in said) or refusals[0].rpartition("\t")[2]
    raise Refused(
        "remote", f"{remote} does not take {ref.removeprefix('refs/heads/')}: {why}", f"git remote show {remote}"
    )
