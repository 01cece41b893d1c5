"""Checking: answer, for trees side by side, whether their content is right, and run no check twice without need."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ..core.errors import Held, Refused, WorkFailed
from ..core.model import Check
from ..core.names import Oid
from ..core.question import Question, compared_key
from ..core.unit import Ended, Job
from ..core.verdict import Judged, Verdict, excusable, judge, settled
from ..edges import reports
from ..edges.bytecode import fresh_bytecode
from ..edges.engine import Lane, LocalEngine
from ..edges.process import Running
from ..edges.servers import service_fault
from ..edges.surroundings import temporary_folder
from ..edges.verdicts import Store
from ..edges.witness import foreign_imports, kept_out, unproven
from .scratch import scratch_tree
from .setup import set_up_jobs, why_not
from .subject import Look, Subject, alteration, changed, check_job, look, question
from .workspace import Site, Tell

EXPECTED = (WorkFailed, Refused, Held, OSError)
"""What may go wrong with one tree and is no reason to leave the others."""

Watch = Callable[[Sequence[str]], None]
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


def run_checks(
    site: Site, subjects: Sequence[Subject], options: Options, *, tell: Tell, watch: Watch = lambda _: None
) -> list[Judged]:
    """The verdicts on the subjects' checks, in order; each tree's run one after another. The caller holds the trees.

    `watch` is shown what is under way, a line each, ten times a second.
    """
    works = {subject.name: _Work(site, Store(site.state), subject, options, tell) for subject in subjects}

    def enough() -> bool:
        if options.strategy is Strategy.STOP:
            return any(not judged.verdict.green for work in works.values() for judged in work.verdicts.values())
        return options.strategy is Strategy.FIRST_GREEN and any(work.is_green for work in works.values())

    def show(running: Sequence[Running]) -> None:
        watch([f"{' '.join(one.job.unit.split('/')[1:])}  {one.seconds:.0f} s" for one in running])

    LocalEngine(options.at_once).run_lanes({name: work.lane() for name, work in works.items()}, enough, show)
    Store(site.state).forget_old()
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
                judged = self._judged(name, *fault)
            else:
                judged = yield from self._answered(name, check)
            self.verdicts[name] = judged
            self.store.show(judged)
            took = f"{judged.seconds:.1f} s{', cached' * judged.cached}"
            self.tell(f"{self.subject.name} {name}: {judged.verdict}, {judged.reason} ({took})")

    def _set_up(self) -> Generator[Job | None, Ended | None, tuple[Verdict, str] | None]:
        """Set the tree up; the verdict on its checks, and why, when they cannot run after that."""
        subject = self.subject
        try:
            jobs = set_up_jobs(self.site, subject.name, subject.folder, subject.setup, subject.own)
        except EXPECTED as error:
            return Verdict.ERROR, str(error)
        for job in jobs:
            ended = yield job
            if ended is None or ended.reason == "cancelled":
                return Verdict.CANCELLED, "stopped during set-up"
            if not ended.ok:
                return Verdict.ERROR, f"set-up failed: {why_not(ended, job)}"
        return None

    def _answered(self, name: str, check: Check) -> Answering:
        """The answer to one check's question; what goes wrong here ends no other subject's work."""
        try:
            return (yield from self.answer(name, check))
        except EXPECTED as error:
            return self._judged(name, Verdict.ERROR, str(error))

    def answer(self, name: str, check: Check) -> Answering:
        """The answer to one check's question; a red one is held against where the work began."""
        judged = yield from self._answer_here(name, check)
        if judged.verdict is not Verdict.FAIL:
            return judged
        return (yield from self._against_base(name, check, judged))

    def _answer_here(self, name: str, check: Check) -> Answering:
        """The answer for this tree: an earlier one, or a new one that nobody else works on meanwhile."""
        git, subject, waited = self.site.git, self.subject, False
        while True:
            found = look(git, subject)
            asked = question(git, subject, check, found)
            while (claimed := self.store.claim(asked.key)) is None:
                waited = True
                yield None
            with closing(os.fdopen(claimed)):
                if waited and question(git, subject, check, look(git, subject)) != asked:
                    continue  # somebody worked in the tree meanwhile
                known = None if self.options.fresh else self.store.answer(asked.key)
                if known and (known.verdict is Verdict.PASS or not self._worth_trying(known, check)):
                    return self._again(known, name, found)
                judged = yield from self._attempts(name, check, asked, found)
                self.store.keep(judged)
                return judged

    def _attempts(self, name: str, check: Check, asked: Question, found: Look) -> Answering:
        """A new answer: of one run, or of as many as the plan allows until one is not red."""
        judged = yield from self._attempt(name, check, asked, found, 1)
        for number in range(2, check.retries + 2):
            if judged.verdict is not Verdict.FAIL:
                break
            again = yield from self._attempt(name, check, asked, found, number)
            judged = settled(judged, again, number, changed(self.site.git, self.subject, judged.tree))
        return judged

    def _again(self, known: Judged, check: str, found: Look) -> Judged:
        """An earlier answer as one to this subject's check."""
        own = replace(known, target=self.subject.name, check=check, tree=found.tree, commit=found.commit or Oid(""))
        coverage = known.coverage if Path(known.coverage).is_file() else ""  # it may have gone with another tree
        return replace(own, finished=time.time(), coverage=coverage)

    def _worth_trying(self, found: Judged, check: Check) -> bool:
        """Whether a check that was red is to run again: that was asked for, or it may be repeated more often now."""
        return self.options.retry_failed or found.attempts <= check.retries

    def _attempt(self, name: str, check: Check, asked: Question, found: Look, number: int) -> Answering:
        """Run the check once and judge it."""
        subject, git, kept = self.subject, self.site.git, self.store.attempt(asked.key, number)
        with fresh_bytecode(subject.folder, temporary_folder(subject.folder)) as bytecode:
            ended = yield check_job(self.site.unit(subject.name, name), subject, name, check, kept, bytecode)
        if ended is None:
            return self._judged(name, Verdict.CANCELLED, "stopped before its end")
        counts, fault = reports.read_junit(kept / "junit.xml"), service_fault(kept) or kept_out(kept / "log")
        doubt = unproven(kept, counts)
        if fault and ended.reason in ("exited", "limit"):
            verdict, reason = Verdict.ERROR, fault
        else:
            altered = alteration(git, found, look(git, subject))
            foreign = foreign_imports(kept / "imports", subject.folder)
            verdict, reason = judge(ended, counts, check.evidence, altered, foreign, doubt)
        coverage = subject.folder / "htmlcov" / "index.html"
        fresh = coverage.exists() and coverage.stat().st_mtime >= time.time() - ended.seconds - 1
        return replace(
            self._judged(name, verdict, reason),
            tree=found.tree,
            commit=found.commit or Oid(""),
            key=asked.key,
            seconds=ended.seconds,
            log=str(ended.log),
            passed=counts.passed if counts else 0,
            skipped=counts.skipped if counts else 0,
            failed=counts.failed if counts else (),
            coverage=str(coverage) if fresh else "",
            whole=not doubt,
        )

    def _against_base(self, name: str, check: Check, judged: Judged) -> Answering:
        """The same, or base-red when all that is red here is red where the work began, and none of its own."""
        subject, begun, git = self.subject, self.subject.base, self.site.git
        if not judged.failed or subject.elsewhere is None or begun is None or git.tree_of(begun) == judged.tree:
            return judged
        key = compared_key(judged.key, begun)
        known = None if self.options.fresh or self.options.retry_failed else self.store.answer(key)
        if known:
            return replace(judged, verdict=known.verdict, reason=known.reason)
        place_name = f"{subject.name}-base"
        with scratch_tree(self.site, place_name, begun) as place:
            other = _Work(self.site, self.store, subject.elsewhere(place_name, place), self.options, self.tell)
            fault = yield from other._set_up()
            base = other._judged(name, *fault) if fault else (yield from other._answer_here(name, check))
        if base.verdict is Verdict.CANCELLED:
            return replace(judged, verdict=base.verdict, reason=base.reason)
        if base.verdict is Verdict.FAIL and excusable(
            judged, base, changed(git, subject, judged.tree), subject.required
        ):
            reason = f"{len(judged.failed)} failed, all of them red on {begun[:10]} as well"
            judged = replace(judged, verdict=Verdict.BASE_RED, reason=reason)
        if base.verdict in (Verdict.PASS, Verdict.FAIL):
            self.store.keep(replace(judged, key=key))
        return judged

    def _judged(self, check: str, verdict: Verdict, reason: str) -> Judged:
        nothing = Oid("")
        return Judged(self.subject.name, check, verdict, reason, nothing, nothing, "", 0.0, time.time(), "")
