"""Does anything break when many trees are made at once while a person works in the same repository?

`python benchmarks/races.py [--quick]` makes 8 trees twenty times and 32 trees five times, and removes
them again, in a product whose origin gains a commit before every round. Beside it a person's loop runs
`git fetch`, `git log --all -1`, `git fsck` and `git branch` without a pause. Every round is done in
two ways, each on a product of its own: by `staddle worktrees` and `staddle remove`, and, as the control,
by one `git worktree add -b X PLACE origin/main` a tree, 8 at once, as a shell loop with `&` does it.

One table comes out. *refused* counts trees whose command said that it failed; *not whole* those that did
not stand clean and on their branch when git was asked afterwards; *orphans* branches without a tree;
*stumps* lock files, unknown folders and broken entries, after making and after removing. *person* is the
number of the person's own commands, and then how many failed while trees were made, and while they were
removed. The last column compares seconds for a whole tree with the control's, which spends none on
the trees that it fails to make. For staddle every count but *person* must be 0, and the exit code says
whether it was; only *removing* is free: git lists the work trees first and reads each one's files
later, so whoever removes one in between, git itself included, makes it complain. TMPDIR says where to work;
on a busy disk the last column means little.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import products
import repos

FILES = 300
AT_ONCE = 8
LIMIT_SECONDS = 900
"""No round begins after this; the table says how many there were."""
PERSON = (("fetch",), ("log", "--all", "-1", "--format=%H"), ("fsck", "--no-progress"), ("branch",))
COUNTED = ("refused", "not whole", "orphans", "stumps", "person", "person, making", "person, removing")
MUST_BE_0 = ("refused", "not whole", "orphans", "stumps", "person, making", "staddle failed")
COLUMNS = ("way", "trees", "rounds", *COUNTED, "seconds a tree, of the control")
SHOWN = 4
BESIDE = (products.ORIGIN, products.HOME)


@dataclass
class Tally:
    """What was counted over all rounds of one way with one number of trees."""

    seconds: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)

    def seconds_a_tree(self, count: int) -> float:
        """What a tree that came out whole cost, of `count` wanted in a round."""
        return sum(self.seconds) / max(1, count * len(self.seconds) - self.counts["not whole"])

    def complain(self, what: str, done: subprocess.CompletedProcess[str]) -> None:
        """Count a failed command and what it said, whichever tree it said it of."""
        self.counts[what] += 1
        lines = (done.stderr or done.stdout or f"exit code {done.returncode}").strip().splitlines()
        words = next((line for line in lines if line.startswith(("error:", "fatal:"))), lines[-1])
        self.said[what, re.sub(r"\d+", "N", re.sub(r"/\S*/", "/.../", words))] += 1


@contextmanager
def person_at_work(main: Path, tally: Tally, beside: str) -> Iterator[None]:
    """Run the person's commands one after another, again and again, until the block ends."""
    begun, over = threading.Event(), threading.Event()

    def work() -> None:
        while not over.is_set():
            for argv in PERSON:
                done = products.run(main, *argv)
                tally.counts["person"] += 1
                if done.returncode != 0:
                    tally.complain(f"person, {beside}", done)
                begun.set()

    person = threading.Thread(target=work)
    person.start()
    try:
        begun.wait()
        yield
    finally:
        over.set()
        person.join()


class Staddle:
    """Trees by `staddle worktrees`, removed by `staddle remove`."""

    name = "staddle worktrees"

    def make(self, main: Path, count: int, tally: Tally) -> None:
        """Make the trees of the plan's first `count` milestones."""
        done = self._staddle(main, "worktrees", count)
        outcomes = json.loads(done.stdout) if done.stdout else [{"well": False}] * count
        tally.counts["refused"] += sum(not outcome["well"] for outcome in outcomes)
        if done.returncode != 0:
            tally.complain("staddle failed", done)

    def clear(self, main: Path, count: int, tally: Tally) -> None:
        """Remove them, and their branches."""
        done = self._staddle(main, "remove", count)
        if done.returncode != 0:
            tally.complain("staddle failed", done)

    @staticmethod
    def _staddle(main: Path, verb: str, count: int) -> subprocess.CompletedProcess[str]:
        names = [f"m{number}" for number in range(1, count + 1)]
        return products.staddle(main, verb, *names, "--json", env=repos.environment())


class Control:
    """Trees by git's own command, several at once, after one fetch."""

    name = f"git worktree add, {AT_ONCE} at once"

    def make(self, main: Path, count: int, tally: Tally) -> None:
        """Make all trees, each with a command of its own."""
        if (fetched := products.run(main, "fetch")).returncode != 0:
            tally.complain("fetch failed", fetched)

        def add(number: int) -> None:
            place = str(products.tree(main, number))
            done = products.run(main, "worktree", "add", "-b", products.branch(number), place, "origin/main")
            if done.returncode != 0:
                tally.complain("refused", done)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(add, range(1, count + 1)))

    def clear(self, main: Path, count: int, tally: Tally) -> None:
        """Remove the trees one by one, and their branches, by force."""
        for number in range(1, count + 1):
            products.run(main, "worktree", "remove", "--force", str(products.tree(main, number)))
            products.run(main, "branch", "--quiet", "-D", products.branch(number))


Way = Staddle | Control


def is_whole(main: Path, number: int, known: dict[Path, dict[str, str]]) -> bool:
    """Whether a tree stands where it should, on its branch, with all files and nothing else."""
    entry = known.get(products.tree(main, number), {})
    if entry.get("branch") != f"refs/heads/{products.branch(number)}" or "locked" in entry:
        return False
    status = products.run(products.tree(main, number), "status", "--porcelain")
    return status.returncode == 0 and not status.stdout


def stumps(main: Path, known: dict[Path, dict[str, str]]) -> int:
    """Lock files, folders beside the product that nobody knows, and entries that lack a part."""
    common = main / ".git"
    locks = [path for path in common.rglob("*.lock") if "locks" not in path.relative_to(common).parts]
    strange = [path for path in main.parent.iterdir() if path.name not in BESIDE and path not in known]
    broken = [path for path in (common / "worktrees").glob("*") if not (path / "index").exists()]
    return len(locks) + len(strange) + len(broken)


def orphans(main: Path, known: dict[Path, dict[str, str]]) -> int:
    """Branches of milestones that no tree is on."""
    heads = repos.git(main, "for-each-ref", "--format=%(refname)", "refs/heads/feat/").split()
    return len(set(heads) - {entry.get("branch") for entry in known.values()})


def play(way: Way, main: Path, count: int, tally: Tally) -> None:
    """One round: a new commit at the origin, trees made and removed beside the person, and a look after each."""
    origin = main.parent / products.ORIGIN
    commit = repos.git(origin, "commit-tree", "-p", "main", "-m", "news", "main^{tree}").strip()
    repos.git(origin, "update-ref", "refs/heads/main", commit)
    with person_at_work(main, tally, "making"):
        begun = time.perf_counter()
        way.make(main, count, tally)
        tally.seconds.append(time.perf_counter() - begun)
    known = products.entries(main)
    tally.counts["not whole"] += sum(not is_whole(main, number, known) for number in range(1, count + 1))
    tally.counts["orphans"] += orphans(main, known)
    tally.counts["stumps"] += stumps(main, known)
    with person_at_work(main, tally, "removing"):
        way.clear(main, count, tally)
    if isinstance(way, Staddle):
        known = products.entries(main)
        tally.counts["orphans"] += orphans(main, known)
        tally.counts["stumps"] += stumps(main, known) + len(known) - 1
    else:
        sweep(main)


def sweep(main: Path) -> None:
    """Clear what the control left, so that its next round begins from nothing."""
    for path in main.parent.iterdir():
        if path != main and path.name not in BESIDE:
            shutil.rmtree(path)
    for lock in (main / ".git").rglob("*.lock"):
        lock.unlink()
    shutil.rmtree(main / ".git" / "worktrees", ignore_errors=True)
    for ref in repos.git(main, "for-each-ref", "--format=%(refname)", "refs/heads/feat/").split():
        repos.git(main, "update-ref", "-d", ref)


def show(tallies: dict[tuple[str, int], Tally]) -> None:
    """Print the table, and below it what failed commands said."""
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for (way, count), tally in tallies.items():
        counts = [str(tally.counts[what]) for what in COUNTED]
        ratio = tally.seconds_a_tree(count) / tallies[Control.name, count].seconds_a_tree(count)
        cells = [way, str(count), str(len(tally.seconds)), *counts, f"{ratio:.2f}"]
        print(f"| {' | '.join(cells)} |")
    print()
    for (way, count), tally in tallies.items():
        for (what, words), times in tally.said.most_common(SHOWN):
            print(f"- {way}, {count} trees: {what}, {times} times: {words}")


def main() -> int:
    """Play all rounds, the ways in turn; the exit code is 1 when anything failed that is not the control's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4 rounds of 8 trees and 1 of 32")
    rounds = {8: 4, 32: 1} if parser.parse_args().quick else {8: 20, 32: 5}
    ways: tuple[Way, ...] = (Staddle(), Control())
    tallies = {(way.name, count): Tally() for count in rounds for way in ways}
    deadline = time.monotonic() + LIMIT_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        mains = {}
        for way in ways:
            mains[way] = repos.make(Path(folder).resolve() / type(way).__name__ / "product", FILES)
            products.write_plan(mains[way], max(rounds))
            products.publish(mains[way])
        for count in [count for count, times in rounds.items() for _ in range(times)]:
            if time.monotonic() < deadline:
                print(f"{count} trees, both ways ...", file=sys.stderr, flush=True)
                for way in ways:
                    play(way, mains[way], count, tallies[way.name, count])
    tallies = {key: tally for key, tally in tallies.items() if tally.seconds}
    show(tallies)
    own = [tally for (way, _), tally in tallies.items() if way == Staddle.name]
    return int(any(tally.counts[what] for tally in own for what in MUST_BE_0))


if __name__ == "__main__":
    sys.exit(main())
