"""What does a verdict cost beyond the check itself, and what do trees side by side and kept answers save?

`python benchmarks/verify.py [--quick]` makes a product of eight trees (`--quick`: three), each with a
suite that sleeps for half a second. One table comes out, of seconds on this machine, the best of three
rounds: bare pytest in every tree, one after another; `staddle verify` of the same with `--jobs 1`, with
as many jobs as there are cores, and once more when every answer is kept; and then, from the first two,
what staddle adds to one check. The exit code is 1 when a verdict is not a pass.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import products
import repos

FILES = 100
ROUNDS = 3
SUITE = [sys.executable, "-m", "pytest", "-q", "tests"]
TEST = "import time\n\n\ndef test_it():\n    time.sleep(0.5)\n"


def product(folder: Path, count: int) -> Path:
    """A product with trees that differ, or one answer would do for all of them."""
    main = repos.make(folder / "product", FILES)
    (main / "tests").mkdir()
    (main / "tests" / "test_it.py").write_text(TEST)
    (main / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n")
    products.write_plan(main, count, milestone={"checks": {"unit": {"run": SUITE}}})
    repos.git(main, "add", ".")
    repos.git(main, "commit", "--quiet", "--message=tests")
    products.publish(main)
    well(products.staddle(main, "worktrees", env=dict(os.environ)))
    for number in range(1, count + 1):
        (products.tree(main, number) / "number.txt").write_text(f"{number}\n")
    return main


def well(done: subprocess.CompletedProcess[str]) -> None:
    """End with what a command said when it failed."""
    if done.returncode != 0:
        raise SystemExit(f"{done.args}: {done.returncode}\n{done.stdout}{done.stderr}")


def seconds(work: Callable[[], None]) -> float:
    """How long it takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three trees")
    count = 3 if parser.parse_args().quick else 8
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    with tempfile.TemporaryDirectory() as folder:
        place = product(Path(folder), count)

        def bare() -> None:
            for number in range(1, count + 1):
                here = products.tree(place, number)
                well(subprocess.run(SUITE, cwd=here, env=env, capture_output=True, text=True, check=False))

        def verify(*argv: str) -> Callable[[], None]:
            return lambda: well(products.staddle(place, "verify", *argv, env=env))

        bare()
        verify("--no-cache")()  # both have their bytecode of libraries now
        works = {
            "bare pytest, one by one": bare,
            "staddle verify, one by one": verify("--no-cache", "--jobs", "1"),
            "staddle verify, side by side": verify("--no-cache"),
            "staddle verify, answers kept": verify(),
        }
        rounds = [{name: seconds(work) for name, work in works.items()} for _ in range(ROUNDS)]
    rows = {name: min(taken[name] for taken in rounds) for name in works}
    print(f"{count} trees, {len(os.sched_getaffinity(0))} cores")
    for name, taken in rows.items():
        print(f"{name:<30} {taken:7.2f} s")
    first, second, *_ = rows.values()
    print(f"{'added to one check':<30} {(second - first) / count * 1000:7.0f} ms")


if __name__ == "__main__":
    main()
