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
from ..core.verdict import Judged, Verdict, judge, settled
from ..edges import reports
from ..edges.bytecode import fresh_bytecode
from ..edges.engine import Lane, LocalEngine
from ..edges.git import Changes
from ..edges.objects import Objects
from ..edges.servers import among_services, service_fault
from ..edges.surroundings import environment, shared_variables, temporary_folder, tools
from ..edges.verdicts import Store
from .scratch import scratch_tree
from .setup import set_up_jobs, why_not
from .workspace import Site, Tell

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
                judged = self._judged(name, *fault)
            else:
                judged = yield from self.answer(name, check)
            self.verdicts[name] = judged
            self.store.show(judged)
            took = f"{judged.seconds:.1f} s{', cached' * judged.cached}"
            self.tell(f"{self.subject.name} {name}: {judged.verdict}, {judged.reason} ({took})")

    def _set_up(self) -> Generator[Job | None, Ended | None, tuple[Verdict, str] | None]:
        """Set the tree up; the verdict on its checks, and why, when they cannot run after that."""
        subject = self.subject
        for job in set_up_jobs(self.site, subject.name, subject.folder, subject.setup, subject.own):
            ended = yield job
            if ended is None or ended.reason == "cancelled":
                return Verdict.CANCELLED, "stopped during set-up"
            if not ended.ok:
                return Verdict.ERROR, f"set-up failed: {why_not(ended, job)}"
        return None

    def answer(self, name: str, check: Check) -> Answering:
        """The answer to one check's question: an earlier one, or a new one that nobody else works on meanwhile."""
        question = self._question(check)
        while (claimed := self.store.claim(question.key)) is None:
            yield None
        with closing(os.fdopen(claimed)):
            found = None if self.options.fresh else self.store.answer(question.key)
            if found and (found.verdict is Verdict.PASS or not self.options.retry_failed):
                commit = self.site.git.commit_at(self.subject.folder) or Oid("")
                return replace(found, target=self.subject.name, check=name, commit=commit, finished=time.time())
            judged = yield from self._attempt(name, check, question, 1)
            for attempt in range(2, check.retries + 2):
                if judged.verdict is not Verdict.FAIL:
                    break
                again = yield from self._attempt(name, check, question, attempt)
                judged = settled(judged, again, attempt, self._changed(judged.tree))
            if judged.verdict is Verdict.FAIL:
                judged = yield from self._against_base(name, check, judged)
            self.store.keep(judged)
            return judged

    def _question(self, check: Check) -> Question:
        subject, git = self.subject, self.site.git
        commit = git.commit_at(subject.folder)
        clean = commit and not git.changes(subject.folder)
        env = environment(subject.own, subject.folder, with_tools=False)
        return Question(
            tree=git.tree_of(commit) if commit and clean else self._content(),
            argv=check.run.argv,
            env=shared_variables(subject.own),
            tools=tools(env["PATH"], check.run.argv[0], subject.folder),
            limit=float(check.limit),
            evidence=check.evidence,
            setup=tuple(subject.setup),
            services=tuple(check.services),
        )

    def _attempt(self, name: str, check: Check, question: Question, number: int) -> Answering:
        """Run the check once and judge it."""
        subject, git, kept = self.subject, self.site.git, self.store.attempt(question.key, number)
        commit, before = git.commit_at(subject.folder), git.changes(subject.folder)
        with fresh_bytecode(subject.folder, temporary_folder(subject.folder)) as bytecode:
            ended = yield self._job(name, check, kept, bytecode)
        if ended is None:
            return self._judged(name, Verdict.CANCELLED, "stopped before its end")
        counts, fault = reports.read_junit(kept / "junit.xml"), service_fault(kept)
        if fault and ended.reason == "exited":
            verdict, reason = Verdict.ERROR, fault
        else:
            changed = self._alteration(question.tree, commit, before)
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

    def _alteration(self, tree: Oid, commit: Oid | None, before: Changes) -> str:
        """How the check altered what it judged, `tree` on `commit` with these files changed; empty when it did not."""
        git, folder = self.site.git, self.subject.folder
        if git.commit_at(folder) != commit:
            return "its HEAD moved while the check ran"
        altered = set(git.changes(folder).tracked) ^ set(before.tracked)
        if before.tracked:
            altered |= {change.path for change in Objects(git).diff(tree, self._content())} & set(before.tracked)
        return f"the check changed {', '.join(sorted(altered)[:3])}" if altered else ""

    def _changed(self, tree: Oid) -> list[str]:
        """The paths in which `tree` differs from where the work began."""
        begun = self.subject.base
        return [change.path for change in Objects(self.site.git).diff(begun, tree)] if begun else []

    def _content(self) -> Oid:
        folder = self.subject.folder
        return Objects(self.site.git).tree_of_folder(folder, temporary_folder(folder) / "content.index")

    def _job(self, name: str, check: Check, kept: Path, bytecode: Path) -> Job:
        subject, temporary = self.subject, temporary_folder(self.subject.folder) / name
        temporary.mkdir(exist_ok=True)
        own = reports.witnessed(subject.own, kept) | {
            "TMPDIR": str(temporary),
            "PYTHONPYCACHEPREFIX": str(bytecode),
            "PYTHONDONTWRITEBYTECODE": "",
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

    def _against_base(self, name: str, check: Check, judged: Judged) -> Answering:
        """The same, or base-red when every test that failed here fails where this work began."""
        subject, begun = self.subject, self.subject.base
        if not judged.failed or subject.elsewhere is None or begun is None:
            return judged
        if self.site.git.tree_of(begun) == judged.tree:
            return judged
        place_name = f"{subject.name}-base"
        with scratch_tree(self.site, place_name, begun) as place:
            other = _Work(self.site, self.store, subject.elsewhere(place_name, place), self.options, self.tell)
            fault = yield from other._set_up()
            base = (
                other._judged(name, *fault)
                if fault
                else (yield from other.answer(name, structs.replace(check, retries=0)))
            )
        if base.verdict is Verdict.CANCELLED:
            return replace(judged, verdict=base.verdict, reason=base.reason)
        if base.verdict is not Verdict.FAIL or not set(judged.failed) <= set(base.failed):
            return judged
        reason = f"{len(judged.failed)} failed, all of them red on {begun[:10]} as well"
        return replace(judged, verdict=Verdict.BASE_RED, reason=reason)

    def _judged(self, check: str, verdict: Verdict, reason: str) -> Judged:
        nothing = Oid("")
        return Judged(self.subject.name, check, verdict, reason, nothing, nothing, "", 0.0, time.time(), "")
