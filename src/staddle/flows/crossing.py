"""Cross-examination: what of the target's tests a content alters, how it bears them, and everybody else's new ones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core import testfiles
from ..core.model import Check
from ..core.names import Oid
from ..core.testfiles import is_of, is_test_file, report_name
from ..core.verdict import Judged, Verdict
from ..edges import reports
from ..edges.objects import Change, Objects

REGULAR = ("100644", "100755")

Files = Mapping[str, tuple[str, Oid] | None]


@dataclass(frozen=True)
class Share:
    """What a content does to the target's tests.

    `altered` names what it alters of them, and of what shapes them; `restored` are its test files as the target has
    them, None for one that the target has not; `new` are those that bring tests, each with its mode and blob.
    """

    altered: tuple[str, ...] = ()
    restored: Files = field(default_factory=dict)
    new: Files = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What a run of tests showed: those that passed, those that failed, and why it says nothing, empty when it does."""

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    fault: str = ""

    @property
    def ran(self) -> frozenset[str]:
        """The tests that came to an end, without their parameters, which may come from code."""
        tests = self.passed | {one for one in self.failed if "::" in one}  # the others are files, not to be imported
        return frozenset(test.partition("[")[0] for test in tests)


def share_of(objects: Objects, target: Oid, tree: Oid) -> Share:
    """What a content, or a commit, does to the tests of the target."""
    altered: list[str] = []
    restored: dict[str, tuple[str, Oid] | None] = {}
    new: dict[str, tuple[str, Oid] | None] = {}
    for change in objects.diff(target, tree):
        found = _altered(objects, change)
        altered += found
        if is_test_file(change.path):
            restored[change.path] = None if change.added else (change.old_mode, change.old)
            if not found and change.new_mode in REGULAR:
                new[change.path] = change.new_mode, change.new
    return Share(tuple(altered), restored, new)


def _altered(objects: Objects, change: Change) -> list[str]:
    """What a change alters of the target's tests, or of what shapes all tests."""
    path, regular = change.path, change.new_mode in REGULAR
    if testfiles.takes_over(path if regular or change.deleted else f"{path}/__init__.py"):
        return [path]
    if testfiles.is_settings(path):
        old, new = (testfiles.pytest_settings(path, text) for text in _texts(objects, change))
        plain = regular or change.deleted
        return [] if plain and old == new else [path]
    if change.added:
        return []
    if testfiles.supports_tests(path):
        return [path]
    if not is_test_file(path):
        return []
    names = testfiles.altered_names(*_texts(objects, change)) if regular else ("all of it",)
    return [f"{path}::{name}" for name in names]


def _texts(objects: Objects, change: Change) -> tuple[str, ...]:
    """A file before and after; empty where it is none."""
    sides = ((change.old_mode, change.old), (change.new_mode, change.new))
    return tuple(objects.blob(oid).decode(errors="replace") if mode in REGULAR else "" for mode, oid in sides)


def crossing_checks(checks: Mapping[str, Check]) -> dict[str, Check]:
    """The checks to cross-examine by: those that report on single tests."""
    return {name: check for name, check in checks.items() if check.evidence == "junit"}


def seen(judged: Sequence[Judged]) -> Seen:
    """What the verdicts on a content come to, test by test."""
    passed, failed = set[str](), set[str]()
    for one in judged:
        if one.verdict is Verdict.EMPTY:
            continue
        found = reports.passed_tests(Path(one.log).with_name("junit.xml")) if one.log else frozenset[str]()
        if not (one.verdict.green or one.verdict is Verdict.FAIL) or not (found or one.failed):
            return Seen(fault=f"{one.check}: {one.verdict}, {one.reason}")
        passed |= found
        failed |= set() if one.verdict.green else set(one.failed)
    return Seen(frozenset(passed - failed), frozenset(failed))


def titles(tests: Iterable[str], paths: Collection[str], author: int) -> frozenset[str]:
    """What people read for those of the tests, as reports name them, that are in these files of candidate `author`."""
    return frozenset(
        f"{path}::{test.removeprefix(report_name(path)).lstrip('.:')} (by b{author})"
        for test in tests
        for path in paths
        if is_of(test, path)
    )
