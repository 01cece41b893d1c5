"""Processes: plumbing that is captured, and jobs that run under a supervisor.

`capture` is for short commands of our own, git above all; it is cheap and may be called from many
threads. `start` is for what others wrote (checks, agents, set-up): the supervisor that it launches
ends every descendant of the job, also when this process is killed. Nothing outlives either call.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import WorkFailed
from ..core.unit import Ended, Job
from .masking import secrets_in
from .processes import any_bears

if TYPE_CHECKING:
    import sh

MARKER = "STADDLE_UNIT"
SUPERVISOR = (sys.executable, "-I", "-S", str(Path(__file__).resolve().parents[1] / "supervisor.py"))
IDENTITY_VARIABLES = {f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
NETWORK_VARIABLES = {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS"}
TERM_SECONDS = 2.0
"""What a captured command may take to go after TERM; git removes its lock files in that time."""
SUPERVISOR_SECONDS = 15.0
"""What a supervisor may take beyond its job's limit and grace: its start, its patience, its answer."""
SWEEP_SECONDS = 30.0
LOOK_SECONDS = 0.1
"""The longest wait in one piece. A signal that comes just before Python blocks is seen when it has waited, not sooner;
and a thread of a pool learns only between two waits that it is to stop."""

_thread = threading.local()


def stop_when(stopping: threading.Event) -> None:
    """End the commands that this thread captures once `stopping` is set; a signal interrupts the main thread alone."""
    _thread.stopping = stopping


def scrubbed(environ: Mapping[str, str], *, network: bool = False) -> dict[str, str]:
    """The environment in the C locale, without git's variables but who commits; `network` keeps the way to a remote."""
    kept = IDENTITY_VARIABLES | (NETWORK_VARIABLES if network else set())
    ours = {name: value for name, value in environ.items() if name in kept or not name.startswith("GIT_")}
    ours.pop("LANGUAGE", None)
    return ours | {"LC_ALL": "C"}


@dataclass(frozen=True)
class Outcome:
    """A finished command: exit code (or minus the signal), what it wrote, and how long it took."""

    rc: int
    out: bytes
    err: bytes
    seconds: float


def capture(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: float,
    pass_fds: Sequence[int] = (),
) -> Outcome:
    """Run a command to its end in a session of its own; WorkFailed when it cannot start or takes too long."""
    begun = time.monotonic()
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            close_fds=bool(pass_fds),  # Python's own are close-on-exec, and to look for others costs 1 ms
            pass_fds=pass_fds,
        )
    except OSError as error:
        raise WorkFailed(f"cannot start {argv[0]}: {error}") from error
    with process:
        try:
            out, err = _communicate(process, stdin, timeout)
        except subprocess.TimeoutExpired:
            _stop(process)
            raise WorkFailed(f"{' '.join(argv)} was ended after {timeout:g} s") from None
        except BaseException:
            _stop(process)
            raise
    return Outcome(process.returncode, out, err, time.monotonic() - begun)


def _communicate(process: "subprocess.Popen[bytes]", stdin: bytes | None, timeout: float) -> tuple[bytes, bytes]:
    stopping: threading.Event | None = getattr(_thread, "stopping", None)
    deadline = time.monotonic() + timeout
    while True:
        try:
            return process.communicate(stdin, min(LOOK_SECONDS, timeout))
        except subprocess.TimeoutExpired:
            if (stopping and stopping.is_set()) or time.monotonic() > deadline:
                raise
            stdin = None  # it is under way


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a command's session; until its leader is waited for, nothing else can have that number."""
    if process.returncode is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + TERM_SECONDS
    while time.monotonic() < deadline and not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Running:
    """A job under way. Its supervisor ends it when this process dies: the socket between them closes."""

    def __init__(self, job: Job, supervisor: "sh.RunningCommand", lifeline: socket.socket) -> None:
        self.job = job
        self._supervisor = supervisor
        self._lifeline = lifeline
        self._begun = time.monotonic()
        self.deadline = self._begun + job.limit + job.grace + SUPERVISOR_SECONDS
        """When the supervisor has gone astray, and `wait` ends it (time.monotonic)."""

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self._begun

    def fileno(self) -> int:
        """The descriptor that turns readable when the job is over."""
        return self._lifeline.fileno()

    def cancel(self) -> None:
        """Ask for the job's end; `wait` says when it has come."""
        self.deadline = min(self.deadline, time.monotonic() + self.job.grace + SUPERVISOR_SECONDS)
        with suppress(OSError):
            self._lifeline.sendall(b"cancel\n")

    def wait(self) -> Ended:
        """Wait until no process of the job is left; when interrupted, cancel it and wait all the same."""
        import sh

        try:
            said = self._listen()
        except BaseException:
            self.cancel()
            self._listen()
            raise
        finally:
            self._lifeline.close()
            with suppress(sh.ErrorReturnCode):
                self._supervisor.wait()
        try:
            answer = json.loads(said)
            return Ended(log=self.job.log, **answer | {"strays": tuple(answer.get("strays", ()))})
        except ValueError:
            return self._lost(said)

    def _listen(self) -> bytes:
        """All that the supervisor says until it is gone."""
        said = b""
        while True:
            self._lifeline.settimeout(max(0.1, self.deadline - time.monotonic()))
            try:
                data = self._lifeline.recv(1 << 16)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    self._supervisor.kill()
                continue
            except ConnectionResetError:  # a `cancel` came too late to be read
                return said
            if not data:
                return said
            said += data

    def _lost(self, said: bytes) -> Ended:
        swept = _sweep(self.job.unit)
        last_words = (said.splitlines() + swept.err.splitlines())[-1:]
        message = b": ".join([b"the supervisor died", *last_words]).decode(errors="replace")
        return Ended(self.job.unit, "lost", -signal.SIGKILL, self.job.log, self.seconds, message=message)


def start(job: Job) -> Running:
    """Run a job under a supervisor of its own; never fails for the job's sake, `wait` tells all."""
    import sh

    ours, theirs = socket.socketpair()
    with _undisturbed(), os.fdopen(theirs.detach(), "r+b", buffering=0) as end:
        supervisor = sh.Command(SUPERVISOR[0])(
            *SUPERVISOR[1:],
            _in=end,
            _out=end,
            _err_to_out=True,
            _cwd="/",
            _new_session=True,
            _bg=True,
            _bg_exc=False,
            _tty_out=False,
            _truncate_exc=False,
        )
    with suppress(OSError):  # it died at once; `wait` finds that out
        told = asdict(job) | {"secrets": secrets_in(job.env)}
        ours.sendall(json.dumps(told, default=os.fspath).encode() + b"\n")
    return Running(job, supervisor, ours)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep signals waiting: `sh` forks Python, and no handler of ours may run in the child."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def sweep(*units: str) -> tuple[str, ...]:
    """End what dead supervisors of `units` and of the units below them left; the names of what was ended.

    WorkFailed when a process would not go. A unit whose supervisor lives is left to it; see `outlast`.
    """
    if not any_bears(MARKER, units):
        return ()
    swept = _sweep(*units)
    if swept.rc != 0:
        raise WorkFailed(f"{', '.join(units)}: {swept.err.decode(errors='replace').strip()}")
    return tuple(f"{process['name']} ({process['pid']})" for process in json.loads(swept.out))


def outlast(*units: str) -> None:
    """Wait for the end of what these units have, whose owner is dead: their living supervisors are ending it.

    WorkFailed when that takes too long.
    """
    deadline = time.monotonic() + SUPERVISOR_SECONDS
    while any_bears(MARKER, units):
        if time.monotonic() > deadline:
            raise WorkFailed(f"{', '.join(units)}: its supervisor does not end it")
        time.sleep(LOOK_SECONDS)


def _sweep(*units: str) -> Outcome:
    return capture([*SUPERVISOR, "--sweep", *units], timeout=SWEEP_SECONDS)
