"""Verdicts: what a finished check proves, judged from evidence and never from the exit code alone.

pytest ends with 0 when a test calls `os._exit(0)` and when every test is skipped; so a pass needs the
exit code, a report, at least one test that ran, a tree that the check left as it was, and code that
was imported from that very tree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from .names import Oid
from .unit import Ended


class Verdict(StrEnum):
    """What a check came to; `whose` says who has to do something about it."""

    PASS = "pass"
    FAIL = "fail"
    FLAKY = "flaky"
    """Red, then green with nothing changed; the test is not this tree's own."""
    NEW_FLAKY = "new-flaky"
    """The same, of a test that this tree adds or changes."""
    BASE_RED = "base-red"
    """The tests that are red here are red where this tree began."""
    EMPTY = "empty"
    DIRTY = "dirty"
    TIMEOUT = "timeout"
    ERROR = "error"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def whose(self) -> str:
        """Whose it is: the tree's own, the base's, the machine's, or nobody's."""
        return WHOSE.get(self, "tree")

    @property
    def green(self) -> bool:
        """Whether it lets its tree land."""
        return self in (Verdict.PASS, Verdict.FLAKY, Verdict.BASE_RED)


WHOSE = {
    Verdict.PASS: "nobody",
    Verdict.SKIPPED: "nobody",
    Verdict.CANCELLED: "nobody",
    Verdict.FLAKY: "base",
    Verdict.BASE_RED: "base",
    Verdict.ERROR: "machine",
}


@dataclass(frozen=True)
class Counts:
    """What a test report says: how many passed and were skipped, and the names of those that failed."""

    passed: int
    skipped: int
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """The verdict on one check of one target, and all that it rests on.

    `tree` is the content that was judged, uncommitted work included, and `commit` what HEAD was; `key` is the question
    that was answered. `cached` tells that the answer is an earlier one, `whole` that the report holds every test that
    was collected; `finished` is in seconds since the epoch.
    """

    target: str
    check: str
    verdict: Verdict
    reason: str
    tree: Oid
    commit: Oid
    key: str
    seconds: float
    finished: float
    log: str
    passed: int = 0
    skipped: int = 0
    failed: tuple[str, ...] = ()
    attempts: int = 1
    cached: bool = False
    coverage: str = ""
    whole: bool = True


POLICY = "policy"
"""In the place of a check's name: the plan's rules on which paths a tree may change."""

NOT_RUN = {126: "the command is not executable", 127: "the command was not found"}
BY_SETUP = "`setup:` in the plan is to install it"
"""What helps a check whose program is not in its tree."""
ASKED_TO_SKIP = 125
OUT_OF_MEMORY = (-9, 128 + 9)
NO_REPORT = " (a check without one says so in the plan: evidence: exit-code)"
PYTEST_FAULTS = {3: "pytest broke", 4: "pytest did not understand its arguments"}


def judge(
    ended: Ended, counts: Counts | None, evidence: str, changed: str = "", foreign: str = "", unproven: str = ""
) -> tuple[Verdict, str]:
    """The verdict on one check and the reason to show beside it.

    `counts` is None without a readable report; `changed` says how its tree was altered, `foreign` which code it
    imported from elsewhere, and `unproven` why its report proves no pass; each is empty when there is nothing to say.
    `evidence` is the plan's word, `junit` or `exit-code`.
    """
    if ended.reason == "limit":
        return Verdict.TIMEOUT, f"ended after its limit of {ended.seconds:.0f} s"
    if ended.reason == "cancelled":
        return Verdict.CANCELLED, "stopped before its end"
    if ended.not_found:
        return Verdict.ERROR, f"{ended.message}; {BY_SETUP}"
    if ended.reason != "exited":
        return Verdict.ERROR, ended.message or "its supervisor was ended"
    if ended.rc == ASKED_TO_SKIP:
        return Verdict.SKIPPED, "exit code 125: it asked to be left out"
    if changed:
        return Verdict.DIRTY, changed
    if foreign:
        return Verdict.ERROR, foreign
    if counts is None and ended.rc in OUT_OF_MEMORY:
        return Verdict.ERROR, "killed by signal 9, as when the machine has no memory left"
    if evidence == "exit-code":
        return _by_exit_code(ended)
    verdict, reason = _by_report(ended, counts)
    return (Verdict.ERROR, unproven) if verdict is Verdict.PASS and unproven else (verdict, reason)


def settled(first: Judged, again: Judged, attempts: int, changed: Sequence[str]) -> Judged:
    """What a red attempt and one more come to, in a tree that differs from its base in the files `changed`."""
    if again.verdict is not Verdict.PASS:
        return replace(again, attempts=attempts)
    new = [test for test in first.failed if is_new(test, changed)]
    reason = f"{(new or first.failed or ('it',))[0]} was red, then green with nothing changed"
    if new:
        return replace(first, verdict=Verdict.NEW_FLAKY, attempts=attempts, reason=reason)
    return replace(again, verdict=Verdict.FLAKY, failed=first.failed, attempts=attempts, reason=reason)


def excusable(judged: Judged, base: Judged, changed: Sequence[str], required: Sequence[str]) -> bool:
    """Whether a tree that differs from its base in the files `changed` may go with what is red there as well.

    Every test that is red here has to be red there. It may not be one that the tree adds or changes, nor one that its
    work is `required` to turn green, nor a file that could not even be imported; and no fewer may have run than there.
    """
    names = {_reported(test) for test in required}
    own = [test for test in judged.failed if "::" not in test or test in names or is_new(test, changed)]
    ran, ran_there = (one.passed + one.skipped + len(one.failed) for one in (judged, base))
    return judged.whole and not own and set(judged.failed) <= set(base.failed) and ran >= ran_there


def _reported(test: str) -> str:
    """A test that pytest calls `tests/test_x.py::Class::test_y` as reports name it: `tests.test_x.Class::test_y`."""
    path, *inner = test.split("::")
    return "::".join((".".join((path.removesuffix(".py").replace("/", "."), *inner[:-1])), *inner[-1:]))


def is_new(test: str, changed: Sequence[str]) -> bool:
    """Whether a test, as reports name it (`tests.unit.test_x.Class::test_y`), is in one of these changed files."""
    module = test.partition("::")[0] + "."
    return any(module.startswith(path.removesuffix(".py").replace("/", ".") + ".") for path in changed)


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
        return Verdict.FAIL, f"{len(counts.failed)} failed, first {counts.failed[0]}"
    if counts.passed == 0:
        return Verdict.EMPTY, f"no test ran ({counts.skipped} skipped)"
    if ended.rc != 0:
        return Verdict.FAIL, _exit(ended, "though no test failed")
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    left = len(ended.strays)
    strays = f"; {left} process{'es' * (left > 1)} outlived it, now ended" if left else ""
    return Verdict.PASS, f"{counts.passed} passed{skipped}{strays}"


def _exit(ended: Ended, why: str) -> str:
    return f"killed by signal {-ended.rc}, {why}" if ended.rc < 0 else f"exit code {ended.rc}, {why}"
