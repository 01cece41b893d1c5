"""The promises of README, each kept before one's eyes by the test that bears its name."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.living import SECONDS, Mailbox, daemon, gone
from tests.kit import STADDLE, Repository, assert_no_stumps

Planned = Callable[..., Repository]
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing"}]
README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """Where a job mails the number of a process that has to end."""
    return Mailbox(tmp_path / "mailbox")


def test_every_promise_has_a_test_of_its_name_and_no_test_promises_more() -> None:
    said = re.findall(r"^- \*\*(.+?)\.\*\*", README.read_text(), re.MULTILINE)
    names = {f"test_{promise.lower().replace(' ', '_')}" for promise in said}
    assert names == {name for name in globals() if name.startswith("test_") and "promise" not in name}


def test_nothing_of_yours_is_ever_lost(planned: Planned) -> None:
    repository = planned(4)
    repository.git("branch", f"{repository.branch(4)}-mine")
    repository.tree(4).mkdir()
    (repository.tree(4) / "precious").write_text("mine")
    repository.staddle("worktrees", code=1)
    (repository.tree(1) / "notes.txt").write_text("never added")
    (repository.tree(2) / "README.md").write_text("never committed")
    landed_nowhere = repository.commit(repository.tree(3), "work.txt", "work", "feat: never merged")
    before = repository.state()
    for name in ("m1", "m2", "m3"):
        assert "try: " in repository.staddle("remove", name, code=3).stderr
    assert repository.state() == before
    assert (repository.tree(1) / "notes.txt").read_text() == "never added"
    assert (repository.tree(2) / "README.md").read_text() == "never committed"
    assert repository.git("rev-parse", repository.branch(3)) == landed_nowhere
    assert (repository.tree(4) / "precious").read_text() == "mine"


def killed(repository: Repository, command_line: str, mailbox: Mailbox) -> int:
    """Kill this command, beyond all handling, once a process behind it has mailed its number; that process."""
    with subprocess.Popen([*STADDLE, *command_line.split()], cwd=repository.main, stderr=subprocess.DEVNULL) as command:
        process = mailbox.process()
        command.kill()
    return process


def test_no_stumps(planned: Planned, mailbox: Mailbox) -> None:
    repository = planned(1, milestone={"checks": {"unit": {"run": list(daemon(mailbox, "stay"))}}})
    os.mkfifo(gate := mailbox.path.with_name("gate"))
    before = repository.state()
    repository.git("config", "filter.slow.smudge", f"echo $$ > {mailbox.path}; cat {gate}")
    (repository.main / ".git" / "info" / "attributes").write_text("app/* filter=slow\n")
    filling = killed(repository, "worktrees", mailbox)
    assert repository.state() != before
    gate.write_text("")
    assert gone(filling)
    repository.git("config", "--remove-section", "filter.slow")
    repository.staddle("remove", "m1")
    assert repository.state() == before
    assert_no_stumps(repository)
    repository.staddle("worktrees")
    assert gone(killed(repository, "verify", mailbox))


def test_landing_is_all_or_nothing(repository: Repository, mailbox: Mailbox) -> None:
    os.mkfifo(gate := mailbox.path.with_name("gate"))
    repository.git("config", "filter.slow.smudge", f"echo $$ > {mailbox.path}; cat {gate}")
    (repository.main / ".git" / "info" / "attributes").write_text("slow.txt filter=slow\n")
    repository.staddle("spawn", "run42", "2")
    tree = repository.main / ".pqa_worktrees" / "run42-b1"
    repository.commit(tree, "a.txt", "landed\n", "feat: a")
    old, tip = repository.git("rev-parse", "main"), repository.commit(tree, "slow.txt", "slow\n", "feat: slow")
    (repository.main / "README.md").write_text("my own edit\n")
    writing = killed(repository, "reconcile run42 b1", mailbox)
    gate.write_text("slow\n")
    assert gone(writing)
    repository.staddle("sweep")
    assert repository.git("log", "-1", "--format=%P", "main") == f"{old} {tip}"
    assert repository.git("status", "--porcelain") == "M README.md"
    assert (repository.main / "README.md").read_text() == "my own edit\n"
    assert_no_stumps(repository)


LEAVING = """
import subprocess
def test_it():
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    print(left.pid, file=open("{mail}", "w"))
"""


def test_green_is_evidence(planned: Planned, mailbox: Mailbox) -> None:
    repository = planned(1, milestone={"checks": {"unit": [sys.executable, "-m", "pytest", "-q", "tests"]}})
    repository.staddle("worktrees")
    tree = repository.tree(1)
    head = repository.commit(tree, "tests/test_it.py", LEAVING.format(mail=mailbox.path), "test: it")
    (green,) = repository.json("verify")
    assert (green["verdict"], green["commit"]) == ("pass", head)
    assert green["reason"].startswith("1 passed; 1 process")
    assert not Path(f"/proc/{mailbox.line()}").exists()
    (tree / "README.md").write_text("another content\n")
    assert [row["verdict"] for row in repository.json("status")] == ["stale"]
    repository.commit(tree, "tests/test_it.py", "import os; os._exit(0)\n", "test: nothing")
    repository.staddle("verify", code=1)


def test_twice_is_once(planned: Planned) -> None:
    checks = {"unit": {"run": "true", "evidence": "exit-code"}}
    repository = planned(3, milestone={"checks": checks}, first={"requirements": REQUIREMENTS})
    both = [subprocess.Popen([*STADDLE, "worktrees"], cwd=repository.main, stderr=-3, stdout=-3) for _ in range(2)]
    assert [command.wait(SECONDS) for command in both] == [0, 0]
    assert [repository.tree(number).is_dir() for number in (1, 2, 3)] == [True] * 3
    for verb in ("init", "worktrees", "prompts", "verify", "sweep", "remove m1 m2 m3"):
        repository.staddle(*verb.split())
        once = repository.state()
        repository.staddle(*verb.split())
        assert repository.state() == once, verb
    assert_no_stumps(repository)


def test_one_file(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("init")
    repository.staddle("worktrees")
    check = {"run": "true", "evidence": "exit-code"}
    planned(2, milestone={"checks": {"unit": check}}, first={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    listed = subprocess.run([sys.executable, "-m", "nox", "-l"], cwd=repository.main, capture_output=True, check=True)
    assert b"\n- verify-m2 " in listed.stdout
    assert [row["requirement"] for row in repository.json("prompts")] == ["FR-X-001"]
    assert [(row["target"], row["verdict"]) for row in repository.json("verify", "m2")] == [("m2", "pass")]
    repository.git("switch", "--quiet", "-c", "elsewhere", at=repository.tree(1))
    assert [row["standing"] for row in repository.json("status")] == ["drift", "ok"]
