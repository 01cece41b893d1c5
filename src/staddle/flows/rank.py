"""rank: what speaks for each candidate of a run, and which of them is to survive, if that can be told."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Refused, UsageError
from ..core.model import Check, Plan
from ..core.names import Oid, RunId
from ..core.ranking import Entrant, Ranking, rank
from ..core.runs import Mode, Run, Stage
from ..core.testfiles import is_test_file, report_name
from ..core.verdict import Judged
from ..edges import reports
from ..edges.objects import OWN_IDENTITY, Objects
from ..edges.surroundings import furnish, variables
from ..guard import candidates, landing
from .checking import Options, Subject, run_checks
from .crossing import GO_ON, Crossed, Pool, crossed, crossing_checks, pool_of
from .gate import gate_of
from .scratch import scratch_tree
from .workspace import Site, Tell, changing

MOST_NAMED = 3
CROSSED = "merged, with every candidate's new tests"
NO_REPORTS = "no check reports on single tests, so no candidate was held to the others' new tests"


@dataclass(frozen=True)
class Ranked:
    """A run's ranking, what it rests on, and what has to be said with it."""

    ranking: Ranking
    entrants: tuple[Entrant, ...]
    note: str = ""


@dataclass(frozen=True)
class Merged:
    """A candidate merged with the target: its content and a commit of it, or why there is none."""

    number: int
    tree: Oid | None = None
    commit: Oid | None = None
    fault: str = ""


def choose_automatically(site: Site, run: RunId, tell: Tell, *, target: str | None = None) -> int:
    """The number of the candidate that is to survive: the recorded one, or the best by its rank.

    `target` names another branch to land on. Refused when nobody can tell; every candidate is kept.
    """
    known = candidates.load(site.state, run)
    recorded = known.survivor if known else candidates.ended(site.state).get(run)
    if recorded is not None:
        return recorded
    ranking = rank_run(site, run, target=target, tell=tell).ranking
    require_winner(run, ranking)
    tell(f"b{ranking.winner} survives: {ranking.why}")
    return ranking.winner or 0


def require_winner(run: RunId, ranking: Ranking) -> None:
    """Refused when the ranking has none."""
    if ranking.winner is None:
        todo = f"look at that test, then: staddle reconcile {run} b{ranking.places[0].number}"
        raise Refused("abstained", ranking.why, todo if ranking.test else f"staddle status {run}")


def rank_run(site: Site, run: RunId, *, target: str | None = None, tell: Tell) -> Ranked:
    """Rank a run's candidates by what the plan's checks say of each, merged with the target; nothing of theirs moves.

    UsageError when there is no such run of trees, or no check to judge by.
    """
    known, plan = _require_ready(site, run), gate_of(site, skip=False).plan
    if plan is None or not plan.checks:
        what = f"there is no evidence to choose a candidate of run {run} by: no plan here has top-level checks"
        raise UsageError(what, "declare checks: in milestones.yaml, or choose yourself: staddle reconcile RUN b2")
    bench = _Bench(site, known, plan, tell)
    ref = f"refs/heads/{target.removeprefix('refs/heads/')}" if target else known.target or ""
    old = site.git.refs(ref).get(ref) if ref else known.base
    if old is None:
        raise Refused("gone", f"{ref} is gone", "name another branch to land on: --target")
    merged = _merge_all(site, known, old)
    return _Evidence(bench, old, ref, merged).ranked()


def _require_ready(site: Site, run: RunId) -> Run:
    known = candidates.load(site.state, run)
    if known is None:
        raise UsageError(f"there is no run {run}", "staddle status")
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
        return Merged(number, fault="no commit of its own")
    merge = landing.merge(site.git, old, tip, site.state.folder / "attributes")
    if merge.tree is None:
        return Merged(number, fault=f"conflict: {', '.join(merge.conflicts[:MOST_NAMED])}")
    commit = Objects(site.git).commit_tree(merge.tree, [old, tip], "merged to be ranked", run.began, OWN_IDENTITY)
    return Merged(number, merge.tree, commit)


@dataclass(frozen=True)
class _Bench:
    """Where contents are judged: each in a tree of its own, side by side."""

    site: Site
    run: Run
    plan: Plan
    tell: Tell

    def judge(self, commits: Mapping[int, Oid]) -> dict[int, list[Judged]]:
        """The verdicts on these commits, each by the number of the candidate it stands for."""
        return self._judge(commits, self.plan.checks, {}, self.tell)

    def cross(self, commits: Mapping[int, Oid]) -> dict[int, list[Judged]]:
        """The same, of every single test; that some are red is the purpose."""
        checks = crossing_checks(self.plan.checks)
        return self._judge(commits, checks, GO_ON, lambda line: self.tell(f"cross-examination: {line}"))

    def _judge(
        self, commits: Mapping[int, Oid], checks: Mapping[str, Check], more: Mapping[str, str], tell: Tell
    ) -> dict[int, list[Judged]]:
        setup = [command.argv for command in self.plan.setup]
        subjects: dict[int, Subject] = {}
        with ExitStack() as standing:
            for number, commit in commits.items():
                name = f"{self.run.id}-b{number}-rank"
                place = standing.enter_context(scratch_tree(self.site, name, commit))
                own = variables(self.plan, name, place, {"STADDLE_RUN": self.run.id, **more})
                furnish(self.plan, self.site.git.main, place, own)
                subjects[number] = Subject(name, place, checks, own, setup)
            judged = run_checks(self.site, list(subjects.values()), Options(), tell=tell)
        return {number: [one for one in judged if one.target == its.name] for number, its in subjects.items()}


class _Evidence:
    """What is seen of the contents of a run, one by one; equal contents are looked at once."""

    def __init__(self, bench: _Bench, old: Oid, ref: str, merged: Sequence[Merged]) -> None:
        self._bench, self._old, self._ref, self._merged = bench, old, ref, merged
        self._objects = Objects(bench.site.git)
        self._first = {one.tree: one for one in reversed(merged) if one.tree}
        """The first candidate of each content."""

    def ranked(self) -> Ranked:
        """The ranking, and all it rests on."""
        commits = {one.number: one.commit for one in self._first.values() if one.commit}
        verdicts = self._bench.judge(commits)
        green = {
            tree: one.number
            for tree, one in self._first.items()
            if tree and all(judged.verdict.green for judged in verdicts[one.number])
        }
        pool = pool_of(self._objects, self._old, green)
        seen, note = self._cross(pool, green)
        required = self._required()
        entrants = [self._entrant(one, verdicts, pool, seen, required) for one in self._merged]
        return Ranked(rank(entrants), tuple(entrants), note)

    def _cross(self, pool: Pool, green: Mapping[Oid, int]) -> tuple[dict[Oid, Crossed], str]:
        """How each green content came through, and why none was asked."""
        if not crossing_checks(self._bench.plan.checks):
            return {}, NO_REPORTS
        if not pool:
            return {}, ""
        site, run, commits = self._bench.site, self._bench.run, dict[int, Oid]()
        with changing(site, f"rank {run.id}"):
            for tree, number in green.items():
                whole = pool.tree(self._objects, tree, site.state.folder / "rank.index")
                commits[number] = self._objects.commit_tree(whole, [self._old], CROSSED, run.began, OWN_IDENTITY)
        self._bench.tell(f"cross-examination: {len(pool.files)} new test files against {len(green)} contents")
        judged = self._bench.cross(commits)
        return {tree: crossed(pool, judged[number]) for tree, number in green.items()}, ""

    def _entrant(
        self,
        one: Merged,
        verdicts: Mapping[int, Sequence[Judged]],
        pool: Pool,
        seen: Mapping[Oid, Crossed],
        required: str,
    ) -> Entrant:
        if one.tree is None:
            return Entrant(one.number, None, one.fault)
        judged = verdicts[self._first[one.tree].number]
        red = next((each for each in judged if not each.verdict.green), None)
        sizes = self._objects.changed_lines(self._old, one.tree)
        code = {path: lines for path, lines in sizes.items() if not is_test_file(path)}
        found = seen.get(one.tree, Crossed())
        missing = sorted(frozenset[str]().union(*(other.own for other in seen.values())) - found.own)
        skipped = [] if found.broken or one.tree not in seen else [f"{test} does not run" for test in missing]
        return Entrant(
            one.number,
            one.tree,
            fault=f"{red.check}: {red.verdict}, {red.reason}" if red else "",
            altered=(*pool.altered.get(one.tree, ()), *skipped),
            broken=found.broken,
            passes=found.passes,
            requirement=_passes(judged, required) if required else None,
            lines=sum(code.values()),
            files=len(code),
            seconds=sum(each.seconds for each in judged),
        )

    def _required(self) -> str:
        """The test of the requirement that comes next, when the run is to land on a milestone's branch."""
        git = self._bench.site.git
        for milestone in self._bench.plan.milestones:
            if self._ref == f"refs/heads/{milestone.branch}":
                for one in milestone.requirements:
                    if not git.has_subject(self._old, one.message(milestone.scope)):
                        return report_name(one.test) if one.test else ""
        return ""


def _passes(judged: Sequence[Judged], test: str) -> bool:
    """Whether a test, by the beginning of its name in reports, ran green."""
    reported = (Path(one.log).with_name("junit.xml") for one in judged if one.log)
    passed = frozenset[str]().union(*map(reports.passed_tests, reported))
    return any(name.startswith(test) for name in passed)
