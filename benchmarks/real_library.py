"""A real library in three trees: is its own suite green in each of them, all at once, on that tree's code?

`python benchmarks/real_library.py [--quick]` takes the source distribution of click from the package
index, makes it a repository with a bare origin, and gives it a plan of three milestones whose set-up
builds an environment with uv and whose check is the library's whole suite (`--quick`: one folder of it).
click keeps its code under `src/`, so a tree's tests find it through that tree's environment or not at
all. Then one function is broken in one tree, and committed: that tree must turn red, and no other.

Two tables come out. The first has the seconds of each step and those of the same by hand: git, uv and
pytest, one tree after another, in trees beside them. The second has the verdicts before and after the
break. The exit code is 1 when a verdict is not the one that is due.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import products
import repos

LIBRARY = "click==8.5.1"
TREES = 3
BROKEN = 2
BREAK = '\n\ndef unstyle(text: str) -> str:\n    """Leave text as it is."""\n    return text\n'
BROKEN_FILE = "src/click/termui.py"
QUICK_PART = "tests/test_utils"
SET_UP = ("uv venv --quiet .venv", "uv pip install --quiet --python .venv/bin/python -e . pytest")
COMMAND_SECONDS = 300

Result = TypeVar("Result")
Verdicts = dict[str, tuple[str, str]]


def environment() -> dict[str, str]:
    """The caller's variables, with the programs of our own environment on PATH: uv is one of them."""
    own = str(Path(sys.executable).parent)
    return os.environ | {"PATH": os.pathsep.join([own, os.environ.get("PATH", os.defpath)])}


def run(place: Path, *argv: str) -> None:
    """Run a command that must end well."""
    done = subprocess.run(
        argv, cwd=place, env=environment(), capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    must_be_well(done)


def must_be_well(done: subprocess.CompletedProcess[str]) -> None:
    """End with what a command said when it failed."""
    if done.returncode != 0:
        raise SystemExit(f"{done.args}: {done.returncode}\n{done.stdout}{done.stderr}")


def unpack(folder: Path) -> Path:
    """Put the library's source distribution into a repository with an origin, and tell where that is."""
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
    run(folder, *pip, "--dest", str(folder), LIBRARY)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    main = (folder / archive.name.removesuffix(".tar.gz")).rename(folder / "product")
    repos.git(main, "init", "--quiet", "--initial-branch=main")
    repos.git(main, "add", ".")
    repos.git(main, "commit", "--quiet", f"--message={LIBRARY}")
    products.publish(main)
    return main


def set_up(place: Path) -> None:
    """Build the environment of a checkout."""
    for command in SET_UP:
        run(place, *command.split())


def by_hand(main: Path, number: int) -> Path:
    """Where the tree made by hand stands."""
    return main.with_name(f"hand-{number}")


def make_by_hand(main: Path) -> None:
    """Make and set up trees one after another."""
    for number in range(1, TREES + 1):
        place = by_hand(main, number)
        repos.git(main, "worktree", "add", "--quiet", "-b", place.name, str(place), "origin/main")
        set_up(place)


def check_by_hand(main: Path, check: str) -> None:
    """Run the suite in these trees one after another."""
    for number in range(1, TREES + 1):
        run(by_hand(main, number), ".venv/bin/python", "-m", *check.split())


def make(main: Path) -> None:
    """Make and set up all trees of the plan."""
    must_be_well(products.staddle(main, "worktrees", env=environment()))


def verdicts(main: Path) -> Verdicts:
    """What `staddle verify` says of every milestone, and why."""
    done = products.staddle(main, "verify", "--json", env=environment())
    if not done.stdout:
        must_be_well(done)
    return {judged["milestone"]: (judged["verdict"], judged["reason"]) for judged in json.loads(done.stdout)}


def break_one(main: Path) -> None:
    """Commit a function that does nothing in one tree."""
    place = products.tree(main, BROKEN)
    with (place / BROKEN_FILE).open("a") as file:
        file.write(BREAK)
    repos.git(place, "commit", "--quiet", "--all", "--message=break it")


def timed(step: Callable[[], Result]) -> tuple[float, Result]:
    """The seconds that a step takes, and what it gives."""
    begun = time.perf_counter()
    given = step()
    return time.perf_counter() - begun, given


def show(times: dict[str, tuple[float, float]], before: Verdicts, after: Verdicts) -> None:
    """Print both tables."""
    print("| step | seconds | by hand | times faster |\n|---|---|---|---|")
    for step, (own, hand) in times.items():
        print(f"| {step} | {own:.1f} | {hand:.1f} | x{hand / own:.2f} |")
    print(f"\n| {LIBRARY} | as released | with {BROKEN_FILE} broken in M{BROKEN} |\n|---|---|---|")
    for name, (verdict, why) in before.items():
        print(f"| {name} | {verdict}: {why} | {after[name][0]}: {after[name][1]} |")


def main() -> int:
    """Drive the library through its plan; 0 when only the broken tree was ever red."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PART} alone instead of the whole suite")
    check = f"pytest -q {QUICK_PART}" if parser.parse_args().quick else "pytest -q"
    with tempfile.TemporaryDirectory() as folder:
        product = unpack(Path(folder).resolve())
        products.write_plan(product, TREES, setup=list(SET_UP), milestone={"checks": {"suite": check}})
        set_up(product)  # also fills the cache of uv, for all alike
        hand_made, _ = timed(lambda: make_by_hand(product))
        made, _ = timed(lambda: make(product))
        hand_checked, _ = timed(lambda: check_by_hand(product, check))
        checked, before = timed(lambda: verdicts(product))
        break_one(product)
        after = verdicts(product)
    trees = f"{TREES} trees"
    show({f"make and set up {trees}": (made, hand_made), f"check {trees}": (checked, hand_checked)}, before, after)
    red = [name for found in (before, after) for name, (verdict, _) in found.items() if verdict != "pass"]
    return int(red != [f"M{BROKEN}"] or after[f"M{BROKEN}"][0] != "fail")


if __name__ == "__main__":
    sys.exit(main())
