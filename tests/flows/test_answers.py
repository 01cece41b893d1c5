"""Answers, drilled: a question is asked once, and again whenever anything that it is made of has changed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from staddle.core.names import Oid
from staddle.core.verdict import Judged, Verdict
from staddle.edges.slots import default_slots
from staddle.edges.state import State
from staddle.edges.verdicts import Store
from tests.flows.living import SECONDS, Mailbox
from tests.flows.proving import COUNTED, GREEN, RED, SUITE, Product, product, verify, words
from tests.kit import STADDLE, Repository, write_plan

__all__ = ["product"]
ECHO = {"evidence": "exit-code"}


def wait_for(path: Path, text: str) -> None:
    """Wait until a file has this text in it."""
    deadline = time.monotonic() + SECONDS
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < deadline, f"{path} never said {text!r}"


def started(repository: Repository, *argv: str) -> "subprocess.Popen[str]":
    """`staddle verify` with these arguments, under way."""
    argv = (*STADDLE, "verify", *argv, "--json")
    return subprocess.Popen(argv, cwd=repository.main, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_with_the_same_question_run_it_once(product: Product, tmp_path: Path) -> None:
    mailbox, go = Mailbox(tmp_path / "mailbox"), tmp_path / "go"
    os.mkfifo(go)
    run = {"shell": f"echo ran >> {product.outside}/ran; echo $$ > {mailbox.path}; read line < {go}"}
    repository = product.make(keys={"checks": {"suite": ECHO | {"run": run}}})
    repository.staddle("spawn", "run42", "2")
    with started(repository, "run42-b1") as first:
        mailbox.line()
        with started(repository, "run42-b2") as second:
            wait_for(repository.main / ".git" / "staddle" / "tree-run42-b2.mutex", "staddle verify")
            go.write_text("now\n")
            said = [json.loads(process.communicate(timeout=SECONDS)[0]) for process in (first, second)]
    assert [(one["verdict"], one["cached"]) for (one,) in said] == [("pass", False), ("pass", True)]
    assert product.lines() == ["ran"]


def test_two_trees_with_the_same_content_share_one_execution(product: Product) -> None:
    repository = product.make(old=COUNTED, keys={"checks": {"suite": {"run": SUITE}}})
    repository.staddle("spawn", "run42", "2")
    assert words(verify(repository, "run42", "-j", "2")) == ["pass", "pass"]
    assert product.lines() == ["ran"]


def test_commands_that_look_alike_are_two_questions(product: Product) -> None:
    checks = {name: ECHO | {"run": ["echo", *words]} for name, words in {"one": ["a b"], "two": ["a", "b"]}.items()}
    repository = product.make()
    write_plan(repository.main / "milestones.yaml", 1, milestone={"checks": checks})
    one, two = verify(repository)
    assert not one["cached"] and not two["cached"]
    assert one["key"] != two["key"]


def test_a_variable_of_the_plan_counts_and_the_callers_do_not(product: Product) -> None:
    repository = product.make(COUNTED)
    verify(repository)
    noise = {"PATH": f"{os.environ['PATH']}:/no/such/place", "SOME_NOISE": "loud", "TMPDIR": os.environ["HOME"]}
    assert verify(repository, code=0, **noise)[0]["cached"]
    plan = json.loads((repository.main / "milestones.yaml").read_text())
    (repository.main / "milestones.yaml").write_text(json.dumps(plan | {"surroundings": {"env": {"MODE": "x"}}}))
    assert not verify(repository)[0]["cached"]
    assert product.lines() == ["ran", "ran"]


def test_another_message_of_a_commit_leaves_the_verdict_as_it_is(product: Product) -> None:
    repository = product.make(COUNTED)
    verify(repository)
    repository.git("commit", "--quiet", "--no-verify", "--amend", "-m", "test: said better", at=repository.tree(1))
    assert [row["verdict"] for row in repository.json("status")] == ["pass"]
    assert verify(repository)[0]["cached"]
    assert product.lines() == ["ran"]


def test_a_verdict_of_uncommitted_work_is_kept_by_its_content(product: Product) -> None:
    repository = product.make(COUNTED)
    (repository.tree(1) / "notes.txt").write_text("under way\n")
    (first,) = verify(repository)
    repository.git("add", "--all", at=repository.tree(1))
    repository.git("commit", "--quiet", "--no-verify", "-m", "docs: notes", at=repository.tree(1))
    (second,) = verify(repository)
    assert (second["cached"], second["tree"]) == (True, first["tree"])


def test_a_red_verdict_is_shown_again_until_it_is_asked_for_anew(product: Product) -> None:
    repository = product.make(COUNTED + RED)
    assert [verify(repository, *argv, code=1)[0]["cached"] for argv in ((), (), ("--retry-failed",))] == [0, 1, 0]
    assert product.lines() == ["ran", "ran"]


def test_a_green_verdict_is_not_run_again_by_retry_failed_but_without_the_cache(product: Product) -> None:
    repository = product.make(COUNTED)
    said = [verify(repository, *argv)[0]["cached"] for argv in ((), ("--retry-failed",), ("--no-cache",))]
    assert (said, product.lines()) == ([False, True, False], ["ran", "ran"])


def test_an_error_is_never_given_again(product: Product) -> None:
    run = {"shell": f"echo ran >> {product.outside}/ran; exit 127"}
    repository = product.make(run=run)
    assert [words(verify(repository, code=1)) for _ in range(2)] == [["error"]] * 2
    assert product.lines() == ["ran", "ran"]


def test_an_answer_whose_evidence_was_being_replaced_when_staddle_died_is_none(
    product: Product, tmp_path: Path
) -> None:
    mailbox = Mailbox(tmp_path / "mailbox")
    run = {"shell": f"test ! -e {product.outside}/slow || {{ echo $$ > {mailbox.path}; sleep 60; }}"}
    repository = product.make(run=run, evidence="exit-code")
    verify(repository)
    (product.outside / "slow").touch()
    with started(repository, "--no-cache") as process:
        mailbox.line()
        process.kill()
    (product.outside / "slow").unlink()
    assert not verify(repository)[0]["cached"]


STOPPING = {"stop": "exit 1", "first-green": "exit 0"}


@pytest.mark.parametrize("strategy", STOPPING)
def test_what_a_strategy_ends_is_cancelled_and_not_failed(product: Product, strategy: str) -> None:
    run = {"shell": f"case $STADDLE_TREE in *m2*) {STOPPING[strategy]};; *) exec sleep 60;; esac"}
    repository = product.make(count=3, run=run, evidence="exit-code")
    for number in (1, 2, 3):
        repository.commit(repository.tree(number), "number.txt", f"{number}\n", "chore: differ")
    code = int(strategy == "stop")
    said = words(verify(repository, "--strategy", strategy, "-j", "2", code=code))
    assert said == ["cancelled", ("pass", "fail")[code], "cancelled"]
    assert words(verify(repository, "m2", code=code)) == [("pass", "fail")[code]]


def test_a_stop_before_the_first_in_order_began_still_shows_what_was_red(product: Product, tmp_path: Path) -> None:
    repository = product.make(RED, count=2)
    repository.commit(repository.tree(1), "number.txt", "1\n", "chore: differ")
    options = ("--strategy", "stop", "-j", "1", "--junit", str(tmp_path / "all.xml"))
    assert "assert 0" in repository.staddle("verify", *options, code=1).stderr


def test_one_report_holds_the_cases_of_all(product: Product, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    repository = product.make(GREEN, count=2)
    repository.commit(repository.tree(2), "tests/test_more.py", RED, "test: more")
    repository.staddle("verify", "--junit", str(tmp_path / "all.xml"), code=1)
    suites = ElementTree.parse(tmp_path / "all.xml").getroot()
    assert [(suite.get("name"), len(suite)) for suite in suites] == [("m1 unit", 1), ("m2 unit", 2)]
    assert [suite.get("failures") for suite in suites] == ["0", "1"]


def test_the_first_failing_tests_last_lines_are_shown(product: Product) -> None:
    said = product.make(f"{GREEN}def test_sum():\n    assert 1 + 1 == 3, 'count again'\n").staddle("verify", code=1)
    assert "AssertionError: count again" in said.stderr


def test_eight_trees_that_have_their_answers_take_a_fraction(product: Product) -> None:
    repository = product.make(GREEN, count=8)
    for number in range(1, 9):
        repository.commit(repository.tree(number), "number.txt", f"{number}\n", "chore: differ")
    taken = []
    for cached in (False, True):
        begun = time.monotonic()
        assert {one["cached"] for one in verify(repository)} == {cached}
        taken.append(time.monotonic() - begun)
    sys.stdout.write(f"8 trees: {taken[0]:.1f} s, then cached {taken[1]:.2f} s: 1/{taken[0] / taken[1]:.0f}")
    assert taken[1] < taken[0] / 2


def test_a_thousand_answers_make_none_slower_to_find(tmp_path: Path) -> None:
    store, taken = Store(State(tmp_path)), list[float]()

    def kept(number: int) -> str:
        nothing, key = Oid("0" * 40), f"{number * 7919:064x}"[::-1]
        store.keep(Judged("m1", "unit", Verdict.PASS, "", nothing, nothing, key, 0.0, 0.0, ""))
        return key

    keys = [kept(0)]
    for more in (0, 1000):
        keys += map(kept, range(1, more))
        begun = time.monotonic()
        assert all(store.answer(key) for key in (keys[:1] * 1000 if more == 0 else keys))
        taken.append(time.monotonic() - begun)
    sys.stdout.write(f"1,000 lookups: among one {taken[0]:.3f} s, among 1,000 {taken[1]:.3f} s")
    assert taken[1] < 10 * taken[0]


def test_two_processes_together_run_no_more_jobs_than_there_are_slots(product: Product) -> None:
    note = f"echo %s >> {product.outside}/ran"
    run = [
        sys.executable,
        "-c",
        f"import os, time; os.system({note % '+'!r}); time.sleep(.3); os.system({note % '-'!r})",
    ]
    repository = product.make(count=6, run=run, evidence="exit-code")
    for number in range(1, 7):
        repository.commit(repository.tree(number), "number.txt", f"{number}\n", "chore: differ")
    with started(repository, "m1", "m2", "m3") as first, started(repository, "m4", "m5", "m6") as second:
        for process in (first, second):
            process.communicate(timeout=SECONDS)
    running = [product.lines()[:at].count("+") - product.lines()[:at].count("-") for at in range(13)]
    assert len(product.lines()) == 12
    assert max(running) <= default_slots()


def test_answers_that_nobody_asks_for_are_forgotten_after_14_days(product: Product) -> None:
    repository = product.make(new=GREEN)
    verify(repository)
    proofs = repository.main / ".git" / "staddle" / "proofs"
    (kept,) = proofs.glob("??/*/verdict.json")
    old = time.time() - 15 * 86_400
    for path in (kept, proofs / ".tidied"):
        os.utime(path, (old, old))
    repository.commit(repository.tree(1), "README.md", "more", "docs: more")
    verify(repository)
    assert not kept.parent.exists()
    assert len(list(proofs.glob("??/*"))) == 1
