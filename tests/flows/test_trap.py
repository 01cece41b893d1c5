"""The trap: signals and failures unwind what was begun, once and in order."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.core.errors import Interrupted
from staddle.edges.process import capture
from staddle.edges.state import State
from staddle.guard.pool import each
from staddle.guard.trap import SIGNALS, trap


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_undoes_in_reverse_order_and_is_told_by_number(signum: int) -> None:
    done: list[str] = []
    with pytest.raises(Interrupted) as caught, trap() as guard:
        guard.undo(lambda: done.append("first"))
        guard.undo(lambda: done.append("second"))
        os.kill(os.getpid(), signum)
    assert done == ["second", "first"]
    assert caught.value.signum == signum


def waiting_for_a_command() -> None:
    capture(["sleep", "60"], timeout=60.0)


def waiting_for_a_pool() -> None:
    list(each(["60"], lambda seconds: capture(["sleep", seconds], timeout=60.0)))


@pytest.mark.parametrize("wait", [waiting_for_a_command, waiting_for_a_pool])
def test_a_signal_that_wakes_nobody_is_noticed_soon_all_the_same(wait: Callable[[], None]) -> None:
    """As when it comes between Python's last look and the call that blocks: the kernel lets another thread have it."""
    elsewhere = threading.Timer(0.3, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGHUP))
    begun = time.monotonic()
    with pytest.raises(Interrupted), trap():
        elsewhere.start()
        wait()
    elsewhere.join()
    assert time.monotonic() - begun < 30


def test_a_second_signal_does_not_cut_the_undoing() -> None:
    done: list[str] = []

    def slow_undo() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("undone")

    with pytest.raises(Interrupted), trap() as guard:
        guard.undo(slow_undo)
        os.kill(os.getpid(), signal.SIGINT)
    assert done == ["undone"]


def test_a_shield_keeps_act_and_record_together() -> None:
    done: list[str] = []
    with pytest.raises(Interrupted), trap() as guard, guard.shielded():
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("recorded")
    assert done == ["recorded"]


def test_a_disarmed_trap_undoes_nothing() -> None:
    done: list[str] = []
    with pytest.raises(ValueError, match="late"), trap() as guard:
        guard.undo(lambda: done.append("undone"))
        guard.disarm()
        raise ValueError("late")
    assert done == []


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with trap():
        pass
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_record_is_replaced_whole_and_a_foreign_format_is_refused_by_name(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.write("trees", {"trees": {}})
    assert state.read("trees") == {"trees": {}}
    (tmp_path / "staddle" / "trees.json").write_text('{"format": 99}')
    with pytest.raises(Exception, match="another version"):
        state.read("trees")


def test_a_worker_whose_start_was_interrupted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the signal comes while the executor starts a thread, which it then never hears of."""
    begun, ended, start = threading.Event(), threading.Event(), threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        assert begun.wait(60)
        raise KeyboardInterrupt

    def job(seconds: str) -> None:
        begun.set()
        try:
            capture(["sleep", seconds], timeout=60.0)
        finally:
            ended.set()

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(each(["60"], job, 1))
    assert ended.is_set()
