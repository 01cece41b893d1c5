"""undo: bring back a candidate that a run took away, as a branch, with its uncommitted work on top."""

from dataclasses import dataclass

from ..core.errors import Refused, UsageError
from ..core.names import Candidate, Oid, RunId
from ..edges.git import RefUpdate
from ..edges.objects import Objects
from ..guard import keeping
from .workspace import Site, changing


@dataclass(frozen=True)
class Restored:
    """A candidate brought back: its branch, where that is now, and whether that holds uncommitted work."""

    branch: str
    commit: Oid
    uncommitted: bool


def undo(site: Site, run: RunId, number: int) -> Restored:
    """Restore a candidate's branch from its bundle. UsageError when none was kept, Refused when the name is taken."""
    candidate = Candidate(run, number)
    kept = keeping.bundles(site.state, candidate)
    if not kept and (folders := keeping.folders(site.state, candidate)):
        what = f"{run}-b{number} is kept as the folder it was, in {folders[-1]}"
        raise UsageError(what, f"cp -a {folders[-1]} somewhere")
    if not kept:
        what = f"nothing is kept of {run}-b{number}: it held no work, or its {keeping.DAYS} days are over"
        raise UsageError(what, f"ls {site.state.folder / 'bundles'}")
    branch = candidate.ref.removeprefix("refs/heads/")
    with changing(site, f"undo {run} b{number}"):
        if candidate.ref in site.git.refs(candidate.ref):
            raise Refused("name-taken", f"{branch} exists", f"git -C {site.git.main} branch -m {branch} another-name")
        found = Objects(site.git).unbundle(kept[-1])
        work = next((oid for ref, oid in found.items() if ref.startswith(keeping.NAMES)), None)
        commit = work or found[candidate.ref]
        site.git.update_refs([RefUpdate(candidate.ref, commit, None)], "staddle: restored")
    return Restored(branch, commit, work is not None)
