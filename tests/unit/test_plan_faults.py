"""Wrong plans: every fault with its line and its trail, all at once, and never anything but PlanError."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staddle.core.errors import PlanError
from staddle.edges.plans import LARGEST, load_plan, parse_plan

from .broken_plans import BROKEN, PLAN, Broken

CORRECT = "correct these lines, then run: staddle plan"
CHOOSE = "write one with: staddle init, or name another with: --plan FILE"
SECONDS = 20  # far more than needed, far less than what a bomb would take


def faults_of(text: str) -> str:
    with pytest.raises(PlanError) as caught:
        parse_plan(text.encode("utf-8", "surrogatepass"), "plan")
    return caught.value.what


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_fault_is_reported_with_its_line_its_place_and_its_reason(broken: Broken) -> None:
    assert faults_of(PLAN.replace(broken.old, broken.new)) == "\n".join(f"plan:{fault}" for fault in broken.faults)


def test_all_faults_are_reported_at_once_in_the_order_of_lines() -> None:
    text = PLAN
    for old, new in (
        ("project: venture\n", ""),
        ("[.env]", "[../.env]"),
        ("    service: control-plane-api", "    service: &a api"),
        ("feat/venture-m3-treasury-api", "feature/x"),
        ("    scope: treasury", "    scop: treasury"),
        ("[M1]", "[M1, M9, M33]"),
        ("limit: 900", "limit: soon"),
    ):
        text = text.replace(old, new)
    assert faults_of(text).splitlines() == [
        "plan:1: 'project' is missing",
        "plan:4: surroundings.copy[0]: '../.env' is refused: it leaves the checkout",
        "plan:13: anchors (&name) are not used here",
        "plan:19: M3: 'scope' is missing",
        "plan:23: M3.branch: 'feature/x' is not feat/<project>-m3-<name>: feature/ is spelled feat/ here",
        "plan:25: M3: unknown key 'scop'; did you mean 'scope'?",
        "plan:26: M3.needs[1]: 'M9' is no milestone of this plan",
        "plan:26: M3.needs[2]: 'M33' is no milestone of this plan; did you mean 'M3'?",
        "plan:35: M3.checks.full.limit: 'soon' is not a number of seconds, from 1 to 604800 (a week)",
    ]


def test_a_milestone_is_called_by_its_id_wherever_the_id_stands() -> None:
    text = PLAN.replace("  - id: M3\n    service", "  - service").replace("scope: treasury", "scope: X\n    id: M3")
    assert faults_of(text) == "plan:25: M3.scope: 'X' is not a name of a-z, 0-9 and -, beginning with a letter"


def test_faults_end_after_two_hundred() -> None:
    lines = faults_of("".join(f"key{number}: x\n" for number in range(5000))).splitlines()
    assert lines[-2:] == ["plan:200: unknown key 'key199'", "plan: there may be more, only 200 faults are shown"]


def test_a_fault_in_the_text_comes_with_something_to_do() -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(b"", "plan")
    assert (caught.value.hint, caught.value.exit_code) == (CORRECT, 2)


def make_nothing(path: Path) -> None:
    assert not path.exists()


def make_large(path: Path) -> None:
    path.write_bytes(b"#" * (LARGEST + 1))


def make_circular(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_nothing, "milestones.yaml: No such file or directory"),
        (Path.mkdir, "milestones.yaml: a directory"),
        (os.mkfifo, "milestones.yaml: no regular file"),
        (make_large, "milestones.yaml: larger than 256 kB, which no plan needs"),
        (make_circular, "milestones.yaml: Too many levels of symbolic links"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_no_file_to_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "milestones.yaml")
    with pytest.raises(PlanError) as caught:
        load_plan(tmp_path / "milestones.yaml")
    assert (caught.value.what, caught.value.hint) == (message, CHOOSE)


def test_a_file_elsewhere_is_called_by_its_whole_path(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(tmp_path / "none.yaml")
    assert caught.value.what == f"{tmp_path}/none.yaml: No such file or directory"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x89PNG\r\n\x1a\n", "plan:1: not UTF-8 text (byte 0x89)"),
        ("version: 1\nproject: é".encode("latin-1"), "plan:2: not UTF-8 text (byte 0xe9)"),
        (PLAN.encode("utf-16"), "plan:1: not UTF-8 text (byte 0xff)"),
        (b"version: 1\n\0", "plan:2: the control character '\\x00' cannot stand here"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(data, "plan")
    assert caught.value.what == message


HOSTILE = {
    "aliases upon aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 40)),
    "an alias of itself": "a: &a [*a]",
    "lists 50 000 deep": "[" * 50_000,
    "mappings 50 000 deep": "{a: " * 50_000,
    "blocks 50 000 deep": "- " * 50_000,
    "keys 50 000 deep": "? " * 50_000,
    "indented ever deeper": "".join(f"{' ' * n}a:\n" for n in range(700)),
    "a code tag": "a: !!python/object/apply:os.system [exit 1]",
    "a number of 5000 digits": "version: " + "9" * 5000,
    "a directive of 5000 digits": f"%YAML {'1' * 5000}.1\n---\n",
    "a long key": "k" * 250_000 + ": 1",
    "a quarter of a megabyte of keys": "".join(f"milestone{number}: x\n" for number in range(14_000)),
    "a quarter of a megabyte of items": "[" + "a," * 125_000 + "]",
    "a quarter of a megabyte of bells": "\a" * 250_000,
    "thousands of circles": "milestones:\n" + "".join(f"- {{id: M{n}, needs: [M{n}]}}\n" for n in range(1, 8000)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_plan_is_refused_soon(text: str) -> None:
    begun = time.process_time()
    faults = faults_of(text)
    assert time.process_time() - begun < SECONDS
    assert len(faults) < 200 * 400


SPOTS = st.integers(0, len(PLAN))
PIECES = st.sampled_from(
    ["\n", "  ", "\t", ": ", "- ", "{", "[", "]", "&a ", "*a", "!!int ", '"', "'", "|", "#", "~", "%", "\\"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(SPOTS, SPOTS, PIECES | st.text(max_size=8)), min_size=1, max_size=4))
def test_any_change_of_a_plan_gives_a_plan_or_a_plan_error(changes: list[tuple[int, int, str]]) -> None:
    text = PLAN
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length % 40 :]
    try:
        parse_plan(text.encode("utf-8", "surrogatepass"), "plan")
    except PlanError as error:
        assert all(line.startswith("plan:") for line in error.what.splitlines())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_plan_error(data: bytes) -> None:
    with pytest.raises(PlanError):
        parse_plan(data, "plan")
