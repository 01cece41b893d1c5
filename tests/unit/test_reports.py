"""Reports: JUnit files of all kinds, and proofs of where code came from."""

import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from staddle.core.errors import UsageError
from staddle.core.names import Oid
from staddle.core.verdict import Counts, Judged, Verdict
from staddle.edges.reports import (
    TAIL_BYTES,
    TAIL_LINES,
    failure_tail,
    log_tail,
    make_room,
    merge_junit,
    read_junit,
)
from staddle.edges.witness import foreign_imports, witnessed

CASE = '<testcase classname="tests.test_it" name="{}">{}</testcase>'


def report(folder: Path, **cases: str) -> Path:
    """A report with these cases, each with what is inside."""
    path = folder / "junit.xml"
    inner = "".join(CASE.format(name, inside) for name, inside in cases.items())
    path.write_text(f"<testsuites><testsuite>{inner}</testsuite></testsuites>")
    return path


def test_every_kind_of_case_is_counted_once(tmp_path: Path) -> None:
    kinds = {"good": "", "skip": "<skipped/>", "xfail": '<skipped type="pytest.xfail"/>', "bad": "<failure/>"}
    path = report(tmp_path, **kinds, broken="<error/>", both="<failure/><skipped/>", said="<system-out>x</system-out>")
    names = tuple(f"tests.test_it::{name}" for name in ("bad", "broken", "both"))
    assert read_junit(path) == Counts(2, 2, names)


def test_a_test_that_fails_and_whose_teardown_fails_too_is_one(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(f"<testsuite>{CASE.format('x', '<failure/>')}{CASE.format('x', '<error/>')}</testsuite>")
    assert read_junit(path) == Counts(0, 0, ("tests.test_it::x",))


@pytest.mark.parametrize("text", [None, "", "<testsuite><testcase", "no report", "<html/>"])
def test_what_is_no_report_counts_nothing(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "junit.xml"
    if text is not None:
        path.write_text(text)
    assert read_junit(path) in (None, Counts(0, 0))
    assert failure_tail(path) == []


def test_the_last_lines_of_the_first_failure_are_its_tail(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(100)]
    path = report(
        tmp_path, good="", first=f"<failure>{chr(10).join(lines)}\n\n</failure>", second="<error>other</error>"
    )
    assert failure_tail(path) == lines[-TAIL_LINES:]


def test_a_failure_without_text_tells_its_message(tmp_path: Path) -> None:
    assert failure_tail(report(tmp_path, first='<failure message="it broke"/>')) == ["it broke"]


def judged(verdict: Verdict, log: Path | str = "", reason: str = "why") -> Judged:
    """A verdict with this log, a report beside it or not."""
    return Judged("m1", "unit", verdict, reason, Oid(""), Oid(""), "", 1.5, 0.0, str(log))


def merged(tmp_path: Path, *verdicts: Judged) -> ElementTree.Element:
    """The merged report of these verdicts."""
    merge_junit(verdicts, tmp_path / "all.xml")
    return ElementTree.parse(tmp_path / "all.xml").getroot()


def test_a_merged_report_counts_and_holds_all_cases_and_lasts(tmp_path: Path) -> None:
    path = report(tmp_path, good="", bad="<failure/>", broken="<error/>", skip="<skipped/>")
    root = merged(tmp_path, judged(Verdict.FAIL, path.with_name("log")), judged(Verdict.PASS))
    first = {"tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "1.500"}
    assert root[0].attrib == {"name": "m1 unit", **first}
    assert root.attrib == first | {"tests": "5", "time": "3.000"}


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.PASS, None),
        (Verdict.CANCELLED, "skipped"),
        (Verdict.SKIPPED, "skipped"),
        (Verdict.ERROR, "error"),
        (Verdict.TIMEOUT, "failure"),
        (Verdict.DIRTY, "failure"),
    ],
)
def test_a_verdict_without_cases_is_one_case_named_like_the_check(
    tmp_path: Path, verdict: Verdict, told: str | None
) -> None:
    ((case,),) = merged(tmp_path, judged(verdict))
    assert (case.get("classname"), case.get("name")) == ("m1", "unit")
    assert [(one.tag, one.get("message")) for one in case] == ([(told, "why")] if told else [])


@pytest.mark.parametrize("verdict", [Verdict.EMPTY, Verdict.DIRTY, Verdict.ERROR])
def test_a_red_verdict_on_green_cases_adds_a_red_one(tmp_path: Path, verdict: Verdict) -> None:
    path = report(tmp_path, good="", skip="<skipped/>")
    (suite,) = merged(tmp_path, judged(verdict, path.with_name("log")))
    assert [case.get("name") for case in suite] == ["good", "skip", "unit"]
    assert int(suite.get("failures", "")) + int(suite.get("errors", "")) == 1


def test_what_is_red_on_the_base_as_well_is_skipped_in_the_merged_report(tmp_path: Path) -> None:
    path = report(tmp_path, good="", bad="<failure/><error/>")
    (suite,) = merged(tmp_path, judged(Verdict.BASE_RED, path.with_name("log")))
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "1")
    assert [one.get("message") for one in suite[1]] == ["red on the base as well"]


def test_a_reason_with_control_characters_leaves_the_report_readable(tmp_path: Path) -> None:
    ((case,),) = merged(tmp_path, judged(Verdict.ERROR, reason="\x1b[31mred\x00\udc80"))
    assert case[0].get("message") == "red"


def test_the_tail_of_a_log_is_text_alone(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(100)]
    (tmp_path / "log").write_bytes(b"x" * TAIL_BYTES + "\n".join(["", *lines, "\x1b[31mred\x1b[0m\n\n"]).encode())
    assert log_tail(tmp_path / "log") == [*lines[1 - TAIL_LINES :], "red"]
    assert log_tail(tmp_path / "missing") == []


@pytest.mark.parametrize("name", ["", "a file/all.xml", "folder"])
def test_a_report_that_cannot_be_written_is_told_of_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="no report can be written"):
        make_room(tmp_path / name)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a package at its top, one below src, a module, and folders without Python."""
    for name in ("app/core.py", "src/thing/__init__.py", "single.py", "packaging/rules", "json/own.py"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).touch()
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("name", "place", "foreign"),
    [
        ("app", "{tree}/app/__init__.py", False),
        ("app", "/elsewhere/app/__init__.py", True),
        ("thing", "{tree}/src/thing/__init__.py", False),
        ("thing", "{tree}-old/src/thing/__init__.py", True),
        ("thing", "{tree}/.venv/lib/python3.11/site-packages/thing/__init__.py", False),
        ("single", "/elsewhere/single.py", True),
        ("packaging", "/usr/lib/python3/packaging/__init__.py", False),
        ("json", "/usr/lib/python3/json/__init__.py", False),
        ("pytest", "/usr/lib/python3/pytest/__init__.py", False),
    ],
)
def test_the_trees_own_code_from_elsewhere_is_named(tree: Path, name: str, place: str, foreign: bool) -> None:
    proof = tree.parent / "imports"
    proof.write_text(f"os\t/usr/lib/python3/os.py\n{name}\t{place.format(tree=tree)}\n")
    said = foreign_imports(proof, tree)
    assert said.startswith(f"{name} was imported from") if foreign else said == ""


def test_a_link_to_the_tree_is_the_tree(tree: Path) -> None:
    link, proof = tree.parent / "link", tree.parent / "imports"
    link.symlink_to(tree)
    proof.write_text(f"app\t{link}/app/core.py\n")
    assert foreign_imports(proof, tree) == foreign_imports(proof, link) == ""


def test_without_a_proof_nothing_is_foreign(tree: Path) -> None:
    assert foreign_imports(tree / "missing", tree) == ""


def test_what_the_plan_tells_python_and_pytest_stays_said(tmp_path: Path) -> None:
    own = {"PYTHONPATH": "src", "PYTEST_ADDOPTS": "-k 'a b'", "PYTEST_PLUGINS": "mine", "TZ": "Asia/Tokyo"}
    said = witnessed(own, tmp_path / "a place")
    assert said["PYTHONPATH"].startswith("src:")
    assert said["PYTEST_PLUGINS"].startswith("mine,")
    assert said["TZ"] == "Asia/Tokyo"
    assert shlex.split(said["PYTEST_ADDOPTS"])[:3] == ["-k", "a b", f"--junit-xml={tmp_path}/a place/junit.xml"]
