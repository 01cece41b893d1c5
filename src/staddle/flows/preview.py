"""Preview: what reconcile would do, and every reason against it; nothing is written down."""

import tempfile
from pathlib import Path

from ..core.names import RunId
from ..core.runs import Mode, Run, Stage
from ..edges.objects import Objects
from ..guard import candidates, claiming, keeping, landing
from ..guard.landing import Landing
from .choosing import choose
from .gate import gate_of
from .reconcile import Wanted, examine
from .workspace import Site


def preview(site: Site, run: RunId, wanted: Wanted) -> list[str]:
    """What `reconcile` would do, a line each; what it would refuse is raised as it would raise it."""
    known, survivor = examine(site, run, wanted)
    if known is None:
        return [f"there is no run {run}: nothing to do"]
    lines = []
    if candidates.load(site.state, run) is None:
        lines = [f"{one.run}-b{one.number}: would be taken over" for one in claiming.found(site.git, run)]
    keep = None
    if survivor and known.stage not in (Stage.SPAWNING, Stage.CLEARING, Stage.MERGING, Stage.MERGED):
        known = choose(site, known, survivor, target=wanted.target, trusting=wanted.trusting)
        line, lands = _landing(site, known, wanted)
        lines.append(line)
        keep = None if lands else survivor
    return lines + [_leaving(site, known, number, keep) for number in range(1, known.count + 1)]


def _landing(site: Site, run: Run, wanted: Wanted) -> tuple[str, bool]:
    """What would become of the survivor, and whether it would land."""
    git, ref, name = site.git, run.target or "", f"b{run.survivor}"
    old = git.refs(ref)[ref]
    tip, target = run.tip or old, ref.removeprefix("refs/heads/")
    with tempfile.TemporaryDirectory() as folder:
        merge = landing.merge(git, old, tip, Path(folder) / "attributes")
        if merge.tree is None:
            return f"{name}: would conflict with {target} in {', '.join(merge.conflicts)}", False
        landing.rehearse(git, Landing(ref, old, merge.tree, 0.0), Path(folder) / "index")
    changed = len(Objects(git).diff(old, merge.tree))
    gate = gate_of(site, skip=not wanted.gate)
    files = f"{changed} file{'s' * (changed != 1)}"
    return f"{name}: would land on {target}, {files} changed; verified: {gate.trailer}", True


def _leaving(site: Site, run: Run, number: int, keep: int | None) -> str:
    place = candidates.places(site.git, run)[number - 1]
    if run.mode is Mode.CONTEXT:
        kept = "" if number == run.survivor else f"; what it holds is kept for {keeping.DAYS} days"
        return f"b{number}: {place} goes{kept}"
    ahead = 0
    candidate = run.candidates[number - 1]
    if tip := site.git.refs(candidate.ref).get(candidate.ref):
        ahead = site.git.ahead_behind(tip, run.base)[0]
    changes = site.git.changes(place) if (place / ".git").is_file() else None
    work = f"{ahead} commit{'s' * (ahead != 1)}{', uncommitted work' if changes else ''}"
    kept = f"; kept for {keeping.DAYS} days" if number != run.survivor and (ahead or changes) else ""
    return f"b{number}: {'tree goes, branch stays' if number == keep else 'tree and branch go'}: {work}{kept}"
