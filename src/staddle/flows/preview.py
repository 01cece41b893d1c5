"""Preview: what reconcile would do, and every reason against it; nothing is written down."""

from ..core.names import RunId
from ..core.runs import Mode, Run, Stage, require_survivor
from ..edges.objects import Objects
from ..guard import candidates, claiming, keeping, landing
from .choosing import choose
from .gate import gate_of
from .reconcile import Wanted
from .workspace import Site, changing


def preview(site: Site, run: RunId, wanted: Wanted) -> list[str]:
    """What `reconcile` would do, a line each; what it would refuse is raised as it would raise it."""
    with changing(site, f"reconcile {run} --dry-run"):
        known = candidates.load(site.state, run)
        if known is None:
            standing = claiming.found(site.git, run) if wanted.claim else []
            return [f"{one.run}-b{one.number}: would be taken over" for one in standing] or [f"there is no run {run}"]
        survivor = require_survivor(wanted.survivor, known) if wanted.survivor else known.survivor
        lines = []
        if survivor and known.stage in (Stage.READY, Stage.CHOSEN, Stage.GATING, Stage.KEPT):
            known = choose(site, known, survivor, target=wanted.target, trusting=wanted.trusting)
            lines = _landing(site, known, wanted)
        return lines + [_leaving(site, known, number) for number in range(1, known.count + 1)]


def _landing(site: Site, run: Run, wanted: Wanted) -> list[str]:
    old = site.git.refs(run.target or "")[run.target or ""]
    name, tip = f"b{run.survivor}", run.tip or old
    target = (run.target or "").removeprefix("refs/heads/")
    merge = landing.merge(site.git, site.state, old, tip)
    if merge.tree is None:
        return [f"{name}: would conflict with {target} in {', '.join(merge.conflicts)}; its branch would be preserved"]
    changed = len(Objects(site.git).diff(old, merge.tree))
    gate = gate_of(site, skip=not wanted.gate)
    return [f"{name}: would land on {target}, {changed} files changed; verified: {gate.trailer}"]


def _leaving(site: Site, run: Run, number: int) -> str:
    place = candidates.places(site.git, run)[number - 1]
    if run.mode is Mode.CONTEXT:
        return f"b{number}: {place} goes"
    ahead = 0
    candidate = run.candidates[number - 1]
    if tip := site.git.refs(candidate.ref).get(candidate.ref):
        ahead = site.git.ahead_behind(tip, run.base)[0]
    changes = site.git.changes(place) if place.is_dir() else None
    work = f"{ahead} commit{'s' * (ahead != 1)}{', uncommitted work' if changes else ''}"
    kept = f"; kept for {keeping.DAYS} days" if number != run.survivor and (ahead or changes) else ""
    return f"b{number}: tree and branch go: {work}{kept}"
