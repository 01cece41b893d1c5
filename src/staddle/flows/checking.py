"""Checking: answer, for trees side by side, whether their content is right, and run no check twice without need."""

import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from msgspec import structs

from ..core.model import Check
from ..core.names import Oid
from ..core.question import Question
from ..core.unit import Ended, Job
from ..core.verdict import Judged, Verdict, is_new, judge
from ..edges import reports
from ..edges.engine import Lane, LocalEngine
from ..edges.objects import Objects
from ..edges.servers import among_services, service_fault
from ..edges.surroundings import environment, shared_variables, temporary_folder, tools
from ..edges.verdicts import Store
from .scratch import scratch_tree
from .setup import set_up_jobs, why_not
from .workspace import Site

Tell = Callable[[str], None]
Answering = Generator[Job | None, Ended | None, Judged]


class Strategy(StrEnum):
    """When to stop early: never, at the first red verdict, or once one target is green throughout."""

    CONTINUE = "continue"
    STOP = "stop"
    FIRST_GREEN = "first-green"


@dataclass(frozen=True)
class Options:
    """How to go about it: `fresh` uses no earlier answer, `retry_failed` no earlier red one."""

    at_once: int | None = None
    fresh: bool = False
    retry_failed: bool = False
    strategy: Strategy = Strategy.CONTINUE


@dataclass(frozen=True)
class Subject:
    """A tree to be judged: its target (`m3`, `run42-b2`), its checks, and the variables that are its own.

    `setup` are commands to run in it first; when one fails, the checks do not run. `base` is the commit that its work
    began at, and `elsewhere` gives the same subject in another tree: together they tell whose fault a red test is.
    """

    name: str
    folder: Path
    checks: Mapping[str, Check]
    own: Mapping[str, str]
    setup: Sequence[tuple[str, ...]] = ()
    base: Oid | None = None
    elsewhere: Callable[[str, Path], "Subject"] | None = None


def run_checks(site: Site, subjects: Sequence[Subject], options: Options, *, tell: Tell) -> list[Judged]:
    """The verdicts on the subjects' checks, in order; each tree's run one after another. The caller holds the trees."""
    works = {subject.name: _Work(site, Store(site.state), subject, options, tell) for subject in subjects}

    def enough() -> bool:
        if options.strategy is Strategy.STOP:
            return any(not judged.verdict.green for work in works.values() for judged in work.verdicts.values())
        return options.strategy is Strategy.FIRST_GREEN and any(work.is_green for work in works.values())

    LocalEngine(options.at_once).run_lanes({name: work.lane() for name, work in works.items()}, until=enough)
    return [work.verdict(name) for work in works.values() for name in work.subject.checks]


@dataclass
class _Work:
    """The judging of one subject: its lane of jobs, and the verdicts so far."""

    site: Site
    store: Store
    subject: Subject
    options: Options
    tell: Tell
    verdicts: dict[str, Judged] = field(default_factory=dict)

    @property
    def is_green(self) -> bool:
        """Whether every check has its verdict, and it is green."""
        done = [self.verdicts.get(name) for name in self.subject.checks]
        return all(judged is not None and judged.verdict.green for judged in done)

    def verdict(self, check: str) -> Judged:
        """The verdict on a check; cancelled, when others had ended the work before it began."""
        return self.verdicts.get(check) or self._judged(check, Verdict.CANCELLED, "stopped before it began")

    def lane(self) -> Lane:
        """Set the tree up and answer check after check."""
        fault = yield from self._set_up()
        for name, check in self.subject.checks.items():
            if fault:
                judged = self._judged(name, Verdict.ERROR, fault)
            else:
                judged = yield from self.answer(name, check)
            self.verdicts[name] = judged
            self.store.show(judged)
            took = f"{judged.seconds:.1f} s{', cached' * judged.cached}"
            self.tell(f"{self.subject.name} {name}: {judged.verdict}, {judged.reason} ({took})")

    def _set_up(self) -> Generator[Job | None, Ended | None, str]:
        subject = self.subject
        for job in set_up_jobs(self.site, subject.name, subject.folder, subject.setup, subject.own):
            ended = yield job
            if ended is None or not ended.ok:
                return f"set-up failed: {why_not(ended, job)}" if ended else "stopped during set-up"
        return ""

    def answer(self, name: str, check: Check) -> Answering:
        """The answer to one check's question: an earlier one, or a new one that nobody else works on meanwhile."""
        question = self._question(check)
        while (claimed := self.store.claim(question.key)) is None:
            yield None
        with closing(os.fdopen(claimed)):
            found = None if self.options.fresh else self.store.answer(question.key)
            if found and (found.verdict is Verdict.PASS or not self.options.retry_failed):
                commit = self.site.git.commit_at(self.subject.folder) or Oid("")
                return replace(found, target=self.subject.name, check=name, commit=commit)
            judged = yield from self._attempt(name, check, question)
            for attempt in range(2, check.retries + 2):
                if judged.verdict is not Verdict.FAIL:
                    break
                again = yield from self._attempt(name, check, question)
                judged = self._settled(judged, again, attempt)
            if judged.verdict is Verdict.FAIL:
                judged = yield from self._against_base(name, check, judged)
            self.store.keep(judged)
            return judged

    def _question(self, check: Check) -> Question:
        subject, git = self.subject, self.site.git
        commit = git.commit_at(subject.folder)
        if commit and not git.changes(subject.folder):
            tree = git.tree_of(commit)
        else:
            tree = Objects(git).tree_of_folder(subject.folder, temporary_folder(subject.folder) / "content.index")
        env = environment(subject.own, subject.folder, with_tools=False)
        return Question(
            tree=tree,
            argv=check.run.argv,
            env=shared_variables(subject.own),
            tools=tools(env["PATH"], check.run.argv[0], subject.folder),
            limit=float(check.limit),
            evidence=check.evidence,
            setup=tuple(subject.setup),
            services=tuple(check.services),
        )

    def _attempt(self, name: str, check: Check, question: Question) -> Answering:
        """Run the check once and judge it."""
        subject, git, kept = self.subject, self.site.git, self.store.folder(question.key)
        commit, before = git.commit_at(subject.folder), git.changes(subject.folder)
        ended = yield self._job(name, check, kept)
        if ended is None:
            return self._judged(name, Verdict.CANCELLED, "stopped before its end")
        counts, fault = reports.read_junit(kept / "junit.xml"), service_fault(kept)
        if fault and ended.reason == "exited":
            verdict, reason = Verdict.ERROR, fault
        else:
            changed = ""
            if git.commit_at(subject.folder) != commit:
                changed = "its HEAD moved while the check ran"
            elif new := sorted(set(git.changes(subject.folder).tracked) - set(before.tracked)):
                changed = f"the check changed {', '.join(new[:3])}"
            foreign = reports.foreign_imports(kept / "imports", subject.folder)
            verdict, reason = judge(ended, counts, check.evidence, changed, foreign)
        coverage = subject.folder / "htmlcov" / "index.html"
        fresh = coverage.exists() and coverage.stat().st_mtime >= time.time() - ended.seconds - 1
        return replace(
            self._judged(name, verdict, reason),
            tree=question.tree,
            commit=commit or Oid(""),
            key=question.key,
            seconds=ended.seconds,
            log=str(ended.log),
            passed=counts.passed if counts else 0,
            skipped=counts.skipped if counts else 0,
            failed=counts.failed if counts else (),
            coverage=str(coverage) if fresh else "",
        )

    def _job(self, name: str, check: Check, kept: Path) -> Job:
        subject, temporary = self.subject, temporary_folder(self.subject.folder) / name
        temporary.mkdir(exist_ok=True)
        for leftover in ("junit.xml", "imports"):
            (kept / leftover).unlink(missing_ok=True)
        own = dict(subject.own) | {
            "TMPDIR": str(temporary),
            "PYTHONPYCACHEPREFIX": str(temporary / "pycache" / kept.name),
            "PYTEST_ADDOPTS": f"-p no:cacheprovider --junit-xml={kept / 'junit.xml'}",
            "PYTEST_PLUGINS": reports.PLUGIN,
            "PYTHONPATH": str(reports.EVIDENCE),
            "COVERAGE_FILE": str(kept / "coverage"),
            "STADDLE_JUNIT": str(kept / "junit.xml"),
            "STADDLE_IMPORTS": str(kept / "imports"),
            "PYTHONHASHSEED": "0",
            "TZ": "UTC",
        }
        return Job(
            unit=self.site.unit(subject.name, name),
            argv=among_services(check, own, kept, temporary),
            cwd=subject.folder,
            env=environment(own, subject.folder, with_tools=False),
            stdin=None,
            log=kept / "log",
            limit=float(check.limit),
        )

    def _settled(self, first: Judged, again: Judged, attempts: int) -> Judged:
        """What a red attempt and one more of the same come to."""
        if again.verdict is not Verdict.PASS:
            return replace(again, attempts=attempts)
        changed = []
        if self.subject.base:
            changed = [change.path for change in Objects(self.site.git).diff(self.subject.base, first.tree)]
        new = [test for test in first.failed if is_new(test, changed)]
        verdict = Verdict.NEW_FLAKY if new else Verdict.FLAKY
        what = (new or first.failed or ("it",))[0]
        reason = f"{what} was red, then green with nothing changed"
        return replace(again, verdict=verdict, failed=first.failed, attempts=attempts, reason=reason)

    def _against_base(self, name: str, check: Check, judged: Judged) -> Answering:
        """The same, or base-red when every test that failed here fails where this work began."""
        subject = self.subject
        if not judged.failed or subject.elsewhere is None or subject.base in (None, judged.commit):
            return judged
        place_name = f"{subject.name}-base"
        with scratch_tree(self.site, place_name, subject.base or judged.commit) as place:
            other = _Work(self.site, self.store, subject.elsewhere(place_name, place), self.options, self.tell)
            fault = yield from other._set_up()
            base = judged if fault else (yield from other.answer(name, structs.replace(check, retries=0)))
        if fault or base.verdict is not Verdict.FAIL or not set(judged.failed) <= set(base.failed):
            return judged
        reason = f"{len(judged.failed)} failed, all of them red on {(subject.base or '')[:10]} as well"
        return replace(judged, verdict=Verdict.BASE_RED, reason=reason)

    def _judged(self, check: str, verdict: Verdict, reason: str) -> Judged:
        nothing = Oid("")
        return Judged(self.subject.name, check, verdict, reason, nothing, nothing, "", 0.0, time.time(), "")
