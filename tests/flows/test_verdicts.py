"""Verdicts, drilled: each way in which a check may seem green, red or finished, and is not."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.flows.living import SECONDS, Mailbox, gone
from tests.flows.proving import GREEN, RED, Product, bare, product, verify, words
from tests.kit import STADDLE, Repository, assert_no_stumps

__all__ = ["product"]
SURVIVAL_SECONDS = 2.0
APART = "test -e {0}/skip || {{ setsid sh -c 'echo $$ > {1}; exec sleep 60' & wait; }}"
FLAKY = """
import os
def test_it():
    first = not os.path.exists(OUTSIDE + "/seen")
    open(OUTSIDE + "/seen", "w").close()
    assert not first
"""
TOGETHER = """
import os, socket, time
def test_it():
    with socket.create_server(("127.0.0.1", int(os.environ["STADDLE_PORT_BASE"]))) as server:
        open(OUTSIDE + "/" + str(server.getsockname()[1]), "w").close()
        deadline = time.monotonic() + 30
        while len(os.listdir(OUTSIDE)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(os.listdir(OUTSIDE)) == 2
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """Where processes of checks mail their numbers."""
    return Mailbox(tmp_path / "mailbox")


def lasting(mailbox: Mailbox, outside: Path) -> dict[str, str]:
    """A command that waits for a grandchild in a session of its own, unless there is a file `skip` outside."""
    return {"shell": APART.format(outside, mailbox.path)}


def started(repository: Repository, *argv: str) -> "subprocess.Popen[bytes]":
    """`staddle` with these arguments, under way."""
    return subprocess.Popen([*STADDLE, *argv], cwd=repository.main, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def reason(judged: Sequence[dict[str, str]]) -> str:
    """The first verdict's reason."""
    return judged[0]["reason"]


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("import os\ndef test_it(): os._exit(0)\n", "error"),
        ("import pytest\npytestmark = pytest.mark.skip\ndef test_it(): pass\n", "empty"),
    ],
    ids=["exit", "skip"],
)
def test_a_suite_for_which_pytest_says_zero_is_no_pass_when_nothing_ran(
    product: Product, body: str, verdict: str
) -> None:
    repository = product.make(body)
    assert bare(repository) == 0
    assert words(verify(repository, code=1)) == [verdict]


def test_a_suite_without_tests_is_empty(product: Product) -> None:
    assert words(verify(product.make("def helper(): pass\n"), code=1)) == ["empty"]


def test_a_syntax_error_is_the_trees_fault_and_names_its_module(product: Product) -> None:
    (judged,) = verify(product.make("def test_it(:\n"), code=1)
    assert (judged["verdict"], judged["whose"], judged["failed"]) == ("fail", "tree", ["tests.test_new"])


def test_a_command_that_a_shell_cannot_find_is_the_machines_fault(product: Product) -> None:
    (judged,) = verify(product.make(GREEN, run={"shell": "no-such-program"}), code=1)
    assert (judged["verdict"], judged["whose"]) == ("error", "machine")


def test_a_check_over_its_limit_takes_its_grandchildren_along(product: Product, mailbox: Mailbox) -> None:
    repository = product.make(run=lasting(mailbox, product.outside), evidence="exit-code", limit=2)
    with started(repository, "verify") as process:
        job = mailbox.process()
        said, _ = process.communicate(timeout=SECONDS)
    assert gone(job, within=0)
    assert b"timeout" in said


def test_nothing_of_a_check_outlives_a_killed_staddle(product: Product, mailbox: Mailbox) -> None:
    repository = product.make(run=lasting(mailbox, product.outside), evidence="exit-code")
    with started(repository, "verify") as process:
        job = mailbox.process()
        process.kill()
        assert gone(job, within=SURVIVAL_SECONDS)


def test_what_outlives_a_killed_supervisor_is_ended_by_the_next_command(product: Product, mailbox: Mailbox) -> None:
    repository = product.make(run=lasting(mailbox, product.outside), evidence="exit-code")
    with started(repository, "verify") as process:
        job = mailbox.process()
        supervisor = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
        os.kill(supervisor, signal.SIGSTOP)
        process.kill()
        os.kill(supervisor, signal.SIGKILL)
    assert not gone(job, within=0), "nothing was left to end, so this drill shows nothing"
    (product.outside / "skip").touch()
    assert words(verify(repository)) == ["pass"]
    assert gone(job, within=0)


def same_moment(path: Path, text: str) -> None:
    """Write a file as an edit within the same second would, to the same size."""
    path.write_text(text)
    os.utime(path, (1_000_000_000, 1_000_000_000))


def test_an_edit_of_the_same_size_in_the_same_second_is_never_judged_by_old_bytecode(product: Product) -> None:
    command = [sys.executable, "-c", "from app.core import VALUE; raise SystemExit(VALUE - 1)"]
    repository = product.make(run=command, evidence="exit-code")
    code = repository.tree(1) / "app" / "core.py"
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    naive, said = [], []
    for value in (1, 2) * 5:
        same_moment(code, f"VALUE = {value}\n")
        naive.append(subprocess.run(command, cwd=repository.tree(1), env=plain, check=False).returncode)
        said += words(verify(repository, "--no-cache", code=value - 1))
    assert naive == [0] * 10, "bytecode hides no edit here, so this drill shows nothing"
    assert said == ["pass", "fail"] * 5


def test_a_check_that_changes_a_file_once_more_is_dirty_too(product: Product) -> None:
    repository = product.make("def test_it():\n    with open('README.md', 'a') as file: file.write('x')\n")
    (repository.tree(1) / "README.md").write_text("by hand\n")
    assert bare(repository) == 0
    assert (words(found := verify(repository, code=1)), reason(found)) == (
        ["dirty"],
        "README.md changed while the check ran",
    )


def test_a_check_that_commits_is_dirty(product: Product) -> None:
    command = {"shell": "git commit --quiet --no-verify --allow-empty -m sneaky"}
    assert words(verify(product.make(run=command, evidence="exit-code"), code=1)) == ["dirty"]


def test_an_old_test_that_is_green_the_second_time_is_flaky_and_lets_its_tree_land(product: Product) -> None:
    (judged,) = verify(product.make(old=FLAKY, retries=1))
    assert (judged["verdict"], judged["whose"], judged["attempts"]) == ("flaky", "base", 2)


def test_a_flaky_test_that_the_tree_adds_is_its_own_fault_and_is_shown_as_it_failed(product: Product) -> None:
    repository = product.make(FLAKY, retries=1)
    done = repository.staddle("verify", code=1)
    assert "new-flaky" in done.stdout
    assert "assert not first" in done.stderr
    assert "assert not first" in Path(done.stderr.split("less ")[1].strip()).read_text()


def test_a_test_that_is_red_on_the_base_as_well_lets_the_tree_land(product: Product) -> None:
    (judged,) = verify(product.make(GREEN, old=RED))
    assert (judged["verdict"], judged["whose"]) == ("base-red", "base")


def test_a_test_of_its_own_that_is_red_beside_one_of_the_base_fails(product: Product) -> None:
    assert words(verify(product.make(RED, old=RED), code=1)) == ["fail"]


def test_uncommitted_work_on_a_red_base_is_base_red(product: Product) -> None:
    repository = product.make(old=RED)
    (repository.tree(1) / "README.md").write_text("under way\n")
    assert words(verify(repository)) == ["base-red"]


def test_a_tree_that_differs_from_a_red_base_by_its_message_alone_gets_an_answer(product: Product) -> None:
    repository = product.make(old=RED)
    repository.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "chore: nothing", at=repository.tree(1))
    assert words(verify(repository, code=1)) == ["fail"]


def test_the_tree_of_the_base_is_gone_afterwards(product: Product) -> None:
    repository = product.make(GREEN, old=RED)
    before = repository.state()
    verify(repository)
    assert repository.state() == before
    assert_no_stumps(repository)


def test_the_tree_of_the_base_is_gone_after_a_kill_and_one_more_command(product: Product, mailbox: Mailbox) -> None:
    body = "import os, signal\ndef test_it():\n    if os.getcwd().endswith('-base'):\n"
    body += f"        print(os.getpid(), file=open({str(mailbox.path)!r}, 'w'))\n        signal.pause()\n    assert 0\n"
    repository = product.make(GREEN, old=body)
    before = repository.state()
    with started(repository, "verify") as process:
        job = mailbox.process()
        process.kill()
    assert repository.state() != before, "nothing was left to tidy, so this drill shows nothing"
    assert gone(job, within=SECONDS)
    repository.staddle("worktrees")
    assert repository.state() == before
    assert_no_stumps(repository)


def test_two_trees_that_bind_the_first_port_they_are_given_both_pass(product: Product) -> None:
    repository = product.make(TOGETHER, count=2)
    repository.commit(repository.tree(2), "README.md", "or one answer would do for both\n", "docs: differ")
    assert words(verify(repository, "-j", "2")) == ["pass", "pass"]


def test_a_space_in_a_folders_name_hides_no_report(product: Product, tmp_path: Path) -> None:
    repository = product.make(GREEN)
    odd = tmp_path / "my products"
    odd.mkdir()
    repository.git("clone", "--quiet", str(tmp_path / "origin.git"), str(odd / "parpour"))
    (odd / "parpour" / "milestones.yaml").write_bytes((repository.main / "milestones.yaml").read_bytes())
    moved = Repository(odd / "parpour")
    moved.staddle("worktrees")
    moved.commit(moved.tree(1), "tests/test_new.py", GREEN, "test: new")
    assert words(verify(moved)) == ["pass"]


def test_bytecode_does_not_pile_up_from_check_to_check(product: Product, sealed: Path) -> None:
    repository = product.make(GREEN)

    def held() -> set[Path]:
        return {path for path in sealed.rglob("*.pyc") if "test_new" in path.name or "_pytest" in path.parts}

    verify(repository)
    before = held()
    for number in range(2):
        (repository.tree(1) / "README.md").write_text(f"{number}\n")
        verify(repository)
    assert held() == before
