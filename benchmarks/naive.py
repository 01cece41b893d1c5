"""The control: the protocol of runs as two shell scripts, put through the same drills as staddle.

`python benchmarks/naive.py [--every K]` spawns runs and ends them, by the scripts below and by staddle, and hurts
both alike: killed, told to end, or out of disk space before every K-th call that changes a file (by default
before about 25 of them), beside what a person keeps under similar names, and several at once. The table counts
how often something was broken; the exit code is 1 when staddle broke anything. TMPDIR says where to work, which
cannot be below /dev.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

import products
from drills import ABOUT, DRILLS, Way

SPAWN = r"""
set -eu
run=$1 made=
undo() {
    for name in $made; do
        git worktree remove --force ".pqa_worktrees/$name" || true
        git branch -D "pqa/$name" || true
    done
}
trap undo EXIT
for i in $(seq "$2"); do
    git worktree add -b "pqa/$run-b$i" ".pqa_worktrees/$run-b$i" HEAD
    made="$made $run-b$i"
done
trap - EXIT
"""
RECONCILE = r"""
set -u
run=$1 survivor=${2:+pqa/$1-$2} keep= status=0
if [ -n "$survivor" ] && ! git merge --no-ff --no-edit "$survivor"; then
    git merge --abort
    keep=$survivor status=1
fi
for tree in .pqa_worktrees/"$run"-b*; do
    git worktree remove --force "$tree"
done
git branch --list "pqa/$run-b*" --format='%(refname:short)' | while read -r branch; do
    [ "$branch" = "$keep" ] || git branch -D "$branch"
done
git worktree prune
exit $status
"""

NAIVE = Way("naive", ("bash", "-c", SPAWN, "spawn"), ("bash", "-c", RECONCILE, "reconcile"))
STADDLE = Way("staddle", (*products.STADDLE, "spawn"), (*products.STADDLE, "reconcile"))
WAYS = (NAIVE, STADDLE)


def row(*cells: object) -> None:
    """Print one line of the table."""
    print("| {:52} | {:>8} | {:>8} |".format(*map(str, cells)), flush=True)


def main() -> int:
    """Drill both ways and print the table; 1 when staddle broke anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, metavar="K", help=f"cut at every K-th place (default: at about {ABOUT})")
    every, well = parser.parse_args().every, True
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    row("what went wrong", *(way.name for way in WAYS))
    row("-" * 52, "-------:", "-------:")
    with tempfile.TemporaryDirectory(prefix="staddle-naive-") as name:
        for drill in DRILLS:
            places = [Path(name).resolve() / way.name / drill.__name__ for way in WAYS]
            both = [drill(way, place, every) for way, place in zip(WAYS, places, strict=True)]
            for found in zip(*both, strict=True):
                row(found[0][0], *(f"{broken} of {tries}" for _, broken, tries in found))
                well &= found[-1][1] == 0
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
