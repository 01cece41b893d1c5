"""Helpers for tests of living processes: messages out of them, and their end, always with a deadline."""

import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60.0
DAEMON = """
import os, signal, sys
ready, closed = os.pipe()
if os.fork():
    os.close(closed)
    os.read(ready, 1)
    if sys.argv[2] == "stay":
        signal.pause()
    sys.exit()
os.setsid()
if os.fork():
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "w") as mail:
    print(os.getpid(), file=mail)
os.closerange(0, 256)
signal.pause()
"""
"""Leaves a process that is a session of its own, forked twice, holds no descriptor, and ignores TERM."""


class Mailbox:
    """A FIFO that processes under test write lines to: `echo hello > PATH` never blocks."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._text = b""

    def line(self) -> str:
        """The next line; the test fails when none comes."""
        while b"\n" not in self._text:
            assert select.select([self._end], (), (), SECONDS)[0], f"nothing came through {self.path}"
            self._text += os.read(self._end, 1 << 16)
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def process(self) -> int:
        """A descriptor of the process whose number is the next line."""
        return os.pidfd_open(int(self.line()))


def gone(process: int, within: float = SECONDS) -> bool:
    """Whether the process behind this descriptor ends in time."""
    return bool(select.select([process], (), (), within)[0])


def daemon(mailbox: Mailbox, leader: str) -> tuple[str, ...]:
    """A command that leaves a stubborn daemon, which mails its number; its `leader` is to `stay` or `leave`."""
    return (sys.executable, "-I", "-S", "-c", DAEMON, str(mailbox.path), leader)


@contextmanager
def interruption(mailbox: Mailbox, function: str, count: int = 1) -> Iterator[Future[list[int]]]:
    """Raise KeyboardInterrupt here once `count` processes have mailed and this thread is in `function`.

    Gives the descriptors of these processes.
    """
    here = threading.get_ident()

    def interrupt() -> list[int]:
        processes = [mailbox.process() for _ in range(count)]
        deadline = time.monotonic() + SECONDS
        while function not in {frame.name for frame in traceback.extract_stack(sys._current_frames()[here])}:
            assert time.monotonic() < deadline, f"never in {function}"
        signal.pthread_kill(here, signal.SIGUSR1)
        return processes

    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    try:
        with ThreadPoolExecutor(1) as helper:
            yield helper.submit(interrupt)
    finally:
        signal.signal(signal.SIGUSR1, before)
