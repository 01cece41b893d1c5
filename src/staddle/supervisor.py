"""The supervisor: owns one job, which is a process and all its descendants, and lets none outlive it.

A program of its own (`python -I -S supervisor.py`, standard library only): a JSON line in, one out. Invariants:

- The answer comes when no process of the job is left, or it says which ones would not go.
- stdin is the lifeline: its end stops the job, and so do a line `cancel`, INT, TERM, HUP and the limit that every job
  has. To stop is TERM for every process, and KILL after `grace` seconds.
- A process is the job's if it descends from us (we are a subreaper, so a daemon still does), or if it bears the unit's
  marker and has no living supervisor of that unit above it. Nothing else is ever signalled, least of all our ancestors;
  and a signal meets the process that was seen: a pidfd holds its number while its start time is compared.
- When we are killed the leader dies with us: its death signal follows our one thread. `--sweep UNIT...` ends the rest.
"""

import ctypes
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

MARKER = "STADDLE_UNIT"
LIFELINE = 0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK_SECONDS = 0.05
SETTLE_SECONDS = 0.2  # for helpers of a runtime, which leave by themselves just after the leader
PATIENCE_SECONDS = 5.0  # after KILL; only another user's process, or one stuck in the kernel, takes it
CHUNK = 1 << 16
CONFINED = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 4096, resource.RLIMIT_FSIZE: 4 << 30}
PRCTL, PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = ctypes.CDLL(None).prctl, 1, 36


def title(unit: str) -> str:
    """The process name by which a supervisor of `unit` is known; the kernel keeps 15 characters."""
    return f"staddle{zlib.crc32(os.fsencode(unit)):08x}"


class Process(NamedTuple):
    """A process as /proc shows it; number and start time together are never given twice."""

    pid: int
    start: int
    parent: int
    name: str


def look(pid: int) -> Process | None:
    """The process of this number, None when there is none."""
    with suppress(OSError):
        name, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").partition("(")[2].rpartition(") ")
        fields = rest.split()
        return Process(pid, start=int(fields[19]), parent=int(fields[1]), name=name)
    return None


def unit_of(pid: int) -> str | None:
    """The marker that a process bears in its environment, None without one."""
    with suppress(OSError):
        variables = Path(f"/proc/{pid}/environ").read_bytes()
        found = re.search(rb"(?:\A|\0)%b=([^\0]*)" % MARKER.encode(), variables)
        return os.fsdecode(found[1]) if found else None
    return None


def ours(owns: Callable[[str], bool]) -> list[Process]:
    """The processes that are ours to end: descendants, and orphans of the units that `owns` accepts."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    seen = {process.pid: process for process in map(look, pids) if process}

    def ancestors(pid: int) -> list[int]:
        line: list[int] = []
        while (pid := seen[pid].parent) in seen and pid not in line:
            line.append(pid)
        return line

    def is_orphan(pid: int) -> bool:
        unit, above = unit_of(pid), {seen[other].name for other in ancestors(pid)}
        return unit is not None and owns(unit) and title(unit) not in above

    me = os.getpid()
    return [seen[pid] for pid in seen.keys() - {me, *ancestors(me)} if me in ancestors(pid) or is_orphan(pid)]


def childless() -> bool:
    """Whether the kernel knows no child of ours: the look through /proc may miss one that just moved."""
    with suppress(ChildProcessError):
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        return False
    return True


def send(process: Process, number: signal.Signals) -> None:
    """Signal exactly this process; one that is gone, or another user's, is passed over."""
    with suppress(ProcessLookupError, PermissionError), open(os.pidfd_open(process.pid), "rb", 0) as handle:
        if (found := look(process.pid)) and found.start == process.start:
            signal.pidfd_send_signal(handle.fileno(), number)


def end(owns: Callable[[str], bool], grace: float, pause: Callable[[float], None]) -> tuple[list[Process], str]:
    """End all that is ours, looking again until nothing is left; what went, and a word on what would not."""
    deadline = time.monotonic() + grace
    told: dict[int, Process] = {}
    while (left := ours(owns)) or not childless():
        late = time.monotonic() - deadline
        if late > PATIENCE_SECONDS:
            names = ", ".join(f"{process.pid} ({process.name})" for process in left)
            return [process for process in told.values() if process not in left], f"could not end {names or 'a child'}"
        for process in left:
            if late >= 0 or process.pid not in told:
                send(process, signal.SIGKILL if late >= 0 else signal.SIGTERM)
            told[process.pid] = process
        pause(TICK_SECONDS)
    return list(told.values()), ""


class Log:
    """The job's output in a file, its secrets masked; when that grows beyond `cap` bytes its middle is left out."""

    def __init__(self, path: str, cap: int, secrets: list[str]) -> None:
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        self.head, self.tail, self.cap = cap // 2, cap // 4, cap
        self.size, self.total, self.fault, self.held = 0, 0, "", b""
        self.secrets = [os.fsencode(secret) for secret in secrets]
        self.secret = re.compile(b"|".join(map(re.escape, self.secrets)) or b"(?!)")

    def write(self, data: bytes) -> None:
        """Append; what may be a secret's beginning waits for more, or for the end, which is no data at all."""
        text = self.held + data
        begun = (n for one in self.secrets for n in range(1, len(one)) if text.endswith(one[:n]) and data)
        cut = len(text) - max(begun, default=0)
        cut = min([cut, *(found.start() for found in self.secret.finditer(text) if found.end() > cut)])
        data, self.held = self.secret.sub(b"***", text[:cut]), text[cut:]
        self.total += len(data)
        try:
            self.size += os.write(self.file, data)
            if self.size > self.cap:
                note = b"\n[%d bytes left out]\n" % (self.total - self.head - self.tail)
                kept = note + os.pread(self.file, self.tail, self.size - self.tail)
                self.size = self.head + os.pwrite(self.file, kept, self.head)
                os.ftruncate(self.file, os.lseek(self.file, self.size, os.SEEK_SET))
        except OSError as error:  # a full disk ends the log, never the job
            self.fault = f"the log is not whole: {error.strerror}"


class Supervisor:
    """One job, from its start to the end of its last process."""

    def __init__(self, job: dict[str, Any], early: bytes) -> None:
        """Start the leader in a session of its own; OSError says why it cannot be."""
        self.job = job
        self.stopped = "cancelled" if b"cancel" in early else ""
        self.rc: int | None = None
        self.wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *STOPPING):
            signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        Path("/proc/self/comm").write_text(title(job["unit"]))
        PRCTL(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        os.close(os.pidfd_open(me := os.getpid()))  # nothing starts where it could not be ended
        self.log = Log(job["log"], job["log_cap"], job.get("secrets", []))

        def prepare() -> None:
            PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != me:  # we died before the death signal was asked for
                os._exit(126)
            for which, most in CONFINED.items() if job.get("confined") else ():
                hard = resource.getrlimit(which)[1]
                resource.setrlimit(which, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))

        self.begun = time.monotonic()
        self.leader = subprocess.Popen(
            job["argv"],
            cwd=job["cwd"],
            env=job["env"] | {MARKER: job["unit"]},
            stdin=os.open(job["stdin"] or os.devnull, os.O_RDONLY),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=prepare,  # safe with one thread
        )
        assert self.leader.stdout is not None
        self.output = self.leader.stdout.fileno()
        self.sources = [self.wake, self.output, LIFELINE]

    def run(self) -> dict[str, Any]:
        """Watch the job until it ends or must stop, end what is left of it, and say how it went."""
        while self.rc is None and not self.stopped and (left := self.begun + self.job["limit"] - time.monotonic()) > 0:
            self._turn(left)
        seconds = time.monotonic() - self.begun
        reason = self.stopped or "limit" if self.rc is None else "exited"
        owns = self.job["unit"].__eq__
        while reason == "exited" and time.monotonic() - self.begun < seconds + SETTLE_SECONDS and ours(owns):
            self._turn(TICK_SECONDS)
        ended, stubborn = end(owns, self.job["grace"], self._turn)
        for _ in range(17):  # a pipe holds at most 1 MiB, and then its end
            self._turn(0)
        rc, message = -signal.SIGKILL if self.rc is None else self.rc, stubborn or self.log.fault
        strays = [f"{one.name} ({one.pid})" for one in ended] if reason == "exited" else []
        reason = "error" if stubborn else reason
        return {"reason": reason, "rc": rc, "seconds": seconds, "strays": strays, "message": message}

    def _turn(self, seconds: float) -> None:
        """Wait for something to happen, at most so long, and take it in."""
        for source in select.select(self.sources, (), (), seconds)[0]:
            data = os.read(source, CHUNK)
            if not data:
                self.sources.remove(source)
            if source == self.wake:
                self._hear(data)
            elif source == self.output:
                self.log.write(data)
            elif b"cancel" in data or not data:
                self.stopped = self.stopped or ("cancelled" if data else "lost")

    def _hear(self, signals: bytes) -> None:
        if not set(STOPPING).isdisjoint(signals):
            self.stopped = self.stopped or "lost"
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self.leader.pid:
                    self.rc = self.leader.returncode = os.waitstatus_to_exitcode(found[1])


def main() -> None:
    """Answer the job that stdin brings; a line cut short, its sender having died, is no JSON and starts nothing."""
    said = b""
    while b"\n" not in said and (data := os.read(LIFELINE, CHUNK)):
        said += data
    line, _, early = said.partition(b"\n")
    job = json.loads(line)
    try:
        supervisor = Supervisor(job, early)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        missing = isinstance(error, FileNotFoundError) and error.filename == job["argv"][0]
        rc, why = (127, f"{job['argv'][0]}: not found") if missing else (126, str(error))
        answer = {"reason": "error", "rc": rc, "message": f"cannot start: {why}"}
    else:
        answer = supervisor.run()
    with suppress(BrokenPipeError):
        os.write(1, json.dumps({"unit": job["unit"]} | answer).encode() + b"\n")


def sweep(units: list[str]) -> None:
    """End what dead supervisors of `units` and of the units below them left, and print it as a JSON list."""
    ended, stubborn = end(lambda its: any(f"{its}/".startswith(f"{unit}/") for unit in units), 1.0, time.sleep)
    sys.stdout.write(json.dumps([{"pid": process.pid, "name": process.name} for process in ended]) + "\n")
    sys.exit(stubborn or 0)


if __name__ == "__main__":
    sweep(sys.argv[2:]) if sys.argv[1:2] == ["--sweep"] else main()
