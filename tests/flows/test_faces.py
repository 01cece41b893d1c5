"""What people see of verdicts: the report and the table, the lines below, what is left out, and the refusals."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from staddle.core.names import Oid
from staddle.core.verdict import Judged, Verdict
from staddle.edges.state import State
from staddle.edges.verdicts import Store
from tests.flows.living import SECONDS
from tests.flows.proving import GREEN, RED, Product, product
from tests.flows.running import tree, work
from tests.kit import STADDLE, Repository

__all__ = ["product"]
Planned = Callable[..., Repository]
COLOUR = "\x1b["
LONG = "def test_it(): assert 0, 'a word ' * 40\n"
ECHO: dict[str, Any] = {"evidence": "exit-code", "retries": 0}


def screen(argv: list[str], at: Path, code: int = 0, **env: str) -> str:
    """What a command writes when both its outputs are one terminal of 80 columns."""
    reader, writer = pty.openpty()
    told = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"} | env
    with subprocess.Popen(argv, cwd=at, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, env=told) as process:
        os.close(writer)
        text = "".join(_pieces(reader))
        assert process.wait(SECONDS) == code, text
    return text.replace("\r\n", "\n")


def _pieces(reader: int) -> Iterator[str]:
    """All that comes out of a terminal until its last writer has gone."""
    while True:
        assert select.select([reader], (), (), SECONDS)[0], "nothing came out of the terminal"
        try:
            yield os.read(reader, 1 << 16).decode()
        except OSError:  # Linux: the other side is closed
            os.close(reader)
            return


def settled(text: str) -> list[str]:
    """The lines that such a screen shows in the end."""
    lines = [""]
    for word in re.split(r"(\n|\x1b\[\d*[A-Za-z])", text):
        if found := re.fullmatch(r"\x1b\[(\d+)F", word):
            del lines[len(lines) - 1 - int(found[1]) :]
            lines.append("")
        elif word == "\n":
            lines.append("")
        elif not word.startswith("\x1b"):
            lines[-1] += word
    return lines


# --- the report --------------------------------------------------------------------------------------------------


def test_a_check_that_leaves_no_report_is_a_case_in_the_merged_one(product: Product, tmp_path: Path) -> None:
    checks = {"none": {"run": "no-such-program"}, "fine": ECHO | {"run": "true"}, "bad": ECHO | {"run": "false"}}
    repository = product.make(keys={"checks": {}})
    plan = json.loads((repository.main / "milestones.yaml").read_text())
    plan["milestones"][0]["checks"] = checks
    (repository.main / "milestones.yaml").write_text(json.dumps(plan))
    repository.staddle("verify", "--junit", str(tmp_path / "new" / "all.xml"), code=1)
    root = ElementTree.parse(tmp_path / "new" / "all.xml").getroot()
    assert [(suite.get("name"), [one.tag for one in suite[0]]) for suite in root] == [
        ("m1 none", ["error"]),
        ("m1 fine", []),
        ("m1 bad", ["failure"]),
    ]
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]


def test_a_test_that_is_red_on_the_base_as_well_is_no_failure_of_the_report(product: Product, tmp_path: Path) -> None:
    product.make(new=GREEN, old=RED).staddle("verify", "--junit", str(tmp_path / "all.xml"))
    root = ElementTree.parse(tmp_path / "all.xml").getroot()
    assert [root.get(name) for name in ("tests", "failures", "skipped")] == ["2", "0", "1"]


@pytest.mark.parametrize("name", ["", ".", "README.md/all.xml"])
def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(product: Product, name: str) -> None:
    repository = product.make(run={"shell": f"echo ran >> {product.outside}/ran"}, **ECHO)
    assert "no report can be written" in repository.staddle("verify", "--junit", name, code=2).stderr
    assert product.lines() == []


# --- what is verified --------------------------------------------------------------------------------------------


def test_all_leaves_out_what_has_no_tree_and_says_so(product: Product) -> None:
    repository = product.make(GREEN, keys={"checks": {"suite": {"run": "true", **ECHO}}})
    repository.staddle("spawn", "run42", "2")
    subprocess.run(["rm", "-r", str(tree(repository, 1))], check=True)
    said = repository.staddle("verify", "--all", "--json")
    assert [one["target"] for one in json.loads(said.stdout)] == ["m1", "run42-b2"]
    assert f"run42-b1 is left out: it has no tree at {tree(repository, 1)}" in said.stderr
    assert "has no tree" in repository.staddle("verify", "run42-b1", code=2).stderr


def test_all_leaves_out_candidates_when_the_plan_has_no_checks_for_them(product: Product) -> None:
    repository = product.make(GREEN)
    repository.staddle("spawn", "run42", "1")
    said = repository.staddle("verify", "--all", "--json")
    assert [one["target"] for one in json.loads(said.stdout)] == ["m1"]
    assert "run42-b1 is left out: the plan declares no checks at its top" in said.stderr


def test_all_and_a_target_contradict_each_other(product: Product) -> None:
    assert "try: staddle verify m1" in product.make().staddle("verify", "m1", "--all", code=2).stderr


def test_a_target_without_the_wanted_check_is_named(product: Product) -> None:
    repository = product.make(keys={"checks": {"suite": {"run": "true", **ECHO}}})
    repository.staddle("spawn", "run42", "1")
    said = repository.staddle("verify", "m1", "run42", "--check", "suite")
    assert "m1 is left out: it has no check suite" in said.stderr


def test_a_check_that_is_misspelled_is_guessed(product: Product) -> None:
    said = product.make().staddle("verify", "--check", "unti", code=2).stderr
    assert "nothing chosen has a check 'unti'; did you mean 'unit'?" in said


# --- the table, and what stands below it -------------------------------------------------------------------------


def test_no_row_takes_two_lines_and_nothing_is_cut_where_no_terminal_is(product: Product) -> None:
    repository = product.make(LONG.replace("test_it", f"test_{'long_' * 20}"))
    lines = settled(re.sub(r"\x1b\[[0-9;]*m", "", screen([*STADDLE, "verify"], repository.main, code=1)))
    (row,) = [line for line in lines if re.match("m1 +unit +fail", line)]
    assert len(row) <= 80
    assert row.endswith("…")
    assert "long_ " in repository.staddle("verify", code=1).stdout.replace("\n", " ")


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_terminals_that_have_it_and_people_who_want_it(
    product: Product, variables: Mapping[str, Any], coloured: bool
) -> None:
    repository = product.make(GREEN)
    assert (COLOUR in screen([*STADDLE, "status"], repository.main, **variables)) is coloured


def test_the_sums_tell_what_was_green_what_not_and_what_was_known(product: Product) -> None:
    repository = product.make(GREEN, count=3)
    repository.commit(repository.tree(2), "tests/test_more.py", RED, "test: more")
    repository.staddle("verify", "m1", "m3")
    said = repository.staddle("verify", code=1)
    assert re.search(r"^2 pass, 1 fail; 2 cached, \d+\.\d s$", said.stderr, re.MULTILINE)
    assert "error: of 3 checks 1 failed\n" in said.stderr
    assert re.search(r"^m1 +unit +pass +\d+\.\d s, cached +1 passed$", said.stdout, re.MULTILINE)


def test_what_failed_is_counted_apart_from_what_did_not_run(product: Product) -> None:
    repository = product.make(run={"shell": "case $STADDLE_TREE in *m2*) exit 1;; *) exit 127;; esac"}, count=3, **ECHO)
    repository.commit(repository.tree(2), "number.txt", "2\n", "chore: differ")
    said = repository.staddle("verify", code=1).stderr
    assert "error: of 3 checks 1 failed, 2 did not run to an end\n" in said


def test_each_red_check_is_told_with_its_last_lines_and_its_log(product: Product) -> None:
    repository = product.make(run={"shell": "echo because of $STADDLE_MILESTONE; exit 1"}, count=2, **ECHO)
    repository.commit(repository.tree(2), "number.txt", "2\n", "chore: differ")
    said = repository.staddle("verify", code=1).stderr
    for name in ("m1", "m2"):
        assert re.search(rf"^--- {name} unit: exit code 1\n    because of {name.upper()}\n    /.*/log$", said, re.M)


def test_an_empty_log_is_not_offered_to_be_read(product: Product) -> None:
    said = product.make(run="false", **ECHO).staddle("verify", code=1).stderr
    assert "less" not in said
    assert "try: staddle verify m1 --retry-failed" in said


def test_a_check_whose_program_is_missing_says_that_set_up_is_to_install_it(product: Product) -> None:
    said = product.make(run="no-such-pytest -q", **ECHO).staddle("verify", code=1).stderr
    assert "m1 unit: error, cannot start: no-such-pytest: not found; `setup:` in the plan is to install it" in said
    assert "try: write its installation into setup: in the plan, then: staddle worktrees; staddle verify m1\n" in said


def test_a_green_result_is_said_once_at_a_terminal(product: Product) -> None:
    lines = settled(screen([*STADDLE, "verify"], product.make(GREEN).main))
    assert [line for line in lines if "1 passed" in line] == [
        line for line in lines if line.startswith("m1 unit: pass")
    ]
    assert lines[-2].startswith("1 pass; ")


# --- the lines that live -----------------------------------------------------------------------------------------

LIVE = """
from staddle.edges import console
with console.live() as show:
    show(["m1 unit 1 s", "m2 unit 1 s"])
    console.talk("m3 unit: pass")
    show(["m1 unit 2 s", "x" * 200])
    {then}
"""


def alive(then: str, code: int = 0, **env: str) -> str:
    """What a terminal gets from a program with live lines."""
    return screen([sys.executable, "-c", LIVE.format(then=then)], Path.cwd(), code, **env)


def test_live_lines_stay_below_the_talk_and_vanish_in_the_end() -> None:
    said = alive("console.talk('m1 unit: fail')")
    assert settled(said) == ["m3 unit: pass", "m1 unit: fail", ""]
    assert f"m1 unit 2 s\n{'x' * 79}\n" in said


def test_live_lines_vanish_when_something_fails() -> None:
    assert settled(alive("raise SystemExit(3)", code=3)) == ["m3 unit: pass", ""]


def test_live_lines_that_did_not_change_are_not_drawn_again() -> None:
    assert alive("show(['m1 unit 2 s', 'x' * 200])") == alive("pass")


def test_the_cursor_is_never_hidden() -> None:
    assert "\x1b[?25l" not in alive("import os; os.kill(os.getpid(), 9)", code=-signal.SIGKILL)


def test_where_nothing_can_be_redrawn_there_are_no_live_lines() -> None:
    assert alive("pass", TERM="dumb") == "m3 unit: pass\n"
    done = subprocess.run([sys.executable, "-c", LIVE.format(then="")], capture_output=True, text=True, check=True)
    assert done.stderr == "m3 unit: pass\n"


# --- status ------------------------------------------------------------------------------------------------------


def checks(repository: Repository) -> tuple[str, str]:
    """What status says of M1's checks, and what is next."""
    (row,) = repository.json("status", "m1")
    return row["verdict"], row["next_step"]


def test_a_verdict_on_uncommitted_work_counts_until_that_work_goes_on(product: Product) -> None:
    repository = product.make(GREEN)
    (repository.tree(1) / "notes.txt").write_text("under way\n")
    repository.staddle("verify")
    before = sorted((repository.main / ".git").rglob("*"))
    assert checks(repository) == ("pass", "commit")
    (repository.tree(1) / "notes.txt").write_text("further\n")
    assert checks(repository) == ("stale", "commit")
    assert sorted((repository.main / ".git").rglob("*")) == before


def test_back_at_a_content_that_was_judged_its_verdict_counts_again(product: Product) -> None:
    repository = product.make(GREEN)
    repository.staddle("verify")
    repository.commit(repository.tree(1), "tests/test_new.py", RED, "test: red")
    repository.staddle("verify", code=1)
    assert checks(repository)[0] == "fail unit"
    repository.git("revert", "--no-edit", "HEAD", at=repository.tree(1))
    assert checks(repository)[0] == "pass"


def test_back_at_what_is_red_on_the_base_as_well_that_is_said_again(product: Product) -> None:
    repository = product.make(new=GREEN, old=RED)
    repository.staddle("verify")
    repository.commit(repository.tree(1), "tests/test_more.py", RED, "test: more")
    repository.staddle("verify", code=1)
    repository.git("revert", "--no-edit", "HEAD", at=repository.tree(1))
    assert repository.json("status", "m1")[0]["checks"] == {"unit": "base-red"}


def test_a_check_that_was_stopped_is_to_be_run_again(product: Product) -> None:
    repository = product.make()
    repository.commit(repository.tree(1), "notes.txt", "done\n", "docs: notes")
    nothing = Oid("")
    one = Judged("m1", "unit", Verdict.CANCELLED, "stopped", nothing, nothing, "", 0.0, time.time(), "")
    Store(State(repository.main / ".git")).show(one)
    assert checks(repository) == ("not finished", "verify m1")


def test_a_tree_whose_set_up_failed_is_not_ready_for_work(planned: Planned) -> None:
    repository = planned(1, setup=["false"])
    repository.staddle("worktrees", code=1)
    assert checks(repository)[1] == "worktrees m1"
    assert "not set up" in repository.staddle("status").stdout


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"format": 2}', '{"format": 2, "verdict": 1}', "\0", "{"])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    store, nothing = Store(State(tmp_path)), Oid("")
    store.show(Judged("m1", "unit", Verdict.PASS, "", nothing, nothing, "key", 0.0, 0.0, ""))
    assert store.latest("m1").keys() == {"unit"}
    (tmp_path / "staddle" / "verdicts" / "m1" / "unit.json").write_text(text)
    assert store.latest("m1") == {}


# --- what a landing would have to pass ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shell", "code", "known"),
    [(None, 0, ""), ("true", 0, " (green already)"), ("exit 1", 1, " (red on this content)")],
)
def test_a_preview_says_what_is_not_proven_yet(planned: Planned, shell: str | None, code: int, known: str) -> None:
    repository = planned(1, checks={"suite": {"run": {"shell": shell or "true"}, **ECHO}})
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "new.txt", "new\n")
    if shell:
        repository.staddle("verify", "run42", code=code)
    first = repository.staddle("reconcile", "run42", "b1", "--dry-run").stdout.splitlines()[0]
    assert first == f"b1: would land on main, 1 file changed; would be proven by: suite{known}"


def test_a_preview_does_not_speak_of_candidates_that_have_gone(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    lines = run42.staddle("reconcile", "run42", "--dry-run").stdout.splitlines()
    assert [line[:3] for line in lines] == ["b2:"] * len(lines)


def test_a_candidate_without_a_commit_is_not_said_to_have_landed(repository: Repository) -> None:
    repository.staddle("spawn", "run42", "1")
    said = repository.staddle("reconcile", "run42", "b1", "--dry-run").stdout
    assert said.startswith("b1: holds no commit of its own; nothing would land on main\n")
    assert "b1 holds no commit of its own; nothing landed\n" in repository.staddle("reconcile", "run42", "b1").stderr


# --- make --------------------------------------------------------------------------------------------------------


def test_make_refuses_a_word_after_a_verb_before_anything_runs(planned: Planned) -> None:
    repository = planned(1)
    (repository.main / "milestones.yaml").unlink()
    repository.staddle("init")
    for makefile in (repository.main, Path(__file__).parents[2]):
        done = subprocess.run(["make", "verify", "m3"], cwd=makefile, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert 'write: make verify ARGS="m3"' in done.stderr
        subprocess.run(["make", "-n", "verify", "ARGS=m3"], cwd=makefile, capture_output=True, check=True)
