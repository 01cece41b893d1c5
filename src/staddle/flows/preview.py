"""Preview: what reconcile would do, and every reason against it; nothing is written down."""

import tempfile
from dataclasses import replace
from pathlib import Path

from ..core.names import Oid, RunId
from ..core.runs import Mode, Run, Stage
from ..core.verdict import Judged, Verdict
from ..edges.objects import Objects
from ..edges.verdicts import Store
from ..guard import candidates, claiming, keeping, landing, merging
from ..guard.landing import Landing
from .candidacy import candidate_subject
from .choosing import choose
from .gate import gate_of
from .reconcile import Wanted, examine
from .subject import look, question
from .whereabouts import Place
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
        known = choose(site, known, survivor, target=wanted.target, ranked=wanted.ranked, trusting=wanted.trusting)
        line, lands = _landing(site, known, wanted)
        lines.append(line)
        keep = None if lands else survivor
    return lines + [
        _leaving(site, known, number, keep) for number in range(1, known.count + 1) if _is_there(site, known, number)
    ]


def _landing(site: Site, run: Run, wanted: Wanted) -> tuple[str, bool]:
    """What would become of the survivor, and whether it would land."""
    git, ref, name = site.git, run.target or "", f"b{run.survivor}"
    old = git.refs(ref)[ref]
    tip, target = run.tip or old, ref.removeprefix("refs/heads/")
    if git.is_ancestor(tip, old):
        own = git.ahead_behind(tip, run.base)[0]
        return f"{name}: {'has landed' if own else 'holds no commit of its own; nothing would land'} on {target}", True
    with tempfile.TemporaryDirectory() as folder:
        merge = merging.merge(git, old, tip, Path(folder) / "attributes")
        if merge.tree is None:
            return f"{name}: would conflict with {target} in {', '.join(merge.conflicts)}", False
        landing.rehearse(git, Landing(ref, old, merge.tree, 0.0), Path(folder) / "index")
    changed = len(Objects(git).diff(old, merge.tree))
    files = f"{changed} file{'s' * (changed != 1)}"
    return f"{name}: would land on {target}, {files} changed; {_proof(site, run, merge.tree, wanted)}", True


def _proof(site: Site, run: Run, tree: Oid, wanted: Wanted) -> str:
    """What the landing would have to pass, and what is known of that very content already."""
    gate, number = gate_of(site, skip=not wanted.gate), run.survivor or 0
    if not gate.checks or gate.plan is None:
        return f"verified: {gate.trailer}"
    place = Place(run, run.candidates[number - 1], candidates.places(site.git, run)[number - 1])
    subject, known = candidate_subject(gate.plan, place), dict[str, Judged | None]()
    if run.mode is Mode.WORKTREE and place.folder.is_dir():
        seen, store = replace(look(site.git, subject), tree=tree), Store(site.state)
        known = {name: store.answer(question(site.git, subject, one, seen).key) for name, one in gate.checks.items()}
    return f"would be proven by: {', '.join(name + _known(known.get(name)) for name in gate.checks)}"


def _known(judged: Judged | None) -> str:
    return "" if judged is None else " (green already)" if judged.verdict is Verdict.PASS else " (red on this content)"


def _is_there(site: Site, run: Run, number: int) -> bool:
    """Whether there is anything left of a candidate."""
    ref = run.candidates[number - 1].ref
    return bool(site.git.refs(ref)) or candidates.places(site.git, run)[number - 1].exists()


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
