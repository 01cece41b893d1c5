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
EVERY = int(os.environ.get("SWEEP_EVERY", "97"))
"""CI tries every 97th place in each mode; `nox -s drill` tries them all."""


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
    return [
        branch for branch in BRANCHES if f"branch refs/heads/{branch}\n" in git(main, "worktree", "list", "--porcelain")
    ]


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


def spawn_case(folder: Path) -> Case:
    """Nothing of the run; after a cut spawn, `reconcile run42` must leave nothing of it."""
    main = build(folder)
    before = snapshot(main)
    return Case(main, lambda recovery: no_run_left(main, recovery) + differences(before, snapshot(main)))


def spawned(folder: Path, survivors_file: str) -> Path:
    """A run of three; b1 holds a commit and uncommitted work, b2, the survivor, a commit that adds or edits a file."""
    main = build(folder)
    run(main, "spawn", "run42", "3")
    trees = main / ".pqa_worktrees"
    for number, name in ((1, "src/control.py"), (2, survivors_file)):
        (trees / f"run42-b{number}" / name).write_text(f"candidate {number}\n")
        git(trees / f"run42-b{number}", "add", "--all")
        git(trees / f"run42-b{number}", "commit", "--quiet", "-m", f"feat: candidate {number}")
    (trees / "run42-b1" / "wip.txt").write_text("not committed\n")
    return main


def reconcile_case(folder: Path) -> Case:
    """The survivor must have landed exactly once, beside a person's dirty, staged and untracked files."""
    main = spawned(folder, "src/treasury.py")
    before, old = snapshot(main), git(main, "rev-parse", "main").strip()
    tip = git(main, "rev-parse", "pqa/run42-b2").strip()
    apart = ["ref refs/heads/main", "log refs/heads/main", "log HEAD", f"file {main.name}/src/treasury.py", *RUN]

    def check(recovery: Cut) -> list[str]:
        faults = no_run_left(main, recovery) + differences(before, snapshot(main), apart=apart)
        parents = git(main, "log", "--merges", "--format=%P", "main").split()
        if parents != [old, tip]:
            faults.append(f"merges on main: {parents}")
        if (main / "src/treasury.py").read_text() != "candidate 2\n":
            faults.append("the checkout has not the landed file")
        return faults

    return Case(main, check)


def conflict_case(folder: Path) -> Case:
    """The survivor clashes with main: it must be preserved, the losers gone, and nothing else touched."""
    main = spawned(folder, "src/treasury.py")
    (main / "src/treasury.py").write_text("main went on\n")
    git(main, "commit", "--quiet", "-m", "fix: main went on", "src/treasury.py")
    before = snapshot(main)
    apart = ["ref refs/heads/pqa/run42-b[13]", "log refs/heads/pqa/run42-b[13]", "entry run42-b*", *RUN[-1:]]

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 1 else [f"the next command exits {recovery.returncode}"]
        faults += leftovers(main) + differences(before, snapshot(main), apart=apart)
        branches = git(main, "for-each-ref", "--format=%(refname)", "refs/heads/pqa/").split()
        ours = [ref for ref in branches if ref.removeprefix("refs/heads/pqa/run42-b").isdigit()]
        return faults if ours == ["refs/heads/pqa/run42-b2"] else [*faults, f"branches: {ours}"]

    return Case(main, check)


RUN = ["ref refs/heads/pqa/run42-b?", "log refs/heads/pqa/run42-b?", "entry run42-b*", "file parpour/.pqa_worktrees/*"]


def no_run_left(main: Path, recovery: Cut) -> list[str]:
    """What is left of run42, which must be nothing."""
    faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
    faults += leftovers(main, [f"pqa/run42-b{number}" for number in (1, 2, 3)])
    faults += (
        [path.name for path in (main / ".git/staddle/runs").glob("*")] if (main / ".git/staddle/runs").exists() else []
    )
    return faults + [f"left: {path}" for path in (main / ".pqa_worktrees").glob("*run42*")]


SWEEPS = {
    "worktrees": (["worktrees"], ["worktrees"], worktrees_case),
    "remove": (["remove", "m1"], ["remove", "m1"], remove_case),
    "spawn": (["spawn", "run42", "3"], ["reconcile", "run42"], spawn_case),
    "reconcile": (["reconcile", "run42", "b2"], ["reconcile", "run42", "b2"], reconcile_case),
    "conflict": (["reconcile", "run42", "b2"], ["reconcile", "run42", "b2"], conflict_case),
}


@pytest.mark.parametrize("mode", ["kill", "torn", "group", "self", "term", "int", "hup", "enospc", "eio"])
@pytest.mark.parametrize("name", SWEEPS)
def test_cut_anywhere_the_next_command_leaves_no_stump(name: str, mode: str, tmp_path: Path) -> None:
    command, recover, make_case = SWEEPS[name]
    env = ENV | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    sweep = Sweep([*STADDLE, *command], [*STADDLE, *recover], make_case, env)
    result = sweep.run(tmp_path / "work", [mode], every=EVERY)
    sys.stdout.write(f"{name}\n{result.table()}\n")
    assert len(result.tried) > 1
    assert not result.failures, result.report()
