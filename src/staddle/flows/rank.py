"""rank: which of a run's candidates is to survive by what is seen of them, if that can be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..core.errors import Refused, UsageError
from ..core.names import Oid, RunId, did_you_mean, quoted
from ..core.ranking import Entrant, Ranking, rank
from ..core.runs import Mode, Run, Stage
from ..core.verdict import Judged
from ..edges.objects import OWN_IDENTITY, Objects
from ..guard import candidates, merging
from .bench import Bench
from .examining import NO_COMMIT, Examination, Merged
from .gate import gate_of
from .workspace import Site, Tell, changing

MOST_NAMED = 3


class Choice(NamedTuple):
    """The candidate that is to survive, and the tip of its branch that was ranked; None when it was recorded before."""

    survivor: int
    tip: Oid | None


@dataclass(frozen=True)
class Ranked:
    """A run's ranking, and what it rests on: the candidates, the verdicts on each, and the tips of their branches."""

    ranking: Ranking
    entrants: tuple[Entrant, ...]
    verdicts: Mapping[int, Sequence[Judged]]
    tips: Mapping[int, Oid | None]
    note: str = ""


def choose_automatically(site: Site, run: RunId, tell: Tell, *, target: str | None = None) -> Choice:
    """The candidate that is to survive: the recorded one, or the best by its rank.

    `target` names another branch to land on. Refused when nobody can tell; every candidate is kept.
    """
    known = candidates.load(site.state, run)
    recorded = known.survivor if known else candidates.ended(site.state).get(run)
    if recorded is not None:
        return Choice(recorded, None)
    ranked = rank_run(site, run, target=target, tell=tell)
    winner = require_winner(run, ranked.ranking)
    tell(f"b{winner} survives: {ranked.ranking.why}")
    return Choice(winner, ranked.tips[winner])


def require_winner(run: RunId, ranking: Ranking) -> int:
    """The winner's number; Refused, with what a person is to decide, when the ranking has none."""
    if ranking.winner is not None:
        return ranking.winner
    land = f"staddle reconcile {run}"
    match ranking.rivals:
        case (one, two) if ranking.test:
            todo = f"if that test is right: {land} b{one}; if not: {land} b{two}"
        case (one, two):
            todo = f"git diff pqa/{run}-b{one} pqa/{run}-b{two}, then: {land} b{one}, or: {land} b{two}"
        case (one,):
            todo = f"look at that; if it is well: {land} b{one}"
        case _:
            todo = f"staddle status {run}"
    raise Refused("abstained", ranking.why, todo)


def rank_run(site: Site, run: RunId, *, target: str | None = None, tell: Tell) -> Ranked:
    """Rank a run's candidates by what the plan's checks say of each, merged with the target; nothing of theirs moves.

    UsageError when there is no such run of trees, or no check to judge by; Refused when no candidate has a commit.
    """
    plan = gate_of(site, skip=False).plan
    known = _require_ready(site, run, [one.id.lower() for one in plan.milestones] if plan else [])
    if plan is None or not plan.checks:
        what = f"there is no evidence to choose a candidate of run {run} by: no plan here has top-level checks"
        raise UsageError(what, f"declare checks: in milestones.yaml, or choose yourself: staddle reconcile {run} b2")
    ref = f"refs/heads/{target.removeprefix('refs/heads/')}" if target else known.target or ""
    old = site.git.refs(ref).get(ref) if ref else known.base
    if old is None:
        raise Refused("gone", f"{ref} is gone", "name another branch to land on: --target")
    merged = _merge_all(site, known, old)
    if all(one.fault == NO_COMMIT for one in merged):
        raise Refused("empty", f"no candidate of run {run} has a commit yet", f"staddle status {run}")
    bench = Bench(site, known, plan, ref.removeprefix("refs/heads/") or old[:10], tell)
    seen = Examination(bench, old, ref, merged)
    entrants = seen.entrants()
    verdicts, tips = {one.number: seen.verdicts(one) for one in merged}, {one.number: one.tip for one in merged}
    return Ranked(rank(entrants), entrants, verdicts, tips, seen.note)


def _require_ready(site: Site, run: RunId, milestones: Sequence[str]) -> Run:
    known = candidates.load(site.state, run)
    if known is None and run in milestones:
        raise UsageError(f"{run} is a milestone: only the candidates of a run are ranked", f"staddle verify {run}")
    if known is None:
        runs = [one.id for one in candidates.every(site.state)]
        raise UsageError(f"there is no run {quoted(run)}{did_you_mean(run, runs)}", "staddle status")
    if known.mode is Mode.CONTEXT:
        raise UsageError(f"run {run} has folders, not trees: only trees can be ranked", f"staddle reconcile {run} b2")
    if known.stage is not Stage.READY:
        raise UsageError(f"run {run} is {known.stage}: it waits for no choice", f"staddle reconcile {run}")
    return known


def _merge_all(site: Site, run: Run, old: Oid) -> list[Merged]:
    """Every candidate merged with the target's commit `old`, in the object store."""
    with changing(site, f"rank {run.id}"):
        tips = site.git.refs("refs/heads/pqa/")
        return [_merged(site, run, old, one.number, tips.get(one.ref)) for one in run.candidates]


def _merged(site: Site, run: Run, old: Oid, number: int, tip: Oid | None) -> Merged:
    if tip is None:
        return Merged(number, fault="its branch is gone")
    if site.git.is_ancestor(tip, old):
        return Merged(number, tip, fault=NO_COMMIT)
    merge = merging.merge(site.git, old, tip, site.state.folder / "attributes")
    if merge.tree is None:
        return Merged(number, tip, fault=f"conflict: {', '.join(merge.conflicts[:MOST_NAMED])}")
    commit = Objects(site.git).commit_tree(merge.tree, [old, tip], "merged to be ranked", run.began, OWN_IDENTITY)
    return Merged(number, tip, merge.tree, commit)
