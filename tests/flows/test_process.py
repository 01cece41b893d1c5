"""Processes: captured commands, and jobs under a supervisor, as the package's own code starts them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from staddle.core.errors import WorkFailed
from staddle.core.unit import Job
from staddle.edges.process import capture, scrubbed, start, sweep

from .living import SECONDS, Mailbox, daemon, gone, interruption

ORCHESTRATOR = """
import sys
from pathlib import Path
from staddle.core.unit import Job
from staddle.edges.process import start
unit, log, *argv = sys.argv[1:]
start(Job(unit, tuple(argv), Path("/"), {}, None, Path(log), limit=60.0, grace=0.1)).wait()
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """A job of this test's own; `command` is a shell script or a whole argv."""

    def make(command: str | tuple[str, ...], unit: str = "job", **env: str) -> Job:
        return Job(
            unit=f"test{tmp_path}/{unit}",
            argv=("sh", "-c", command) if isinstance(command, str) else command,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **env},
            stdin=None,
            log=tmp_path / unit,
            limit=SECONDS,
            grace=0.2,
        )

    return make


def test_scrubbed_environment_has_no_git_and_no_language() -> None:
    environ = {
        "GIT_DIR": "/elsewhere",
        "GIT_SSH_COMMAND": "ssh -v",
        "LANGUAGE": "de",
        "LC_ALL": "de_DE",
        "HOME": "/home",
    }
    assert scrubbed(environ) == {"HOME": "/home", "LC_ALL": "C"}


def test_scrubbed_environment_for_the_network_keeps_how_to_connect() -> None:
    connecting = {"GIT_SSH": "plink", "GIT_SSH_COMMAND": "ssh -v", "GIT_ASKPASS": "ask"}
    assert scrubbed({"GIT_DIR": "/elsewhere", **connecting}, network=True) == {**connecting, "LC_ALL": "C"}


def test_capture_gives_what_a_command_said_and_how_it_ended() -> None:
    outcome = capture(["sh", "-c", "cat; echo no >&2; exit 3"], stdin=b"yes", timeout=SECONDS)
    assert (outcome.rc, outcome.out, outcome.err) == (3, b"yes", b"no\n")
    assert 0 < outcome.seconds < SECONDS


def test_capture_has_an_empty_stdin_and_a_session_of_its_own(tmp_path: Path) -> None:
    outcome = capture(["sh", "-c", "cat; pwd; ps -o sid= -p $$; echo $$"], cwd=tmp_path, timeout=SECONDS)
    where, session, number = outcome.out.decode().split()
    assert (where, session) == (str(tmp_path), number)


def test_captured_command_inherits_only_the_descriptors_it_is_given(tmp_path: Path) -> None:
    with (tmp_path / "given").open("w") as given, (tmp_path / "other").open("w") as other:
        argv = ["sh", "-c", f"ls -l /proc/self/fd; echo x > /proc/self/fd/{given.fileno()}"]
        listing = capture(argv, timeout=SECONDS, pass_fds=[given.fileno()]).out.decode()
        assert other.name not in listing
        assert other.name not in capture(["ls", "-l", "/proc/self/fd"], timeout=SECONDS).out.decode()
    assert (tmp_path / "given").read_text() == "x\n"


def test_command_that_takes_too_long_is_ended_with_its_children(mailbox: Mailbox) -> None:
    script = f"sh -c 'trap \"\" TERM; echo $$ > {mailbox.path}; sleep 60' & wait"
    with ThreadPoolExecutor(1) as helper:
        child = helper.submit(mailbox.process)
        with pytest.raises(WorkFailed, match=r"sleep 60.* was ended after 0\.5 s"):
            capture(["sh", "-c", script], timeout=0.5)
    assert gone(child.result())


def test_command_that_takes_too_long_may_remove_its_lock_first(tmp_path: Path) -> None:
    lock = tmp_path / "index.lock"
    with pytest.raises(WorkFailed):
        capture(["sh", "-c", f"trap 'rm {lock}; exit 1' TERM; touch {lock}; sleep 60 & wait"], timeout=0.5)
    assert not lock.exists()


def test_command_that_is_missing_is_an_expected_failure() -> None:
    with pytest.raises(WorkFailed, match="cannot start no-such-program"):
        capture(["no-such-program"], timeout=SECONDS)


def test_interrupted_capture_leaves_no_process(mailbox: Mailbox) -> None:
    with interruption(mailbox, "communicate") as processes, pytest.raises(KeyboardInterrupt):
        capture(["sh", "-c", f"echo $$ > {mailbox.path}; sleep 60"], timeout=SECONDS)
    assert gone(processes.result()[0], within=0)


def test_many_threads_capture_at_once() -> None:
    def echo(number: int) -> bytes:
        return capture(["sh", "-c", "cat"], stdin=b"%d" % number * 10_000, timeout=SECONDS).out

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(echo, range(40))) == [b"%d" % number * 10_000 for number in range(40)]


def test_job_tells_how_it_ended(job: Callable[..., Job], tmp_path: Path) -> None:
    ended = start(job("echo hello; exit 3")).wait()
    assert (ended.unit, ended.reason, ended.rc, ended.ok) == (f"test{tmp_path}/job", "exited", 3, False)
    assert ended.log.read_text() == "hello\n"


def test_job_that_cannot_start_ends_as_an_error(job: Callable[..., Job]) -> None:
    ended = start(job(("no-such-program",))).wait()
    assert (ended.reason, ended.rc) == ("error", 127)
    assert "no-such-program" in ended.message


def test_job_may_have_an_environment_larger_than_a_pipe(job: Callable[..., Job]) -> None:
    large = {f"LARGE_{number}": "x" * 100_000 for number in range(5)}
    assert start(job("test ${#LARGE_4} = 100000", **large)).wait().ok


STANDARD_SIGNALS = 0x7FFF_FFFF
"""Signals 1 to 31; the C library keeps the next ones for its threads."""


def test_job_starts_with_no_signal_blocked(job: Callable[..., Job]) -> None:
    ended = start(job(("grep", "-E", "SigBlk|SigIgn", "/proc/self/status"))).wait()
    masks = [int(line.split()[1], 16) for line in ended.log.read_text().splitlines()]
    assert [mask & STANDARD_SIGNALS for mask in masks] == [0, 0]


def test_cancelled_job_leaves_no_process(job: Callable[..., Job], mailbox: Mailbox) -> None:
    running = start(job(daemon(mailbox, "stay")))
    stray = mailbox.process()
    running.cancel()
    assert running.wait().reason == "cancelled"
    assert gone(stray, within=0)


def test_interrupted_wait_leaves_no_process(job: Callable[..., Job], mailbox: Mailbox) -> None:
    running = start(job(daemon(mailbox, "stay")))
    with interruption(mailbox, "_listen") as processes, pytest.raises(KeyboardInterrupt):
        running.wait()
    assert gone(processes.result()[0], within=0)


def test_job_whose_supervisor_is_killed_is_lost_and_swept(job: Callable[..., Job], mailbox: Mailbox) -> None:
    running = start(job(f"sh -c 'echo $PPID $$ > {mailbox.path}; sleep 60'; sleep 60"))
    leader, child = map(int, mailbox.line().split())
    process = os.pidfd_open(child)
    supervisor = int(Path(f"/proc/{leader}/stat").read_text().split()[3])
    os.kill(supervisor, signal.SIGKILL)
    ended = running.wait()
    assert (ended.reason, ended.rc, ended.ok) == ("lost", -signal.SIGKILL, False)
    assert gone(process, within=0)


def test_killed_orchestrator_leaves_no_process_after_two_seconds(mailbox: Mailbox, tmp_path: Path) -> None:
    unit, log = f"test{tmp_path}/job", str(tmp_path / "log")
    argv = [sys.executable, "-c", ORCHESTRATOR, unit, log, *daemon(mailbox, "stay")]
    orchestrator = subprocess.Popen(argv)
    stray = mailbox.process()
    orchestrator.kill()
    orchestrator.wait()
    assert gone(stray, within=2)
    assert sweep(unit) == ()


def test_jobs_started_from_many_threads_do_not_disturb_each_other(job: Callable[..., Job]) -> None:
    def code(number: int) -> int:
        return start(job(f"exit {number}", unit=f"job{number}")).wait().rc

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(code, range(12))) == list(range(12))


def test_supervisor_that_hangs_is_ended_at_its_deadline(job: Callable[..., Job], mailbox: Mailbox) -> None:
    running = start(job(f"echo $PPID > {mailbox.path}; sleep 60"))
    os.kill(int(mailbox.line()), signal.SIGSTOP)
    running.deadline = time.monotonic()
    assert running.wait().reason == "lost"
