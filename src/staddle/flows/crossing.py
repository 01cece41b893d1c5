"""Cross-examination: every candidate against every candidate's new tests, and against the target's own as they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from ..core.model import Check
from ..core.names import Oid
from ..core.testfiles import altered_names, beside, is_of, is_test_file
from ..core.verdict import Judged, Verdict
from ..edges import reports
from ..edges.objects import Change, Objects

GO_ON = {"STADDLE_GO_ON": "1"}
"""What our pytest plugin is told: a test that fails, or cannot even be imported, must not silence the others."""

REGULAR = ("100644", "100755")

Files = dict[str, tuple[str, Oid] | None]


@dataclass(frozen=True)
class Pooled:
    """A new test file in the pool: what it is called at home, whose it is, its mode and its blob."""

    path: str
    number: int
    mode: str
    oid: Oid

    def title(self, test: str, path: str) -> str:
        """What a person reads for one of its tests, `b2 tests/test_x.py::test_y`; it stands at `path` in the pool."""
        inner = test.removeprefix(path.removesuffix(".py").replace("/", ".")).lstrip(".:")
        return f"b{self.number} {self.path}::{inner}"


@dataclass(frozen=True)
class Pool:
    """All new tests by their path in the pool, and of each content what of the target's tests it alters."""

    files: dict[str, Pooled]
    altered: dict[Oid, tuple[str, ...]]
    _own: dict[Oid, list[Change]]

    def __bool__(self) -> bool:
        return bool(self.files) or any(self.altered.values())

    def tree(self, objects: Objects, tree: Oid, index: Path) -> Oid:
        """A content with the target's tests as they are, and all of the pool."""
        files: Files = {
            change.path: None if change.added else (change.old_mode, change.old) for change in self._own[tree]
        }
        files |= {path: (one.mode, one.oid) for path, one in self.files.items()}
        return objects.tree_with(tree, files, index)


@dataclass(frozen=True)
class Crossed:
    """How a content came through: the pooled tests it passes, the target's own, and why those are not all green."""

    passes: frozenset[str] = frozenset()
    own: frozenset[str] = field(default=frozenset(), repr=False)
    broken: str = ""


def pool_of(objects: Objects, target: Oid, contents: Mapping[Oid, int]) -> Pool:
    """The pool of the contents' new tests; `contents` names the candidate that each is to be known by.

    A file that alters a test of the target's is not in it: what it says is not asked for.
    """
    own: dict[Oid, list[Change]] = {}
    altered: dict[Oid, tuple[str, ...]] = {}
    versions = defaultdict[str, dict[Oid, Pooled]](dict)
    kept: set[str] = set()
    for tree, number in sorted(contents.items(), key=lambda item: item[1]):
        own[tree] = [change for change in objects.diff(target, tree) if is_test_file(change.path)]
        found = {change.path: _altered(objects, change) for change in own[tree]}
        altered[tree] = tuple(f"{path}::{name}" for path, names in found.items() for name in names)
        for change in own[tree]:
            if not change.deleted and not found[change.path] and change.new_mode in REGULAR:
                versions[change.path].setdefault(change.new, Pooled(change.path, number, change.new_mode, change.new))
                kept |= set() if change.added else {change.path}
    files = {
        path if len(several) == 1 and path not in kept else beside(path, one.number): one
        for path, several in versions.items()
        for one in several.values()
    }
    return Pool(files, altered, own)


def _altered(objects: Objects, change: Change) -> tuple[str, ...]:
    if change.added:
        return ()
    if change.deleted or change.new_mode not in REGULAR:
        return ("all of it",)
    old, new = (objects.blob(oid).decode(errors="replace") for oid in (change.old, change.new))
    return altered_names(old, new)


def crossing_checks(checks: Mapping[str, Check]) -> dict[str, Check]:
    """The checks to cross-examine by: those that report on single tests, each asked once."""
    return {name: structs.replace(check, retries=0) for name, check in checks.items() if check.evidence == "junit"}


def crossed(pool: Pool, judged: Sequence[Judged]) -> Crossed:
    """What the verdicts on a content in the pool come to."""
    passed, failed = set[str](), set[str]()
    for one in judged:
        if one.verdict not in (Verdict.PASS, Verdict.FAIL):
            return Crossed(broken=f"cross-examination by {one.check}: {one.verdict}, {one.reason}")
        found = reports.passed_tests(Path(one.log).with_name("junit.xml"))
        if not found and not one.failed:
            return Crossed(broken=f"cross-examination by {one.check}: {one.reason}")
        passed |= found
        failed |= set(one.failed)
    titles = {test: _title(pool, test) for test in passed | failed}
    own = sorted(test for test in failed if not titles[test])
    return Crossed(
        passes=frozenset(titles[test] for test in passed - failed if titles[test]),
        own=frozenset(test.partition("[")[0] for test in passed if not titles[test]),  # parameters may come from code
        broken=f"the target's own tests are red: {own[0]}" if own else "",
    )


def _title(pool: Pool, test: str) -> str:
    """What a pooled test is called among people; empty for one of the target's own."""
    return next((one.title(test, path) for path, one in pool.files.items() if is_of(test, path)), "")
