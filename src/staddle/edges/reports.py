"""Reports: what test runners leave behind - JUnit files, and where they imported the code under test from."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from ..core.verdict import Counts

TAIL_LINES = 20
EVIDENCE = Path(__file__).resolve().parents[1] / "evidence"
"""On the path of every check: a pytest plugin that writes down where modules came from."""
PLUGIN = "staddle_evidence"


def witnessed(own: Mapping[str, str], kept: Path) -> dict[str, str]:
    """A check's variables: its tree's `own`, and those by which pytest leaves a report and a list of imports in `kept`.

    What the plan says to Python and pytest stays said. The cache of pytest is new each time: what ran last, or failed
    last, is no part of the question.
    """
    options = shlex.join([f"--junit-xml={kept / 'junit.xml'}", "-o", f"cache_dir={kept / 'cache'}"])
    return {
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        **own,
        "PYTEST_ADDOPTS": f"{own.get('PYTEST_ADDOPTS', '')} {options}".strip(),
        "PYTEST_PLUGINS": ",".join(filter(None, (own.get("PYTEST_PLUGINS"), PLUGIN))),
        "PYTHONPATH": os.pathsep.join(filter(None, (own.get("PYTHONPATH"), str(EVIDENCE)))),
        "COVERAGE_FILE": str(kept / "coverage"),
        "STADDLE_JUNIT": str(kept / "junit.xml"),
        "STADDLE_IMPORTS": str(kept / "imports"),
    }


def _cases(path: Path) -> list[ElementTree.Element] | None:
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - our own check wrote it; expat bounds entity growth
    except (OSError, ElementTree.ParseError):
        return None
    return list(root.iter("testcase"))


def _name(case: ElementTree.Element) -> str:
    return "::".join(filter(None, (case.get("classname"), case.get("name"))))


def _fault(case: ElementTree.Element) -> ElementTree.Element | None:
    failure = case.find("failure")
    return failure if failure is not None else case.find("error")


def read_junit(path: Path) -> Counts | None:
    """The counts of a JUnit report, None when it is missing or not one."""
    cases = _cases(path)
    if cases is None:
        return None
    red = {_name(case): None for case in cases if _fault(case) is not None}  # a test may fail, and its teardown too
    others = [case for case in cases if _name(case) not in red]
    skipped = sum(case.find("skipped") is not None for case in others)
    return Counts(len(others) - skipped, skipped, tuple(red))


def passed_tests(path: Path) -> frozenset[str]:
    """The names of the tests that passed, as the report names them; none without one."""
    passed = (case for case in _cases(path) or () if _fault(case) is None and case.find("skipped") is None)
    return frozenset(map(_name, passed))


def failure_tail(path: Path) -> list[str]:
    """The last lines of what the report says of its first failing test; none without one."""
    found = (fault for case in _cases(path) or () if (fault := _fault(case)) is not None)
    first = next(found, None)
    text = "" if first is None else first.text or first.get("message") or ""
    return text.rstrip().splitlines()[-TAIL_LINES:]


def merge_junit(suites: dict[str, Path], target: Path) -> None:
    """Write one report of many: a test suite for each name, its cases as they are."""
    root = ElementTree.Element("testsuites")
    for name, path in suites.items():
        cases = _cases(path) or []
        kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        counted = {word: str(sum(case.find(kind) is not None for case in cases)) for word, kind in kinds.items()}
        suite = ElementTree.SubElement(root, "testsuite", {"name": name, "tests": str(len(cases)), **counted})
        suite.extend(cases)
    ElementTree.ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)


def foreign_imports(path: Path, tree: Path) -> str:
    """Which of the tree's own packages were imported from elsewhere, and from where; empty when none was."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for name, _, place in (line.partition("\t") for line in lines):
        if _is_own(name, tree) and not Path(place).resolve().is_relative_to(tree.resolve()):
            return (
                f"{name} was imported from {place}, not from this tree: an editable install or a .pth file points there"
            )
    return ""


def _is_own(name: str, tree: Path) -> bool:
    """Whether a module of this name has its code in the tree; a folder without Python is none."""
    if name in sys.stdlib_module_names:
        return False
    homes = (tree / name, tree / "src" / name)
    return any(home.with_suffix(".py").is_file() or any(home.glob("*.py")) for home in homes)
