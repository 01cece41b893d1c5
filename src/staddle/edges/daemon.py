"""Going on in the background: a command that outlives the terminal that it was typed into."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def go_on_behind() -> Callable[[Path], None]:
    """Go on in a process of a session of its own, and give what lets the caller's process end.

    That one waits until the answer is called, which points all talk to a log, and ends with exit code 0; or else it
    ends as the new process does, and an interruption of it ends both.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    waiting, ready = os.pipe()
    if (behind := os.fork()) != 0:
        os.close(ready)
        raise SystemExit(_wait(behind, waiting))
    os.close(waiting)
    os.setsid()

    def leave(log: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        with log.open("ab") as file, Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        with suppress(BrokenPipeError):
            os.write(ready, b".")
        os.close(ready)

    return leave


def _wait(behind: int, waiting: int) -> int:
    try:
        if os.read(waiting, 1):
            return 0
        ended = os.waitstatus_to_exitcode(os.waitpid(behind, 0)[1])
        return ended if ended >= 0 else 128 - ended
    except BaseException:
        os.kill(behind, signal.SIGTERM)
        raise
