"""Cut every command of staddle before each of its file-changing calls; the next command must find a whole world."""

import os
import sys
from pathlib import Path

import pytest

from staddle.faults import cases as drilled
from staddle.faults.cutter import MODES
from staddle.faults.seccomp import SUPPORTED
from staddle.faults.sweep import Sweep

from .cases import STORIES

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="needs seccomp user notification")
EVERY = int(os.environ.get("SWEEP_EVERY", "97"))
"""CI tries every 97th place, killed and in one more mode, which take turns; `nox -s faults` tries all, in all modes."""
TWELFTH = 12 if EVERY == 1 else 2 * EVERY
RECOVERIES = 12 if EVERY == 1 else 2
ALL = {**STORIES, **drilled.STORIES}
ALWAYS = ("kill",)
OTHERS = [mode for mode in MODES if mode not in ALWAYS]


def modes_of(story: int) -> tuple[str, ...]:
    """The modes in which a story is tried."""
    if os.environ.get("SWEEP_EVERY"):
        return MODES
    return (*ALWAYS, OTHERS[story % len(OTHERS)])


TRIED = [(name, mode) for number, name in enumerate(ALL) for mode in modes_of(number)]


def sweep(name: str, folder: Path) -> Sweep:
    """The sweep of one story, with a home below the folder."""
    (folder / "home").mkdir()
    command, recover, make_case = ALL[name]
    env = drilled.environment(folder / "home")
    argv = command if command[0] == "git" else (*drilled.STADDLE, *command)
    return Sweep(argv, [*drilled.STADDLE, *recover], lambda case: make_case(case, None), env)


@pytest.mark.parametrize(("name", "mode"), TRIED)
def test_cut_anywhere_the_next_command_leaves_no_stump(name: str, mode: str, tmp_path: Path) -> None:
    result = sweep(name, tmp_path).run(tmp_path / "work", [mode], every=EVERY)
    sys.stdout.write(f"{name}\n{result.table()}\n")
    assert len(result.tried) > 1
    assert not result.failures, result.report()


@pytest.mark.parametrize("name", ["spawn", "reconcile"])
def test_a_recovery_that_is_cut_as_well_leaves_no_stump(name: str, tmp_path: Path) -> None:
    result = sweep(name, tmp_path).run(tmp_path / "work", ["kill"], every=TWELFTH, double=RECOVERIES)
    sys.stdout.write(f"{name}, twice\n{result.table()}\n")
    assert any(point.again for point in result.tried)
    assert not result.failures, result.report()
