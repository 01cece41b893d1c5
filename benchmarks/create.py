"""How fast N new work trees appear: git one by one, git in parallel, copies of a checkout, and raw copying.

`python benchmarks/create.py [--quick] [--rounds R] [--folder PLACE]` prints one table for each size and N.
Rounds run all ways, every other one backwards, so that a busy machine is unfair to all alike; only
ratios within one table mean anything. Use a folder in memory or on an idle disk.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import repos

from staddle.core.names import Oid
from staddle.edges.git import Git
from staddle.edges.state import State
from staddle.edges.treecopy import Blank, CannotCopy, Source, copy_checkout
from staddle.guard.creation import Wish, create
from staddle.guard.pool import Done
from staddle.guard.trap import trap

WORKERS = max(2, len(os.sched_getaffinity(0)))
BASE = "git worktree add -b, one by one"
FLOOR = f"floor: cp -a, {WORKERS} at once"


@dataclass(frozen=True)
class Bench:
    """A repository to measure on, and a place for the trees of one measurement."""

    repository: Path
    archive: Path
    place: Path

    @property
    def tree(self) -> Oid:
        """The tree of its commit."""
        return Oid(repos.git(self.repository, "rev-parse", "HEAD^{tree}").strip())

    def blanks(self, number: int) -> list[Blank]:
        """Registered trees without files; their branches come in one transaction."""
        home = self.repository / ".git" / "worktrees"
        home.mkdir(exist_ok=True)
        head = repos.git(self.repository, "rev-parse", "HEAD").strip()
        lines = "".join(f"create refs/heads/b{index} {head}\n" for index in range(number))
        subprocess.run(["git", "update-ref", "--stdin"], input=lines, text=True, cwd=self.repository, check=True)
        return [self._blank(home, index) for index in range(number)]

    def _blank(self, home: Path, index: int) -> Blank:
        blank = Blank(self.place / f"t{index}", home / f"t{index}")
        blank.folder.mkdir()
        blank.admin.mkdir()
        (blank.folder / ".git").write_text(f"gitdir: {blank.admin}\n")
        (blank.admin / "HEAD").write_text(f"ref: refs/heads/b{index}\n")
        (blank.admin / "commondir").write_text("../..\n")
        (blank.admin / "gitdir").write_text(f"{blank.folder}/.git\n")
        return blank

    def clear(self) -> None:
        """Remove every tree and branch of the last measurement."""
        for folder in (self.place, self.repository / ".git" / "staddle"):
            shutil.rmtree(folder, ignore_errors=True)
        repos.git(self.repository, "worktree", "prune")
        made = repos.git(self.repository, "for-each-ref", "--format=%(refname:short)", "refs/heads/b*").split()
        if made:
            repos.git(self.repository, "branch", "--quiet", "-D", *made)
        self.place.mkdir()


def at_once(commands: Sequence[Sequence[str]], width: int) -> None:
    """Run commands, `width` of them at a time."""

    def run(command: Sequence[str]) -> None:
        subprocess.run(command, check=True, capture_output=True, env=repos.environment())

    with ThreadPoolExecutor(width) as pool:
        list(pool.map(run, commands))


def serial_git(bench: Bench, number: int) -> None:
    """What people do by hand."""
    for index in range(number):
        repos.git(bench.repository, "worktree", "add", "--quiet", "-b", f"b{index}", str(bench.place / f"t{index}"))


def parallel_git(bench: Bench, number: int) -> None:
    """Registration by hand, files by git."""
    read_trees(bench.blanks(number))


def read_trees(blanks: Sequence[Blank]) -> None:
    """Let git fill trees, some at once."""
    at_once([["git", "-C", str(blank.folder), "read-tree", "-m", "-u", "HEAD"] for blank in blanks], WORKERS)


def copies(bench: Bench, number: int) -> None:
    """Registration by hand, files by the tree writers, or by git where those decline."""
    source = Source(bench.repository, bench.repository / ".git" / "index", bench.tree)
    blanks = bench.blanks(number)
    try:
        copy_checkout(source, blanks, workers=WORKERS)
    except CannotCopy:
        read_trees(blanks)


def staddle(bench: Bench, number: int) -> None:
    """All that a user of the package gets: journal, branches, files, publication."""
    git = Git.open(bench.repository)
    state, tip = State(git.common), Oid(repos.git(bench.repository, "rev-parse", "HEAD").strip())
    names = [f"t{index}" for index in range(number)]
    wishes = [Wish(name, bench.place / name, f"b{name}", tip, new_branch=True) for name in names]
    failed: list[Done[Wish, None]] = []
    state.prepare()
    with trap() as undo, state.lock("trees", 10, "the benchmark") as lock, git.handing_down(lock):
        create(git, state, undo, wishes, lambda done: failed.append(done) if done.error else None)
        undo.disarm()
    assert not failed, failed[0].error


def raw_copies(width: int) -> Callable[[Bench, int], None]:
    """The files alone, by cp."""

    def run(bench: Bench, number: int) -> None:
        entries = [str(path) for path in bench.repository.iterdir() if path.name != ".git"]
        targets = [bench.place / f"t{index}" for index in range(number)]
        for target in targets:
            target.mkdir()
        at_once([["cp", "-a", *entries, str(target)] for target in targets], width)

    return run


def unpacked(bench: Bench, number: int) -> None:
    """The files alone, by tar."""
    targets = [bench.place / f"t{index}" for index in range(number)]
    for target in targets:
        target.mkdir()
    at_once([["tar", "-xf", str(bench.archive), "-C", str(target)] for target in targets], WORKERS)


WAYS: dict[str, Callable[[Bench, int], None]] = {
    BASE: serial_git,
    f"git read-tree, {WORKERS} at once": parallel_git,
    "copies of the checkout": copies,
    "staddle": staddle,
    "floor: cp -a, one by one": raw_copies(1),
    FLOOR: raw_copies(WORKERS),
    f"floor: tar -x, {WORKERS} at once": unpacked,
}


def cpu_seconds() -> float:
    """What this process and its ended children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(bench: Bench, number: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and CPU seconds of every way."""
    seen: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for turn in range(rounds):
        for way in list(WAYS)[:: -1 if turn % 2 else 1]:
            bench.clear()
            os.sync()
            begun, used = time.perf_counter(), cpu_seconds()
            WAYS[way](bench, number)
            seen[way].append((time.perf_counter() - begun, cpu_seconds() - used))
    bench.clear()
    return {way: (median(wall for wall, _ in runs), median(cpu for _, cpu in runs)) for way, runs in seen.items()}


def show(title: str, results: dict[str, tuple[float, float]]) -> None:
    """Print one table."""
    print(f"\n**{title}**\n\n| way | ms | CPU ms | times faster | of the floor |\n|---|---|---|---|---|")
    for way, (wall, cpu) in results.items():
        faster, of_floor = results[BASE][0] / wall, wall / results[FLOOR][0]
        print(f"| {way} | {wall * 1e3:.0f} | {cpu * 1e3:.0f} | x{faster:.2f} | {of_floor:.2f} |", flush=True)


def main() -> None:
    """Measure what the options say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 files, 1 and 8 trees, 3 rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    options = parser.parse_args()
    sizes, numbers, rounds = ((1_000,), (1, 8), 3) if options.quick else ((1_000, 10_000), (1, 8, 32), options.rounds)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for files in sizes:
            repository = repos.make(Path(folder) / f"{files}", files)
            archive = Path(folder) / f"{files}.tar"
            subprocess.run(["tar", "-cf", archive, "--exclude=.git", "-C", repository, "."], check=True)
            for number in numbers:
                bench = Bench(repository, archive, Path(folder) / "trees")
                show(f"{files:,} files, {number} trees", measure(bench, number, rounds))


if __name__ == "__main__":
    main()
