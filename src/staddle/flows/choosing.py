"""Choosing: everything that speaks against a survivor, looked at before anything of its run is touched."""

import time
from collections.abc import Sequence

from ..core.errors import Refused, UsageError
from ..core.names import Candidate, Oid, shell
from ..core.runs import Mode, Run, Stage
from ..edges.entries import entries, is_symbolic
from ..guard import candidates, payload, trust
from .workspace import Site


def choose(site: Site, run: Run, survivor: int, *, target: str | None, ranked: Oid | None, trusting: bool) -> Run:
    """The run with its survivor, its target and its tip; nothing is written down, nothing moves.

    Refused when the survivor is not as its maker left it, or no longer at the tip that was `ranked`, and when the
    repository's settings changed, unless `trusting`.
    """
    candidate = run.candidates[survivor - 1]
    run = run.at(run.stage, target=_target(site, run, survivor, target))
    if not trusting:
        trust.require_unchanged(site.git, run.trusted)
    if run.mode is Mode.CONTEXT and not run.kept:
        tip = payload.commit(site.git, site.state, run, candidate)
    else:
        tip = _tip(site, run, candidate)
        _require_work(site, run, candidate, tip)
    if ranked not in (None, tip):
        raise Refused("moved", f"b{survivor} moved while the run was ranked", f"rank again: staddle rank {run.id}")
    return run.at(Stage.CHOSEN, survivor=survivor, tip=tip, since=run.since or time.time())


def _require_work(site: Site, run: Run, chosen: Candidate, tip: Oid) -> None:
    """Refused when the survivor holds nothing and another candidate does: surely that one was meant."""
    refs = site.git.refs("refs/heads/pqa/")
    others = [one for one in run.candidates if one != chosen and refs.get(one.ref, run.base) != run.base]
    if not run.kept and others and site.git.is_ancestor(tip, run.base):
        names = ", ".join(f"b{one.number}" for one in others)
        what = f"b{chosen.number} holds no commit of its own; {names} does"
        raise Refused("empty", what, f"staddle reconcile {run.id} b{others[0].number}")


def _target(site: Site, run: Run, survivor: int, wanted: str | None) -> str:
    """The full name of the branch to land on."""
    if wanted is None and run.target is None:
        what = f"run {run.id} was spawned on a detached HEAD: there is no branch to land on"
        raise Refused("detached", what, f"staddle reconcile {run.id} b{survivor} --target main")
    ref = f"refs/heads/{wanted.removeprefix('refs/heads/')}" if wanted else run.target or ""
    if ref not in site.git.refs(ref):
        name = ref.removeprefix("refs/heads/")
        raise UsageError(f"there is no branch {name}", f"git -C {shell(site.git.main)} branch --list")
    if is_symbolic(site.git, ref):
        raise Refused(
            "symbolic",
            f"{ref.removeprefix('refs/heads/')} is another branch's other name",
            "name that branch: --target",
        )
    if ref in {candidate.ref for candidate in run.candidates}:
        raise UsageError(f"{wanted} is a candidate of the run itself", "name the branch to land on")
    return ref


def _tip(site: Site, run: Run, chosen: Candidate) -> Oid:
    git = site.git
    branch, place = chosen.ref.removeprefix("refs/heads/"), candidates.folder(git, chosen)
    tip = git.refs(chosen.ref).get(chosen.ref)
    if tip is None:
        raise Refused("gone", f"the branch {branch} is gone", f"staddle reconcile {run.id}, or choose another")
    found = list(entries(git))
    holder = next((entry for entry in found if entry.branch == branch and entry.folder != place), None)
    if holder:
        raise Refused(
            "checked-out", f"{branch} is checked out in {holder.folder}", f"git -C {shell(holder.folder)} switch -"
        )
    entry = next((entry for entry in found if entry.folder == place), None)
    if entry and place.is_dir():
        if entry.head != chosen.ref:
            raise Refused("off-branch", f"{place} is no longer on {branch}", f"git -C {shell(place)} switch {branch}")
        if hidden := git.hidden(place):
            todo = f"git -C {shell(place)} update-index --no-skip-worktree --no-assume-unchanged FILE"
            raise Refused("hidden", f"{place} has files that git was told to overlook: {_some(hidden)}", todo)
        if changes := git.changes(place):
            todo = f"git -C {shell(place)} add --all && git -C {shell(place)} commit"
            raise Refused("dirty", f"{place} has uncommitted work: {_some(changes.tracked + changes.untracked)}", todo)
    return tip


def _some(paths: Sequence[str]) -> str:
    more = len(paths) - 3
    return ", ".join(paths[:3]) + (f" and {more} more" if more > 0 else "")
