"""What an answer may be reused for: never for a tree that is not just like the one that was judged."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.living import SECONDS, Mailbox
from tests.flows.proving import GREEN, RED, SUITE, Product, product, verify, words
from tests.flows.running import tree, work
from tests.kit import STADDLE, Repository, write_plan

__all__ = ["product"]
Planned = Callable[..., Repository]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"]


def by_exit(text: str) -> dict[str, Any]:
    """Checks of the whole plan: one shell command, judged by its exit code."""
    return {"checks": {"suite": {"run": {"shell": text}, "evidence": "exit-code", "retries": 0}}}


def one_run(planned: Planned, count: int = 1, **keys: Any) -> Repository:
    """A run of candidates of a repository with this plan committed."""
    repository = planned(1, **keys)
    (repository.main / ".gitignore").write_text("*.local\n.env\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "chore: plan")
    repository.staddle("spawn", "run42", str(count))
    return repository


def test_an_ignored_file_in_the_candidates_tree_proves_nothing_of_what_lands(planned: Planned) -> None:
    repository = one_run(planned, **by_exit("test -e settings.local"))
    work(repository, 1, "app/feature.py", "import settings\n")
    (tree(repository, 1) / "settings.local").write_text("X = 1\n")
    assert words(verify(repository, "run42")) == ["pass"]
    assert "gate red" in repository.staddle("reconcile", "run42", "b1", code=1).stdout


def test_a_file_that_git_is_told_not_to_look_at_counts(planned: Planned) -> None:
    repository = one_run(planned, **by_exit("grep -q right code.txt"))
    work(repository, 1, "code.txt", "wrong\n")
    place = tree(repository, 1)
    repository.git("update-index", "--assume-unchanged", "code.txt", at=place)
    (place / "code.txt").write_text("right\n")
    assert words(verify(repository, "run42")) == ["pass"]
    repository.git("update-index", "--no-assume-unchanged", "code.txt", at=place)
    repository.git("checkout", "--quiet", "code.txt", at=place)
    assert words(verify(repository, "run42", code=1)) == ["fail"]


def test_a_furnished_file_counts_with_its_content(planned: Planned) -> None:
    repository = one_run(planned, surroundings={"copy": [".env"]}, **by_exit("grep -q good .env"))
    place = tree(repository, 1)
    work(repository, 1, "x.txt", "x")
    (place / ".env").write_text("good\n")
    assert words(verify(repository, "run42")) == ["pass"]
    (place / ".env").write_text("bad\n")
    assert words(verify(repository, "run42", code=1)) == ["fail"]


def test_an_answer_that_came_while_the_tree_was_changed_is_not_its_answer(planned: Planned, tmp_path: Path) -> None:
    mailbox, go = Mailbox(tmp_path / "mailbox"), tmp_path / "go"
    os.mkfifo(go)
    shell = f"test -e fixed || {{ echo $$ > {mailbox.path}; read line < {go}; exit 1; }}"
    repository = one_run(planned, 2, **by_exit(shell))
    for number in (1, 2):
        work(repository, number, "x.txt", "x")
    argv = (*STADDLE, "verify", "run42", "-j", "2", "--json")
    with subprocess.Popen(argv, cwd=repository.main, stdout=subprocess.PIPE, text=True) as process:
        mailbox.line()  # one asks, the other waits for its answer
        for number in (1, 2):
            work(repository, number, "fixed", "x")
        go.write_text("now\n")
        said = json.loads(process.communicate(timeout=SECONDS)[0])
    assert sorted(words(said)) == ["dirty", "pass"]
    repository.git("reset", "--quiet", "--hard", "HEAD~1", at=tree(repository, 1))
    with subprocess.Popen((*argv[:-4], "run42-b1", "--json"), cwd=repository.main, stdout=subprocess.PIPE) as process:
        mailbox.line()
        go.write_text("now\n")
        assert words(json.loads(process.communicate(timeout=SECONDS)[0])) == ["fail"]


def test_a_candidates_own_flaky_test_is_its_own_in_the_gate_too(planned: Planned, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    repository = one_run(planned, checks={"suite": {"run": SUITE, "retries": 1}})
    flaky = (
        f"from pathlib import Path\ndef test_it():\n    p = Path({str(seen)!r})\n    was = p.exists()\n"
        "    p.unlink() if was else p.touch()\n    assert was\n"
    )
    work(repository, 1, "tests/test_new.py", flaky)
    assert words(verify(repository, "run42", code=1)) == ["new-flaky"]
    assert "new-flaky" in repository.staddle("reconcile", "run42", "b1", code=1).stderr


def test_the_gate_does_not_prove_what_set_up_has_made(planned: Planned) -> None:
    keys = by_exit("cmp made.txt source.txt") | {"setup": ["cp source.txt made.txt"]}
    repository = planned(1, **keys)
    for name in ("source.txt", "made.txt"):
        repository.commit(repository.main, name, "1\n", "feat: one")
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "source.txt", "2\n")
    said = repository.staddle("reconcile", "run42", "b1", code=1).stderr
    assert "set-up changes made.txt" in said


def test_a_milestones_name_is_part_of_the_question(planned: Planned) -> None:
    check = {"run": {"shell": 'test "$STADDLE_MILESTONE" = M1'}, "evidence": "exit-code", "retries": 0}
    repository = planned(2, milestone={"checks": {"unit": check}})
    repository.staddle("worktrees")
    assert words(verify(repository, "-j", "1", code=1)) == ["pass", "fail"]


def test_the_callers_python_variables_do_not_reach_a_check(product: Product) -> None:
    repository = product.make(new="import sys\ndef test_it(): assert sys.flags.optimize == 0\n")
    assert words(verify(repository, "m1", PYTHONOPTIMIZE="1")) == ["pass"]


def test_a_required_test_that_is_still_red_is_not_excused_by_the_base(product: Product) -> None:
    need = {"id": "FR-X-001", "title": "first thing", "test": "tests/test_old.py::test_it"}
    unit = {"run": SUITE, "retries": 0}
    repository = product.make(old=RED)
    write_plan(repository.main / "milestones.yaml", 1, milestone={"requirements": [need], "checks": {"unit": unit}})
    repository.commit(repository.tree(1), "README.md", "nothing done", "docs: nothing")
    assert words(verify(repository, code=1)) == ["fail"]


def test_a_file_that_cannot_be_imported_excuses_nothing(product: Product) -> None:
    repository = product.make(old="import nosuchmodule\ndef test_x(): pass\n", new=RED)
    assert words(verify(repository, code=1)) == ["fail"]


def test_a_suite_that_stops_at_its_first_red_test_excuses_nothing(product: Product) -> None:
    old = "import os\ndef test_a(): assert 0\ndef test_b(): assert os.path.exists('README.md')\n"
    repository = product.make(old=old, run=[*PYTEST, "-x", "tests"])
    repository.git("rm", "--quiet", "README.md", at=repository.tree(1))
    repository.git("commit", "--quiet", "--no-verify", "-m", "feat: less", at=repository.tree(1))
    assert words(verify(repository, code=1)) == ["fail"]


def test_two_trees_that_began_where_the_other_is_do_not_wait_for_each_other(product: Product) -> None:
    repository = product.make(old=RED, count=2)
    repository.commit(repository.tree(1), "a.txt", "A", "feat: a")
    repository.git("merge", "--quiet", "--squash", repository.branch(1))
    repository.git("commit", "--quiet", "-m", "feat: a, squashed")
    repository.git("push", "--quiet", "origin", "main")
    repository.git("reset", "--quiet", "--hard", "origin/main", at=repository.tree(2))
    repository.git("rm", "--quiet", "a.txt", at=repository.tree(2))
    repository.git("commit", "--quiet", "--no-verify", "-m", "feat: revert", at=repository.tree(2))
    assert words(verify(repository, "-j", "2")) == ["base-red", "base-red"]


def test_a_red_answer_that_is_shown_again_is_held_against_the_base_all_the_same(product: Product) -> None:
    repository = product.make(old=RED)
    repository.commit(repository.tree(1), "a.txt", "A", "feat: a")
    assert [words(verify(repository)) for _ in range(3)] == [["base-red"]] * 3


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            "import os, signal, time\ndef test_it():\n    os.kill(os.getppid(), signal.SIGTERM)\n    time.sleep(30)\n",
            "sup",
        ),
        ("import os, signal\ndef test_it(): os.kill(os.getpid(), signal.SIGKILL)\n", "memory"),
        (
            "import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('x', returncode=0)\ndef test_c(): assert 0\n",
            "early",
        ),
    ],
    ids=["its supervisor ended", "killed", "ended early"],
)
def test_what_was_cut_short_is_an_error(product: Product, body: str, says: str) -> None:
    repository = product.make(new=body, run=[*PYTEST, "tests"])
    (found,) = verify(repository, code=1)
    assert found["verdict"] == "error"
    assert says in found["reason"]


def test_a_suite_that_keeps_our_witness_out_proves_nothing(product: Product) -> None:
    repository = product.make(new=GREEN, run=[*PYTEST, "-p", "no:staddle_evidence", "tests"])
    (found,) = verify(repository, code=1)
    assert found["verdict"] == "error"
    assert "plugin" in found["reason"]


def test_a_check_that_hides_our_witness_by_accident_is_told_how_to_write_it(product: Product) -> None:
    repository = product.make(new=GREEN, run={"shell": f"PYTHONPATH=src {sys.executable} -m pytest -q tests"})
    assert "surroundings: env:" in verify(repository, code=1)[0]["reason"]


def test_a_server_that_never_answers_is_not_the_trees_fault(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "redis-server"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (found,) = verify(product.make(new=GREEN, services=["redis"], limit=3), code=1)
    assert (found["verdict"], "redis" in found["reason"]) == ("error", True)


def test_what_is_wrong_with_one_tree_ends_no_others_checks(product: Product) -> None:
    repository = product.make(new=GREEN, count=2)
    subprocess.run(["git", "init", "--quiet", "vendor"], cwd=repository.tree(1), check=True)
    (repository.tree(1) / "vendor" / "x").write_text("x")
    assert words(verify(repository, code=1)) == ["error", "pass"]


def test_declared_inputs_are_all_that_an_answer_rests_on(product: Product) -> None:
    repository = product.make(new=GREEN, inputs=["tests/**", "app/**"])
    assert not verify(repository)[0]["cached"]
    repository.commit(repository.tree(1), "README.md", "more", "docs: more")
    assert verify(repository)[0]["cached"]
    repository.commit(repository.tree(1), "app/core.py", "X = 2\n", "feat: more")
    assert not verify(repository)[0]["cached"]


def test_a_check_leaves_no_core_file_and_cannot_fill_the_disk(product: Product) -> None:
    body = (
        "import resource as r\n"
        "def test_core(): assert r.getrlimit(r.RLIMIT_CORE)[0] == 0\n"
        "def test_files(): assert r.getrlimit(r.RLIMIT_NOFILE)[0] <= 4096\n"
        "def test_size(): assert r.getrlimit(r.RLIMIT_FSIZE)[0] <= 4 << 30\n"
    )
    assert words(verify(product.make(new=body))) == ["pass"]
