"""Checking: run declared checks inside trees, side by side, and judge them by their evidence."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.model import Check
from ..core.names import Oid
from ..core.unit import Ended, Job
from ..core.verdict import Verdict, judge
from ..edges import reports
from ..edges.engine import LocalEngine
from ..edges.git import Changes
from ..edges.reports import Judged
from ..edges.state import SECRET_FOLDER
from ..edges.surroundings import environment, temporary_folder
from .workspace import Site

SET_UP_SECONDS = 900.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Subject:
    """A tree to be judged: its target (`m3`, `run42-b2`), its checks, and the variables that are its own.

    `setup` are commands to run in it first; when one fails, the checks do not run.
    """

    name: str
    folder: Path
    checks: Mapping[str, Check]
    own: Mapping[str, str]
    setup: Sequence[tuple[str, ...]] = ()


@dataclass(frozen=True)
class _Lane:
    """A subject, what its tree held when its checks began, and its jobs by their unit; set-up jobs have no check."""

    subject: Subject
    commit: Oid | None
    changes: Changes
    jobs: Mapping[str, Job]
    checks: Mapping[str, str]
    verdicts: dict[str, Judged] = field(default_factory=dict)


def run_checks(site: Site, subjects: Sequence[Subject], *, at_once: int | None, tell: Tell) -> list[Judged]:
    """The verdicts on the subjects' checks, in order; each tree's run one after another. The caller holds the trees."""
    lanes = {subject.name: _lane(site, subject) for subject in subjects}

    def ended(name: str, end: Ended) -> None:
        for judged in _judged(site, lanes[name], end):
            reports.keep(site.state, judged)
            lanes[name].verdicts[judged.check] = judged
            tell(f"{name} {judged.check}: {judged.verdict}, {judged.reason} ({judged.seconds:.1f} s)")

    jobs = {name: list(lane.jobs.values()) for name, lane in lanes.items()}
    units = {unit for lane in lanes.values() for unit in lane.checks}
    LocalEngine(at_once).run_lanes(jobs, on_ended=ended, stop_lane=lambda end: end.unit not in units and not end.ok)
    return [lane.verdicts[check] for lane in lanes.values() for check in lane.subject.checks]


def set_up_jobs(
    site: Site, name: str, folder: Path, commands: Sequence[tuple[str, ...]], own: Mapping[str, str]
) -> list[Job]:
    """The jobs that set a tree up, in order."""
    logs = site.state.folder / "logs" / name
    logs.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
    env = environment(own, folder, with_tools=True)
    return [
        Job(
            unit=site.unit(name, "setup", str(number)),
            argv=argv,
            cwd=folder,
            env=env,
            stdin=None,
            log=logs / f"setup-{number}.log",
            limit=SET_UP_SECONDS,
        )
        for number, argv in enumerate(commands, 1)
    ]


def why_not(ended: Ended, job: Job) -> str:
    """Why a set-up command did not end well, and where to read more."""
    what = f"exit code {ended.rc}" if ended.reason == "exited" else ended.message or ended.reason
    return f"`{' '.join(job.argv)}`: {what}; see {job.log}"


def _lane(site: Site, subject: Subject) -> _Lane:
    jobs = {job.unit: job for job in set_up_jobs(site, subject.name, subject.folder, subject.setup, subject.own)}
    checks = {site.unit(subject.name, name): name for name in subject.checks}
    jobs |= {unit: _job(site, subject, unit, name) for unit, name in checks.items()}
    commit, changes = site.git.commit_at(subject.folder), site.git.changes(subject.folder)
    return _Lane(subject, commit, changes, jobs, checks)


def _job(site: Site, subject: Subject, unit: str, name: str) -> Job:
    check, kept = subject.checks[name], reports.check_folder(site.state, subject.name, name)
    report = kept / "junit.xml"
    report.unlink(missing_ok=True)
    temporary = temporary_folder(subject.folder) / name
    temporary.mkdir(exist_ok=True)
    own = dict(subject.own) | {
        "TMPDIR": str(temporary),
        "PYTHONPYCACHEPREFIX": str(temporary / "pycache"),
        "PYTEST_ADDOPTS": f"-p no:cacheprovider --junit-xml={report}",
        "COVERAGE_FILE": str(kept / "coverage"),
        "STADDLE_JUNIT": str(report),
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
    }
    return Job(
        unit=unit,
        argv=check.run.argv,
        cwd=subject.folder,
        env=environment(own, subject.folder, with_tools=False),
        stdin=None,
        log=kept / "log",
        limit=float(check.limit),
    )


def _judged(site: Site, lane: _Lane, end: Ended) -> list[Judged]:
    """The verdicts that the end of a job gives: one on its check, or one on each when the set-up failed."""
    if end.unit in lane.checks:
        name = lane.checks[end.unit]
        junit = reports.read_junit(reports.check_folder(site.state, lane.subject.name, name) / "junit.xml")
        verdict, reason = judge(end, junit, lane.subject.checks[name].evidence, _changed(site, lane))
        return [_verdict(lane, name, verdict, reason, end)]
    if end.ok:
        return []
    why = f"set-up failed: {why_not(end, lane.jobs[end.unit])}"
    return [_verdict(lane, name, Verdict.ERROR, why, end) for name in lane.subject.checks]


def _verdict(lane: _Lane, check: str, verdict: Verdict, reason: str, end: Ended) -> Judged:
    coverage = lane.subject.folder / "htmlcov" / "index.html"
    fresh = coverage.exists() and coverage.stat().st_mtime >= time.time() - end.seconds - 1
    return Judged(
        target=lane.subject.name,
        check=check,
        verdict=verdict,
        reason=reason,
        commit=lane.commit or Oid(""),
        clean=not lane.changes,
        seconds=end.seconds,
        finished=time.time(),
        log=str(end.log),
        coverage=str(coverage) if fresh else "",
    )


def _changed(site: Site, lane: _Lane) -> str:
    """How the tree differs from what it held when its checks began, empty when it does not."""
    if site.git.commit_at(lane.subject.folder) != lane.commit:
        return "its HEAD moved while the check ran"
    new = set(site.git.changes(lane.subject.folder).tracked) - set(lane.changes.tracked)
    return f"the check changed {', '.join(sorted(new)[:3])}" if new else ""
