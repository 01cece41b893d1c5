"""Cut every command of staddle before each of its file-changing calls; the next command must find a whole world."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.kit import write_plan

from .bystanders import ENV, build, differences, git, leftovers, snapshot
from .cutter import Cut
from .sweep import Case, Sweep

STADDLE = [sys.executable, "-m", "staddle"]
TREES = 3
BRANCHES = [f"feat/venture-m{number}-part" for number in range(1, TREES + 1)]
OURS = ["*venture-wt-m*", "ref refs/heads/feat/venture-m?-part", "log refs/heads/feat/venture-m?-part", "config",
        "ref refs/remotes/origin/*", "log refs/remotes/origin/*"]  # fmt: skip
EVERY = int(os.environ.get("SWEEP_EVERY", "11"))
"""CI tries every eleventh place in each mode; `nox -s drill` tries them all."""


def with_plan(folder: Path) -> Path:
    """A repository with bystanders and a plan of three milestones, the second's branch on the remote alone."""
    main = build(folder)
    write_plan(main / "milestones.yaml", TREES)
    git(folder, "clone", "--quiet", "origin.git", "colleague")
    git(folder / "colleague", "commit", "--quiet", "--allow-empty", "-m", "chore: news")
    git(folder / "colleague", "push", "--quiet", "origin", "main", f"main:refs/heads/{BRANCHES[1]}")
    return main


def run(main: Path, *argv: str) -> None:
    """Run a verb undisturbed."""
    subprocess.run([*STADDLE, *argv], cwd=main, env=environment(main), check=True, capture_output=True, timeout=60)


def environment(main: Path) -> dict[str, str]:
    """The sealed environment, with the port register where it cannot meet a person's."""
    return ENV | {"HOME": str(main.parent / "home"), "TMPDIR": str(main.parent)}


def standing(main: Path) -> list[str]:
    """The branches that have a tree."""
    return [branch for branch in BRANCHES if f"branch refs/heads/{branch}\n" in git(main, "worktree", "list", "--porcelain")]


def judge(main: Path, before: dict[str, str], expected: Sequence[str]) -> Callable[[Cut], list[str]]:
    """The faults that a case has after its recovery, which must have made exactly the `expected` trees stand."""

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
        faults += leftovers(main, BRANCHES) + differences(before, snapshot(main), apart=OURS)
        if standing(main) != list(expected):
            faults.append(f"trees: {standing(main)}")
        for branch in standing(main):
            tree = main.parent / f"venture-wt-{branch.split('-')[1]}-part"
            faults += [f"{tree.name}: {line}" for line in git(tree, "status", "--porcelain").splitlines()]
        return faults

    return check


def worktrees_case(folder: Path) -> Case:
    """Nothing made yet; the next `worktrees` must give all three trees."""
    main = with_plan(folder)
    return Case(main, judge(main, snapshot(main), BRANCHES))


def remove_case(folder: Path) -> Case:
    """All three trees stand; the next `remove` of m1 must leave the other two."""
    main = with_plan(folder)
    run(main, "worktrees")
    return Case(main, judge(main, snapshot(main), BRANCHES[1:]))


@pytest.mark.parametrize("mode", ["kill", "torn", "group", "self", "term", "int", "hup", "enospc", "eio"])
@pytest.mark.parametrize(("verb", "make_case"), [("worktrees", worktrees_case), ("remove", remove_case)])
def test_cut_anywhere_the_next_command_leaves_no_stump(
    verb: str, make_case: Callable[[Path], Case], mode: str, tmp_path: Path
) -> None:
    argv = [*STADDLE, verb, *(["m1"] if verb == "remove" else [])]
    env = ENV | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    result = Sweep(argv, argv, make_case, env).run(tmp_path / "work", [mode], every=EVERY)
    sys.stdout.write(f"{verb}\n{result.table()}\n")
    assert len(result.tried) > 1
    assert not result.failures, result.report()
