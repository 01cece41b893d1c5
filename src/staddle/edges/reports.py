"""Reports: what test runners leave behind - JUnit files, and where they imported the code under test from."""

from pathlib import Path
from xml.etree import ElementTree

from ..core.verdict import Counts

TAIL_LINES = 20
EVIDENCE = Path(__file__).resolve().parents[1] / "evidence"
"""On the path of every check: a pytest plugin that writes down where modules came from."""
PLUGIN = "staddle_evidence"


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
    failed = tuple(_name(case) for case in cases if _fault(case) is not None)
    skipped = sum(_fault(case) is None and case.find("skipped") is not None for case in cases)
    return Counts(len(cases) - len(failed) - skipped, skipped, failed)


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
        suite = ElementTree.SubElement(root, "testsuite", name=name)
        suite.extend(_cases(path) or ())
    ElementTree.ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)


def foreign_imports(path: Path, tree: Path) -> str:
    """Which of the tree's own packages were imported from elsewhere, and from where; empty when none was."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    homes = [tree, tree / "src"]
    for name, _, place in (line.partition("\t") for line in lines):
        own = any((home / name).is_dir() or (home / f"{name}.py").is_file() for home in homes)
        if own and not Path(place).resolve().is_relative_to(tree.resolve()):
            return (
                f"{name} was imported from {place}, not from this tree: an editable install or a .pth file points there"
            )
    return ""
