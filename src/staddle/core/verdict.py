"""Verdicts: what a finished check proves, judged from evidence and never from the exit code alone.

pytest ends with 0 when a test calls `os._exit(0)` and when every test is skipped; so a pass needs the
exit code, a report, at least one test that ran, and a tree that the check left as it was.
"""

from dataclasses import dataclass
from enum import StrEnum

from .unit import Ended


class Verdict(StrEnum):
    """What a check came to. Only `pass` is green; `error` and `cancelled` say nothing about the code."""

    PASS = "pass"
    FAIL = "fail"
    EMPTY = "empty"
    DIRTY = "dirty"
    TIMEOUT = "timeout"
    ERROR = "error"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Counts:
    """What a test report says; `first` names the first test that failed."""

    passed: int
    failed: int
    skipped: int
    first: str = ""


NOT_RUN = {126: "the command is not executable", 127: "the command was not found"}
NO_REPORT = " (a check without one says so in the plan: evidence: exit-code)"
PYTEST_FAULTS = {3: "pytest broke", 4: "pytest did not understand its arguments"}


def judge(ended: Ended, counts: Counts | None, evidence: str, changed: str) -> tuple[Verdict, str]:
    """The verdict on one check and the reason to show beside it.

    `counts` is None without a readable report; `changed` says how the check altered its tree, empty
    when it did not; `evidence` is the plan's word, `junit` or `exit-code`.
    """
    if ended.reason == "limit":
        return Verdict.TIMEOUT, f"ended after its limit of {ended.seconds:.0f} s"
    if ended.reason == "cancelled":
        return Verdict.CANCELLED, "stopped before its end"
    if ended.reason != "exited":
        return Verdict.ERROR, ended.message or ended.reason
    if changed:
        return Verdict.DIRTY, changed
    if evidence == "exit-code":
        return _by_exit_code(ended)
    return _by_report(ended, counts)


def _by_exit_code(ended: Ended) -> tuple[Verdict, str]:
    if ended.rc == 0:
        return Verdict.PASS, "exit code 0; no report was asked for"
    if ended.rc in NOT_RUN:
        return Verdict.ERROR, NOT_RUN[ended.rc]
    return Verdict.FAIL, f"exit code {ended.rc}"


def _by_report(ended: Ended, counts: Counts | None) -> tuple[Verdict, str]:
    if ended.rc in NOT_RUN | PYTEST_FAULTS:
        return Verdict.ERROR, (NOT_RUN | PYTEST_FAULTS)[ended.rc]
    if counts is None:
        why = "no test report was written"
        return (
            (Verdict.ERROR, f"exit code 0, but {why}{NO_REPORT}")
            if ended.rc == 0
            else (Verdict.FAIL, _exit(ended, why))
        )
    if counts.failed:
        return Verdict.FAIL, f"{counts.failed} failed, first {counts.first}"
    if counts.passed == 0:
        return Verdict.EMPTY, f"no test ran ({counts.skipped} skipped)"
    if ended.rc != 0:
        return Verdict.FAIL, _exit(ended, "though no test failed")
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    strays = f"; {ended.strays} process{'es' * (ended.strays > 1)} outlived it, now ended" if ended.strays else ""
    return Verdict.PASS, f"{counts.passed} passed{skipped}{strays}"


def _exit(ended: Ended, why: str) -> str:
    return f"killed by signal {-ended.rc}, {why}" if ended.rc < 0 else f"exit code {ended.rc}, {why}"
