"""Cut a command at its k-th file-changing system call, wherever in its process tree that call is made.

A program of its own, standard library only: being a subreaper, and ending every descendant whatever happens, must never
touch a caller's other children. In a shell, `python -m staddle.faults.cutter --at 12 --mode kill -- git worktree add
../x` lists the calls up to the cut; without `--at` the command runs to its end.
"""

import argparse
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from .seccomp import Listener, Notice, paths, prctl, stop_file_changes, write_half

SIGNALS: Final = {"term": signal.SIGTERM, "int": signal.SIGINT, "hup": signal.SIGHUP}
MODES: Final = ("kill", "torn", "group", "self", *SIGNALS, "enospc", "eio")
NO_NOTIFICATION: Final = 71
"""The cutter's exit code where the kernel, or the container, does not let system calls be stopped."""
_OPENS = {"open", "openat", "creat"}
_GROWS = ("write", "pwrite", "sendfile", "splice", "copy", "fallocate", "ioctl", "mk", "link", "symlink", *_OPENS)
_KERNELS_OWN = ("/dev/", "/proc/", "/sys/", "/memfd:")


class Cut(NamedTuple):
    """What became of one command: its counted calls as `name path`, whether the cut was reached, and how it ended.

    `returncode` is negative for a signal; `survivors` are the processes that outlived the time limit and were killed.
    """

    calls: list[str]
    hit: bool
    returncode: int
    survivors: int
    output: str = ""


class _Supervisor:
    """The process that starts the command, answers its stopped calls and reaps its whole tree."""

    def __init__(self, at: int | None, mode: str, roots: Sequence[str]) -> None:
        self.at, self.mode, self.roots = at, mode, [f"{root}/" for root in roots]
        self.calls: list[str] = []
        self.status = 0
        self.wake, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans of the tree become ours, so "no children" means "all gone"
        prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: a caller that is killed takes the tree with it
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ring)

    def run(self, argv: list[str], cwd: str, timeout: float) -> Cut:
        """Supervise one command to the end of its last process."""
        self.leader, self.listener = _start(argv, cwd)
        deadline = time.monotonic() + timeout
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        poll.register(self.listener.fd, select.POLLIN)
        try:
            while self._reap() and (left := deadline - time.monotonic()) > 0:
                ready = [fd for fd, event in poll.poll(1000 * left) if event & select.POLLIN]
                if self.listener.fd in ready and (notice := self.listener.receive()):
                    self._stopped(notice)
        finally:
            survivors = self._end_tree()
        hit = self.at is not None and len(self.calls) >= self.at
        return Cut(self.calls, hit, os.waitstatus_to_exitcode(self.status), survivors)

    def _stopped(self, notice: Notice) -> None:
        """Count a stopped call, and act if it is the one."""
        try:
            touched = paths(notice)
        except OSError:  # no such fd or address: the kernel will refuse the call
            touched = []
        if not any(self._counts(path) for path in touched):
            self.listener.go_on(notice)
            return
        self.calls.append(" ".join([notice.kind.name, *touched]))
        if self.mode == "enospc" and self.at and len(self.calls) >= self.at and _grows(notice, touched[-1]):
            self.listener.fail(notice, errno.ENOSPC)
        elif len(self.calls) == self.at:
            self._act(notice)
        else:
            self.listener.go_on(notice)

    def _counts(self, path: str) -> bool:
        """Whether a change of this path is a step of the command, and not of a pipe, a device or Python's cache."""
        below = f"{path}/".startswith(tuple(self.roots or "/"))
        return below and (bool(self.roots) or not path.startswith(_KERNELS_OWN)) and "/__pycache__" not in path

    def _act(self, notice: Notice) -> None:
        if self.mode in {"kill", "torn"}:
            if self.mode == "torn":
                write_half(notice)
            self._end_tree()
        elif self.mode == "self":
            os.kill(notice.thread, signal.SIGKILL)
        elif self.mode == "eio":
            self.listener.fail(notice, errno.EIO)
        else:
            if self.mode == "group":
                os.killpg(self.leader, signal.SIGKILL)
            elif self.mode in SIGNALS:
                os.kill(self.leader, SIGNALS[self.mode])
            self.listener.go_on(notice)

    def _reap(self) -> bool:
        """Collect the dead; whether any process of the tree is left."""
        with suppress(BlockingIOError):
            os.read(self.wake, 512)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.leader:
                    self.status = ended[1]
            return True
        return False

    def _end_tree(self) -> int:
        """Kill until nothing is left, and say how many there were; unanswered, none changes a file meanwhile."""
        found: set[int] = set()
        while self._reap():
            living = _descendants()
            for process in living:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            found |= living
            select.select([self.wake], [], [], 0.05)
        return len(found)


def _start(argv: list[str], cwd: str) -> tuple[int, Listener]:
    """Start the command in its own session and under notification, with every signal at its default."""
    ours, theirs = socket.socketpair()
    leader = os.fork()
    if leader:
        theirs.close()
        with ours:
            try:
                return leader, Listener(ours)
            except ConnectionError:  # the child has said why
                os.waitpid(leader, 0)
                sys.exit(NO_NOTIFICATION)
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.chdir(cwd)
        stop_file_changes(theirs)
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error}\n".encode())
    os._exit(127)


def _grows(notice: Notice, path: str) -> bool:
    """Whether a full disk stops the call: it writes, or makes a name; opening what is there does not."""
    return notice.kind.name.startswith(_GROWS) and not (notice.kind.name in _OPENS and os.path.lexists(path))


def _descendants() -> set[int]:
    """Every living process below this one."""
    parents = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                state, parent = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
    found, edge = set[int](), {os.getpid()}
    while edge:
        edge = {child for child, parent in parents.items() if parent in edge}
        found |= edge
    return found


def main() -> int:
    """Run one command under supervision, and report on the given fd, or in words on stderr."""
    parser = argparse.ArgumentParser(prog="python -m staddle.faults.cutter", description=__doc__)
    parser.add_argument("--at", type=int, help="the call to act at; without it the command runs to its end")
    parser.add_argument("--mode", choices=MODES, default="kill")
    parser.add_argument("--root", action="append", default=[], help="count only calls on paths below this folder")
    parser.add_argument("--cwd", default=str(Path.cwd()))
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--report", type=int, help=argparse.SUPPRESS)
    parser.add_argument("argv", nargs="+")
    options = parser.parse_args()
    if options.report is not None:
        os.set_inheritable(options.report, False)
    done = _Supervisor(options.at, options.mode, options.root).run(options.argv, options.cwd, options.timeout)
    if options.report is not None:
        os.write(
            options.report,
            json.dumps({name: value for name, value in done._asdict().items() if name != "output"}).encode(),
        )
        return 0
    listing = "".join(f"{number:5} {call}\n" for number, call in enumerate(done.calls, 1))
    sys.stderr.write(f"{listing}ended with {done.returncode}, {'hit' if done.hit else 'not hit'}\n")
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


if __name__ == "__main__":
    sys.exit(main())
