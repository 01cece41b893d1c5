"""Reports: what test runners leave behind - JUnit files, and where they imported the code under test from."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from ..core.errors import UsageError
from ..core.verdict import Counts, Judged, Verdict
from .masking import masked

TAIL_LINES, TAIL_BYTES = 20, 1 << 16
NOT_TEXT = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What terminals obey and XML cannot hold: escape sequences, control characters, halves of characters."""
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
"""What may befall a case, and the attribute of a suite that counts it."""


def _cases(path: Path) -> list[ElementTree.Element] | None:
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - our own check wrote it; expat bounds entity growth
    except (OSError, ElementTree.ParseError):
        return None
    for said in root.iter():
        if said.text and not said.text.isspace():
            said.text = masked(said.text)
        if "message" in said.attrib:
            said.set("message", masked(said.attrib["message"]))
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


def log_tail(path: Path) -> list[str]:
    """The last lines of a log, as text alone; none when there is no such file or nothing in it."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except OSError:
        return []
    return NOT_TEXT.sub("", text).rstrip().splitlines()[-TAIL_LINES:]


def make_room(target: Path) -> None:
    """Let an empty report be there from the start; UsageError when none can be written there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"")
    except OSError as error:
        what = f"no report can be written to {str(target)!r}: {error.strerror}"
        raise UsageError(what, "--junit report.xml") from None


def merge_junit(verdicts: Sequence[Judged], target: Path) -> None:
    """Write one report of many verdicts: a suite for each, red where the verdict is and nowhere else."""
    root = ElementTree.Element("testsuites")
    for judged in verdicts:
        suite = ElementTree.SubElement(root, "testsuite", {"name": f"{judged.target} {judged.check}"})
        suite.extend(_verdict_cases(judged))
        _count(suite, suite.iter("testcase"), judged.seconds)
    _count(root, root.iter("testcase"), sum(judged.seconds for judged in verdicts))
    ElementTree.ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)


def _verdict_cases(judged: Judged) -> list[ElementTree.Element]:
    """The cases that a verdict rests on, and one named like its check when these alone do not say it."""
    cases = _cases(Path(judged.log).with_name("junit.xml")) or [] if judged.log else []
    calm = judged.verdict.green or judged.verdict in (Verdict.CANCELLED, Verdict.SKIPPED)
    red = [case for case in cases if _fault(case) is not None]
    if calm:
        excuse = "red on the base as well" if judged.verdict is Verdict.BASE_RED else judged.reason
        for case in red:
            _excuse(case, excuse)
    if (judged.verdict.green and cases) or (red and not calm):
        return cases
    name = {"classname": judged.target, "name": judged.check, "time": f"{judged.seconds:.3f}"}
    own = ElementTree.Element("testcase", name)
    if not judged.verdict.green:
        kind = "skipped" if calm else "error" if judged.verdict is Verdict.ERROR else "failure"
        ElementTree.SubElement(own, kind, {"message": NOT_TEXT.sub("", judged.reason)})
    return [*cases, own]


def _excuse(case: ElementTree.Element, why: str) -> None:
    for fault in [*case.findall("failure"), *case.findall("error")]:
        case.remove(fault)
    ElementTree.SubElement(case, "skipped", {"message": NOT_TEXT.sub("", why)})


def _count(suite: ElementTree.Element, cases: Iterable[ElementTree.Element], seconds: float) -> None:
    """Write the sums of these cases into the attributes of a suite."""
    kinds = [[kind for kind in COUNTED if case.find(kind) is not None] for case in cases]
    suite.set("tests", str(len(kinds)))
    for kind, word in COUNTED.items():
        suite.set(word, str(sum(kind in found for found in kinds)))
    suite.set("time", f"{seconds:.3f}")
