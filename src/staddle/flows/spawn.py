"""spawn: N candidate trees for one task, all of them or none."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..core.errors import Refused, WorkFailed
from ..core.names import RunId
from ..core.runs import Run, Stage
from ..edges.entries import entries
from ..guard import candidates, creation
from ..guard.creation import Wish
from ..guard.pool import Done
from ..guard.registry import register
from ..guard.trap import Trap
from .workspace import Site, changing

RUN_WAIT_SECONDS = 10.0

Tell = Callable[[str], None]


def spawn(site: Site, run: RunId, count: int, *, tell: Tell) -> list[Path]:
    """Make the candidates of a run off HEAD and give their folders; again, with the same count, changes nothing.

    Refused when a name is taken that no journal of ours knows; whatever fails, nothing is left of the run.
    """
    site.state.prepare()
    with (
        site.state.lock(f"run-{run}", RUN_WAIT_SECONDS, f"staddle spawn {run}"),
        changing(site, f"spawn {run}") as trap,
    ):
        known = candidates.load(site.state, run)
        if known is not None and known.stage is Stage.SPAWNING:
            tell(f"{run}: taking back what a killed spawn had begun")
            _take_back(site, known)
        elif known is not None:
            return _again(site, known, count)
        new = _plan(site, run, count)
        trap.undo(lambda: _take_back(site, new))
        candidates.save(site.state, new)
        _create(site, new, trap)
        candidates.save(site.state, new.at(Stage.READY))
        register(site.git, site.state)
        trap.disarm()
    return [candidates.folder(site.git, candidate) for candidate in new.candidates]


def _again(site: Site, known: Run, count: int) -> list[Path]:
    if known.stage is Stage.READY and known.count == count:
        return [candidates.folder(site.git, candidate) for candidate in known.candidates]
    what = f"run {known.id} exists, {known.stage} with {known.count} candidates"
    raise Refused("run-exists", what, f"staddle reconcile {known.id}, or choose another name")


def _plan(site: Site, run: RunId, count: int) -> Run:
    git = site.git
    base = git.commit("HEAD")
    if base is None:
        raise Refused("no-commit", f"{git.main} has no commit to start from", f"git -C {git.main} commit")
    if git.bare:
        raise Refused("bare", f"{git.main} has no checkout to put candidates in", "run it in a repository with one")
    branch = git.current_branch()
    new = Run(run, Stage.SPAWNING, base, branch, count, time.time())
    _require_free(site, new)
    return new


def _require_free(site: Site, run: Run) -> None:
    home = site.git.main / candidates.HOME
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        raise Refused("not-a-folder", f"{home} is not a folder of its own", f"look at it: ls -l {home}")
    refs = site.git.refs(*(candidate.ref for candidate in run.candidates))
    folders = {candidates.folder(site.git, candidate) for candidate in run.candidates}
    listed = {entry.folder for entry in entries(site.git)}
    taken = [*refs, *(str(folder) for folder in sorted(folders) if os.path.lexists(folder) or folder in listed)]
    if taken:
        what = f"{', '.join(taken)} is there already, and staddle did not make it for this run"
        raise Refused("name-taken", what, "choose another run name, or rename it")


def _create(site: Site, run: Run, trap: Trap) -> None:
    home = site.git.main / candidates.HOME
    home.mkdir(exist_ok=True)
    with suppress(FileExistsError), (home / ".gitignore").open("x") as ignore:
        ignore.write("*\n")
    failed: list[Done[Wish, None]] = []
    wishes = [
        Wish(
            name=f"{run.id}-b{candidate.number}",
            folder=candidates.folder(site.git, candidate),
            branch=candidate.ref.removeprefix("refs/heads/"),
            tip=run.base,
            new_branch=True,
            locked=f"candidate of run {run.id}",
        )
        for candidate in run.candidates
    ]
    creation.create(site.git, site.state, trap, wishes, lambda done: failed.append(done) if done.error else None)
    if failed:
        what = f"{failed[0].thing.name} could not be made: {failed[0].error}"
        raise WorkFailed(what, f"nothing of run {run.id} is left; mend that and run it again")


def _take_back(site: Site, run: Run) -> None:
    creation.settle(site.git, site.state)
    candidates.clear(site.git, site.state, run)
    candidates.end(site.state, run)
