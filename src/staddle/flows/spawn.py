"""spawn: N candidate trees for one task, all of them or none."""

import os
import time
from pathlib import Path

from ..core.errors import Held, Refused
from ..core.names import RunId, candidate, shell
from ..core.runs import Mode, Run, Stage
from ..edges.entries import entries
from ..guard import candidates, creation, payload, roster, trust
from ..guard.creation import Wish
from ..guard.registry import register
from ..guard.trap import Trap
from .workspace import Site, Tell, changing

RUN_WAIT_SECONDS = 10.0


def spawn(site: Site, run: RunId, count: int, mode: Mode, *, dry_run: bool = False, tell: Tell) -> list[Path]:
    """Make the candidates of a run off HEAD and give their folders; again, with the same count, changes nothing.

    Refused when a name is taken that no journal of ours knows; Held while another context run has the folders of one.
    Whatever fails, nothing is left of the run. With `dry_run` the folders are named, and nothing is made.
    """
    if dry_run:
        known = candidates.load(site.state, run)
        if known is not None and known.stage is not Stage.SPAWNING:
            return _again(site, known, count, mode)
        return candidates.places(site.git, known or _plan(site, run, count, mode))
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
            return _again(site, known, count, mode)
        new = _plan(site, run, count, mode)
        if not site.git.bare and site.git.changes(site.here):
            tell(f"{site.here} has uncommitted changes: the candidates begin without them")
        trap.undo(lambda: _take_back(site, new))
        candidates.save(site.state, new)
        if mode is Mode.CONTEXT:
            register(site.git, site.state)  # hides its folder from git before anything is put there
            payload.make(site.git, new)
        else:
            _create(site, new, trap)
        candidates.save(site.state, new.at(Stage.READY))
        register(site.git, site.state)
        trap.disarm()
    return candidates.places(site.git, new)


def _again(site: Site, known: Run, count: int, mode: Mode) -> list[Path]:
    places = candidates.places(site.git, known)
    if (known.stage, known.count, known.mode) == (Stage.READY, count, mode):
        if gone := [place for place in places if not place.is_dir()]:
            what = f"{gone[0]}, of run {known.id}, is gone"
            raise Refused("gone", what, f"staddle reconcile {known.id} --dry-run")
        return places
    what = f"run {known.id} exists, {known.stage} with {known.count} candidates, mode {known.mode}"
    raise Refused("run-exists", what, f"choose another name; to end that one: staddle reconcile {known.id} --dry-run")


def _plan(site: Site, run: RunId, count: int, mode: Mode) -> Run:
    git, here = site.git, site.here
    base, branch = git.commit_at(here), git.current_branch(here)
    if base is None:
        raise Refused("no-commit", f"{here} has no commit to start from", f"git -C {shell(here)} commit")
    if branch and candidate(branch):
        what = f"{here} is on {branch.removeprefix('refs/heads/')}, a candidate itself"
        raise Refused("on-candidate", what, f"cd {shell(git.main)}, on the branch to land on, and spawn there")
    new = Run(run, Stage.SPAWNING, base, branch, count, time.time(), mode=mode, trusted=trust.digests(git))
    _require_free(site, new)
    return new


def _require_free(site: Site, run: Run) -> None:
    other = next((one for one in candidates.every(site.state) if run.mode is one.mode is Mode.CONTEXT), None)
    if other:
        what = f"run {other.id} has the folders of context runs, of which there is one set"
        raise Held(what, f"staddle spawn {run.id} {run.count} --mode worktree; to end that one: reconcile {other.id}")
    refs = site.git.refs(*(candidate.ref for candidate in run.candidates))
    refs |= {ref: oid for ref, oid in site.git.refs("refs/heads/pqa").items() if ref == "refs/heads/pqa"}
    folders = candidates.places(site.git, run)
    listed = {entry.folder for entry in entries(site.git)}
    taken = [*refs, *(str(folder) for folder in folders if os.path.lexists(folder) or folder in listed)]
    if taken:
        what = f"{', '.join(taken)} is there already, and staddle did not make it for this run"
        raise Refused("name-taken", what, "choose another run name, or rename it")


def _create(site: Site, run: Run, trap: Trap) -> None:
    candidates.make_home(site.git)
    wishes = [
        Wish(
            name=f"{run.id}-b{candidate.number}",
            folder=candidates.folder(site.git, candidate),
            branch=candidate.ref.removeprefix("refs/heads/"),
            tip=run.base,
            new_branch=True,
            locked=f"candidate of run {run.id}",
            kind=roster.Kind.CANDIDATE,
        )
        for candidate in run.candidates
    ]
    todo = f"nothing of run {run.id} is left; mend that and run it again"
    creation.create_all(site.git, site.state, trap, wishes, todo)


def _take_back(site: Site, run: Run) -> None:
    creation.settle(site.git, site.state)
    candidates.clear(site.git, site.state, run)
    candidates.end(site.state, run)
