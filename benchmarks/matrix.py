"""How long does it take to tell which trees conflict, against a `git merge-tree` for each pair?

`python benchmarks/matrix.py [--quick]` makes repositories of 10,000 and 60,000 files (`--quick`: 1,000) with 9 and 33
trees, each with ten changed files of its own and one that a neighbour changes too; first committed, then with
uncommitted work in every tree. One table comes out, of milliseconds on this machine, the best of three rounds: a
`git merge-tree` for each pair, one after another; all pairs as staddle merges them; all that `conflicts` does, from
reading the trees to the landing order; and the part of it that reads trees. The exit code is 1 when the two ways
disagree on which pairs conflict.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TypeVar

import products
import repos

from staddle.flows.conflicts import foreseen, side
from staddle.flows.rows import in_order
from staddle.flows.survey import survey
from staddle.flows.workspace import Workspace, open_workspace
from staddle.guard.shelving import shelf

ROUNDS = 3
TOUCHED = 10
HEADS = ("files", "trees", "work", "per pair", "merged", "times", "conflicts", "reading", "beside it")
Result = TypeVar("Result")


def best(work: Callable[[], Result]) -> tuple[float, Result]:
    """The least milliseconds it takes, and what came of it."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        result = work()
        taken.append((time.monotonic() - begun) * 1000)
    return min(taken), result


def product(folder: Path, files: int, count: int) -> Path:
    """A product whose trees have commits of their own: tree N conflicts with tree N + 1 when N is odd."""
    main = repos.make(folder / "product", files)
    products.write_plan(main, count)
    products.publish(main)
    done = products.staddle(main, "worktrees", env=dict(os.environ))
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    paths = repos.git(main, "ls-files").split()
    for number in range(1, count + 1):
        tree = products.tree(main, number)
        for path in paths[number * TOUCHED : (number + 1) * TOUCHED]:
            (tree / path).write_text(f"tree {number}\n")
        (tree / paths[-1 - (number + 1) // 2]).write_text(f"tree {number}\n")
        repos.git(tree, "commit", "--quiet", "--no-verify", "--all", "--message=own")
    return main


def naive(main: Path, tips: dict[str, str]) -> set[tuple[str, str]]:
    """The pairs in conflict, by a command each."""
    found = set()
    for one, other in combinations(tips, 2):
        done = products.run(main, "merge-tree", "--write-tree", "--name-only", tips[one], tips[other])
        if done.returncode:
            found.add((one, other))
    return found


def row(main: Path, files: int, count: int, work: str) -> bool:
    """Measure and print one line; whether both ways agree."""
    workspace = open_workspace(main / "milestones.yaml")
    tips = {
        f"m{number}": repos.git(main, "rev-parse", products.branch(number)).strip() for number in range(1, count + 1)
    }
    alone, conflicting = best(lambda: naive(main, tips))
    merging, _ = best(lambda: merged(workspace, tips))
    reading, _ = best(lambda: read(workspace))
    whole, matrix = best(lambda: foreseen(workspace, workspace.plan.milestones))
    times = f"x{alone / merging:.1f}"
    cells = (
        files,
        count,
        work,
        f"{alone:.0f}",
        f"{merging:.0f}",
        times,
        f"{whole:.0f}",
        f"{reading:.0f}",
        f"{whole - reading:.0f}",
    )
    print("| " + " | ".join(f"{cell!s:>11}" for cell in cells) + " |", flush=True)
    return conflicting == {(cell.one, cell.other) for cell in matrix.cells if cell.conflict}


def merged(workspace: Workspace, tips: dict[str, str]) -> object:
    """All pairs, in one command."""
    from staddle.core.names import Oid

    with shelf(workspace.git) as aside:
        return aside.merged([(Oid(tips[one]), Oid(tips[other])) for one, other in combinations(tips, 2)])


def read(workspace: Workspace) -> object:
    """What every tree holds, uncommitted work included."""
    with shelf(workspace.git) as aside:
        found = survey(workspace, workspace.plan.milestones)
        return in_order(found.findings, lambda one: side(aside, workspace.git, one))


def main() -> int:
    """Measure, and print the table; 1 when the two ways disagree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 files")
    sizes = [1_000] if parser.parse_args().quick else [10_000, 60_000]
    print("| " + " | ".join(f"{head:>11}" for head in HEADS) + " |")
    print("|" + "|".join("-" * 12 + ":" for _ in HEADS) + "|")
    well = True
    for files in sizes:
        for count in (9, 33):
            with tempfile.TemporaryDirectory(prefix="staddle-matrix-") as name:
                place = product(Path(name), files, count)
                os.environ.update(products.own_places(place))
                well &= row(place, files, count, "committed")
                for number in range(1, count + 1):
                    (products.tree(place, number) / f"new{number}.txt").write_text("new\n")
                well &= row(place, files, count, "uncommitted")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
