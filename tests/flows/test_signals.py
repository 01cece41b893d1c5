"""Signals at every door: whoever gets one, all that runs behind the door ends soon and leaves nothing half done."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.flows.living import SECONDS, Mailbox, daemon, gone
from tests.kit import STADDLE, Repository, assert_no_stumps

Planned = Callable[..., Repository]
SCRIPTS = Path(__file__).parents[2] / "scripts"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
VERBS = ("worktrees", "agents", "verify")
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing"}]


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """Where what runs behind the door mails the number of a process that has to end."""
    return Mailbox(tmp_path / "mailbox")


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """`nox` and `python` are this environment's, as in an activated one."""
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


def lasting(mailbox: Mailbox) -> dict[str, str]:
    """A command that starts a daemon in a session of its own, and lasts for long, unless `skip` exists."""
    apart = f"setsid sh -c 'echo $$ > {mailbox.path}; exec sleep 60'"
    return {"shell": f"test -e {mailbox.path.parent}/skip || {{ {apart} & wait; }}"}


def at_work(planned: Planned, mailbox: Mailbox, verb: str) -> Repository:
    """A repository with the files of `staddle init`, in which `verb` comes to a command that lasts."""
    command = lasting(mailbox)
    repository = planned(
        1,
        setup=[command] if verb == "worktrees" else [],
        agents={"script": {"command": command}},
        milestone={"requirements": REQUIREMENTS, "checks": {"unit": {"run": command, "evidence": "exit-code"}}},
    )
    repository.staddle("init")
    if verb != "worktrees":
        repository.staddle("worktrees")
    return repository


def opened(door: str, verb: str, repository: Repository, *more: str) -> "subprocess.Popen[bytes]":
    """The verb, started through this door in a process group of its own, as an interactive shell does."""
    doors: dict[str, Sequence[str]] = {
        "script": (sys.executable, str(SCRIPTS / f"{verb}.py")),
        "nox": ("nox", "-s", verb),
        "make": ("make", verb),
    }
    return subprocess.Popen(
        (*doors[door], *more), cwd=repository.main, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    )


def deliver(signum: signal.Signals, process: "subprocess.Popen[bytes]") -> None:
    """Send it as the world does: a terminal sends INT and HUP to the group, `kill` sends TERM to one process."""
    (os.kill if signum == signal.SIGTERM else os.killpg)(process.pid, signum)


def ended(process: "subprocess.Popen[bytes]", signum: signal.Signals) -> bytes:
    """What was said until the last one behind the door had gone: all of them hold the same pipe."""
    deliver(signum, process)
    said, _ = process.communicate(timeout=SECONDS)
    assert b"Traceback" not in said
    assert process.returncode != 0
    return said


@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("door", ["script", "nox", "make"])
def test_a_signal_at_any_door_ends_the_job_with_its_daemons(
    planned: Planned, mailbox: Mailbox, door: str, verb: str, signum: signal.Signals
) -> None:
    repository = at_work(planned, mailbox, verb)
    with opened(door, verb, repository) as process:
        job = mailbox.process()
        said = ended(process, signum)
    assert gone(job, within=0), said
    assert door != "script" or process.returncode == 128 + signum
    assert_no_stumps(repository)
    (mailbox.path.parent / "skip").touch()
    repository.staddle(verb, code=1 if verb == "agents" else 0)


@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
@pytest.mark.parametrize("door", ["script", "nox", "make"])
def test_a_signal_at_any_door_takes_back_a_tree_that_is_half_filled(
    planned: Planned, mailbox: Mailbox, door: str, signum: signal.Signals
) -> None:
    repository = planned(1)
    repository.staddle("init")
    before = repository.state()
    repository.git("config", "filter.slow.smudge", f"echo $$ > {mailbox.path}; exec sleep 60")
    (repository.main / ".git" / "info" / "attributes").write_text("app/* filter=slow\n")
    with opened(door, "worktrees", repository) as process:
        job = mailbox.process()
        said = ended(process, signum)
    assert gone(job, within=0), said
    repository.git("config", "--remove-section", "filter.slow")
    assert repository.state() == before
    assert_no_stumps(repository)
    repository.staddle("worktrees")


def test_the_shell_that_make_needs_for_arguments_hides_no_signal(planned: Planned, mailbox: Mailbox) -> None:
    repository = at_work(planned, mailbox, "verify")
    with opened("make", "verify", repository, "ARGS=m1 --check 'unit'") as process:
        job = mailbox.process()
        said = ended(process, signal.SIGTERM)
    assert gone(job, within=0), said


def test_an_interrupt_that_reaches_nox_alone_is_passed_on(planned: Planned, mailbox: Mailbox) -> None:
    repository = at_work(planned, mailbox, "verify")
    with opened("nox", "verify", repository) as process:
        job = mailbox.process()
        os.kill(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=SECONDS)
    assert gone(job, within=0), said


def test_nox_waits_while_an_interrupted_command_ends_what_will_not_go(planned: Planned, mailbox: Mailbox) -> None:
    stubborn = {"run": list(daemon(mailbox, "stay")), "evidence": "exit-code"}
    repository = planned(1, milestone={"checks": {"unit": stubborn}})
    repository.staddle("init")
    repository.staddle("worktrees")
    with opened("nox", "verify", repository) as process:
        job = mailbox.process()
        said = ended(process, signal.SIGINT)
    assert gone(job, within=0), said
    assert b"ended by SIGINT" in said


def test_a_reader_that_has_gone_ends_a_command_without_a_word(planned: Planned) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as unread:
        done = subprocess.run([*STADDLE, "plan"], cwd=planned().main, stdout=unread, stderr=-1, text=True, check=False)
    assert done.returncode == 128 + signal.SIGPIPE
    assert "Broken" not in done.stderr
