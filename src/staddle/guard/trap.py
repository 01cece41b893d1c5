"""The trap: around every command that changes something, from its first act to its last.

Invariants. The first INT, TERM or HUP raises `Interrupted` in the main thread, once; signals that
follow are noted and change nothing until the unwinding has ended. Inside `shielded` the raise waits
for the end of the block, so that an act and its record are never torn apart. What was registered
with `undo` runs in reverse order on any exception, and not at all after `disarm`.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from ..core.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Trap:
    """Signals turned into one `Interrupted`, and the undo stack of the command under way."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._shields = 0
        self._pending: int | None = None
        self._raised = False

    def undo(self, act: Callable[[], object]) -> None:
        """Register what takes back the act that follows."""
        self._stack.callback(act)

    def disarm(self) -> None:
        """All is done and recorded: forget the undo stack."""
        self._stack.pop_all()

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Keep a signal waiting until the block has ended; for milliseconds, never for waiting."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            self._deliver()

    def _receive(self, signum: int, _frame: FrameType | None) -> None:
        if self._pending is None:
            self._pending = signum
        self._deliver()

    def _deliver(self) -> None:
        if self._pending is not None and not self._shields and not self._raised:
            self._raised = True
            raise Interrupted(self._pending)

    def _unwind(self) -> None:
        self._raised = True
        self._stack.close()


@contextmanager
def trap() -> Iterator[Trap]:
    """Catch signals for the block and unwind what it registered when it does not end well."""
    caught = Trap()
    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, caught._receive) for number in SIGNALS} if in_main else {}
    try:
        try:
            yield caught
        except BaseException:
            caught._unwind()
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def die_with_parent(variable: str = "STADDLE_DOOR") -> None:
    """End by SIGTERM when the program that started us dies, if it set `variable` to ask for that.

    nox and make pass no TERM on to what they run: without this the work would go on behind a closed
    door. The kernel sends the signal; a parent that died before this call is found by its pid.
    """
    door = os.environ.pop(variable, "")
    if not door:
        return
    import ctypes

    set_parent_death_signal = 1
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGTERM)
    if os.getppid() != int(door):
        os.kill(os.getpid(), signal.SIGTERM)
