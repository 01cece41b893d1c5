"""What do N candidates cost, made and taken away, beside git one by one and beside bare copying?

`python benchmarks/runs.py [--quick] [--folder PLACE]` spawns runs of 8 and 32 candidates in repositories of 1,000
and 10,000 files, commits once in each candidate, and lands one, in three ways that take turns, every
other round backwards: `staddle spawn` and `staddle reconcile`; the loops of git commands that people write; and
the floor, `cp -a` of the checkout and `rm -rf` of the copies, one for each processor at a time. A first
round of each is not counted. The table has medians, which say something of this machine only, and their
ratios. It works in memory where there is room, unless PLACE or TMPDIR says otherwise.
"""

import argparse
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import products
import repos
from create import WORKERS, at_once

HOME, RUN, SURVIVOR = ".pqa_worktrees", "r", 1
MEMORY, ROOM = Path("/dev/shm"), 8 << 30
SIZES, NUMBERS = (1_000, 10_000), (8, 32)
FEW = 10_000 * 8
"""From so many files in all trees on, three rounds must do."""

Way = Callable[[Path, int], None]


def staddle(main: Path, *argv: str) -> None:
    """Run a verb as one that is installed runs: with its bytecode."""
    env = repos.environment() | {"PYTHONPYCACHEPREFIX": str(main.parent / "bytecode")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    products.staddle(main, *argv, env=env).check_returncode()


def spawn(main: Path, number: int) -> None:
    """Make the candidates by staddle."""
    staddle(main, "spawn", RUN, str(number))


def reconcile(main: Path, _: int) -> None:
    """Land the survivor by staddle, and take everything away."""
    staddle(main, "reconcile", RUN, f"b{SURVIVOR}")


def add_loop(main: Path, number: int) -> None:
    """Make the candidates by git, one by one."""
    for index in range(1, number + 1):
        repos.git(main, "worktree", "add", "-q", "-b", f"pqa/{RUN}-b{index}", f"{HOME}/{RUN}-b{index}")


def remove_loop(main: Path, number: int) -> None:
    """Land the survivor by git, and take everything away one by one; what losers hold is lost."""
    repos.git(main, "merge", "-q", "--no-ff", "--no-edit", f"pqa/{RUN}-b{SURVIVOR}")
    for index in range(1, number + 1):
        repos.git(main, "worktree", "remove", "--force", f"{HOME}/{RUN}-b{index}")
        repos.git(main, "branch", "-q", "-D", f"pqa/{RUN}-b{index}")


def copy(main: Path, number: int) -> None:
    """Copy the checkout's files, and nothing else."""
    entries = [str(path) for path in main.iterdir() if path.name not in {".git", HOME}]
    targets = [main / HOME / f"{RUN}-b{index}" for index in range(1, number + 1)]
    for target in targets:
        target.mkdir(parents=True)
    at_once([["cp", "-a", *entries, str(target)] for target in targets], WORKERS)


def delete(main: Path, number: int) -> None:
    """Delete the copies."""
    at_once([["rm", "-rf", str(main / HOME / f"{RUN}-b{index}")] for index in range(1, number + 1)], WORKERS)


WAYS: dict[str, tuple[Way, Way]] = {
    "staddle": (spawn, reconcile),
    "git": (add_loop, remove_loop),
    "floor": (copy, delete),
}
VERBS = ("spawn", "reconcile")


def commit(main: Path, number: int) -> None:
    """Change one file in each candidate, and commit it where there is a branch to commit to."""
    for index in range(1, number + 1):
        tree = main / HOME / f"{RUN}-b{index}"
        file = next(tree.glob("service*/*/*.py"))
        file.write_text(f"candidate = {index}\n")
        if (tree / ".git").exists():
            repos.git(tree, "commit", "--quiet", "--message=feat: one thing", str(file))


def renew(main: Path, base: str) -> None:
    """Put the repository back to where it was before the run."""
    for folder in (main / HOME, main / ".pqa", main / ".git" / "staddle"):
        shutil.rmtree(folder, ignore_errors=True)
    repos.git(main, "reset", "--quiet", "--hard", base)
    repos.git(main, "gc", "--quiet", "--prune=now")


def seconds(way: Way, main: Path, number: int) -> float:
    """How long one way takes; what was written before is on the disk when it starts."""
    os.sync()
    begun = time.perf_counter()
    way(main, number)
    return time.perf_counter() - begun


def measure(main: Path, number: int, rounds: int) -> dict[tuple[str, str], float]:
    """The median seconds of each verb in each way."""
    seen: dict[tuple[str, str], list[float]] = {(verb, name): [] for verb in VERBS for name in WAYS}
    base = repos.git(main, "rev-parse", "HEAD").strip()
    for turn in range(-1, rounds):
        for name in list(WAYS)[:: -1 if turn % 2 else 1]:
            begin, end = WAYS[name]
            took = [seconds(begin, main, number)]
            commit(main, number)
            took.append(seconds(end, main, number))
            if turn >= 0:
                for verb, one in zip(VERBS, took, strict=True):
                    seen[verb, name].append(one)
            renew(main, base)
    return {key: median(times) for key, times in seen.items()}


def place() -> Path:
    """Where to work: where TMPDIR says, else in memory if that has room, else in the system's folder."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        return MEMORY
    return Path(tempfile.gettempdir())


def main() -> None:
    """Measure what the options say; ^C or TERM ends it, and leaves nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 files and 8 candidates only, 3 rounds")
    parser.add_argument("--folder", type=Path, help="where to work")
    options = parser.parse_args()
    sizes, numbers = (SIZES[:1], NUMBERS[:1]) if options.quick else (SIZES, NUMBERS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(dir=options.folder or place(), prefix="staddle-runs-") as folder:
        print(f"floor: cp -a and rm -rf, {WORKERS} at once\n")
        print("| verb      | files | N  | staddle ms | git ms | floor ms | of git | of floor |")
        print("|-----------|-------|----|------------|--------|----------|--------|----------|")
        for files in sizes:
            repository = repos.make(Path(folder).resolve() / f"{files}" / "product", files)
            for number in numbers:
                rounds = 3 if options.quick or files * number >= FEW else 7
                show(files, number, measure(repository, number, rounds))


def show(files: int, number: int, medians: dict[tuple[str, str], float]) -> None:
    """Print the two lines of one size and number."""
    for verb in VERBS:
        own, git, floor = (medians[verb, name] for name in WAYS)
        times = f"{own * 1e3:10.0f} | {git * 1e3:6.0f} | {floor * 1e3:8.0f}"
        print(f"| {verb:9} | {files:5} | {number:2} | {times} | {own / git:6.2f} | {own / floor:8.2f} |", flush=True)


if __name__ == "__main__":
    main()
