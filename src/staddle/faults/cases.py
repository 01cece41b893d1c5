"""The life cycle of a run as cases for a sweep: a repository to hurt, a command, its recovery, and what must hold."""

import site
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..core.errors import WorkFailed
from ..edges.process import capture
from .bystanders import CORNER, ENV, build, git
from .cutter import Cut
from .picture import differences, leftovers, snapshot
from .sweep import Case

STADDLE = (sys.executable, "-m", "staddle")
VERB_SECONDS = 60.0
TREASURY = f"{CORNER}/treasury.py"
RUN = (
    "ref refs/heads/pqa/run42-b?", "log refs/heads/pqa/run42-b?", "entry run42-b*", "file parpour/.pqa_worktrees/*",
)  # fmt: skip
"""What of a picture is run42's."""
LANDING = ("ref refs/heads/main", "log refs/heads/main", "log HEAD", f"file parpour/{TREASURY}")
"""What of a picture changes when its survivor lands."""


class Story(NamedTuple):
    """A verb's arguments, those of the command that a person gives next, and the case they are for.

    The case is made in an empty folder, around a seed where there is one.
    """

    command: tuple[str, ...]
    recover: tuple[str, ...]
    make_case: Callable[[Path, Path | None], Case]


def environment(home: Path) -> dict[str, str]:
    """The sealed environment, with the port register and all temporary files below `home`."""
    return ENV | {"HOME": str(home), "TMPDIR": str(home), "PYTHONUSERBASE": site.getuserbase()}


def run(main: Path, *argv: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a verb undisturbed and give all it says; WorkFailed when it ends in another way than with `codes`."""
    done = capture([*STADDLE, *argv], cwd=main, env=environment(main.parent), timeout=VERB_SECONDS)
    said = (done.out + done.err).decode(errors="replace")
    if done.rc not in codes:
        raise WorkFailed(f"staddle {' '.join(argv)}, undisturbed, exits {done.rc}: {said.strip()}")
    return said


def no_run_left(main: Path, recovery: Cut) -> list[str]:
    """What is left of run42, which must be nothing, and how the recovery ended, which must be well."""
    faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
    faults += leftovers(main, [f"pqa/run42-b{number}" for number in (1, 2, 3)])
    faults += [f"left: {path.name}" for path in (main / ".git/staddle/runs").glob("*")]
    return faults + [f"left: {path}" for path in (main / ".pqa_worktrees").glob("*run42*")]


def landed_once(main: Path, old: str, tip: str) -> list[str]:
    """What speaks against the survivor `tip` having landed on `old`, exactly once and in the checkout as well."""
    parents = git(main, "log", "--merges", "--format=%P", "main").split()
    faults = [] if parents == [old, tip] else [f"merges on main: {parents}"]
    if (main / TREASURY).read_text() != "candidate 2\n":
        faults.append("the checkout has not the landed file")
    return faults


def spawned(folder: Path, seed: Path | None = None) -> Path:
    """A run of three; b1 holds a commit and uncommitted work, b2, the survivor, a commit that edits the treasury."""
    main = build(folder, seed)
    run(main, "spawn", "run42", "3")
    trees = main / ".pqa_worktrees"
    for number, name in ((1, f"{CORNER}/control.py"), (2, TREASURY)):
        tree = trees / f"run42-b{number}"
        (tree / name).write_text(f"candidate {number}\n")
        git(tree, "commit", "--quiet", "--all", "-m", f"feat: candidate {number}")
    (trees / "run42-b1" / CORNER / "wip.txt").write_text("not committed\n")
    return main


def spawn_case(folder: Path, seed: Path | None) -> Case:
    """Nothing of the run; after a cut spawn, `reconcile run42` must leave nothing of it."""
    main = build(folder, seed)
    before = snapshot(main)
    return Case(main, lambda recovery: no_run_left(main, recovery) + differences(before, snapshot(main)))


def reconcile_case(folder: Path, seed: Path | None) -> Case:
    """The survivor must have landed exactly once, beside a person's dirty, staged and untracked files."""
    main = spawned(folder, seed)
    before, (old, tip) = snapshot(main), git(main, "rev-parse", "main", "pqa/run42-b2").split()

    def check(recovery: Cut) -> list[str]:
        changed = differences(before, snapshot(main), apart=[*LANDING, *RUN])
        return no_run_left(main, recovery) + changed + landed_once(main, old, tip)

    return Case(main, check)


def conflict_case(folder: Path, seed: Path | None) -> Case:
    """The survivor clashes with main: it must be preserved, the losers gone, and nothing else touched."""
    main = spawned(folder, seed)
    (main / TREASURY).write_text("main went on\n")
    git(main, "commit", "--quiet", "-m", "fix: main went on", TREASURY)
    before = snapshot(main)
    apart = ["ref refs/heads/pqa/run42-b[13]", "log refs/heads/pqa/run42-b[13]", *RUN[2:]]

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 1 else [f"the next command exits {recovery.returncode}"]
        faults += leftovers(main) + differences(before, snapshot(main), apart=apart)
        branches = git(main, "for-each-ref", "--format=%(refname)", "refs/heads/pqa/").split()
        ours = [ref for ref in branches if ref.removeprefix("refs/heads/pqa/run42-b").isdigit()]
        return faults if ours == ["refs/heads/pqa/run42-b2"] else [*faults, f"branches: {ours}"]

    return Case(main, check)


SPAWN, REST, LAND = ("spawn", "run42", "3"), ("reconcile", "run42"), ("reconcile", "run42", "b2")
STORIES: Mapping[str, Story] = {
    "spawn": Story(SPAWN, REST, spawn_case),
    "reconcile": Story(LAND, LAND, reconcile_case),
    "conflict": Story(LAND, LAND, conflict_case),
}
"""The stories that `drill` tells about a person's own repository."""
