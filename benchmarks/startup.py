"""What does it cost to start, before any work is done?

`python benchmarks/startup.py [--quick]` compares three commands with what they cannot be cheaper than:
`staddle --version` with an empty Python program; `staddle --help` with that of a Typer program of two
empty commands and default settings; `nox -s status` with the script of that verb plus one and a half
times `nox -l`, in a product with eight trees that `staddle init` has prepared.

Each pair runs in turn, forwards and backwards, after one run of each that is not counted and fills the
bytecode cache. One table comes out: medians in milliseconds, which say something of this machine only,
their ratio, and the most that it may be. The exit code is 1 when a ratio is higher.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import products
import repos

TREES = 8
FILES = 100
RUN_SECONDS = 60
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
BARE_TYPER = """\
import typer

app = typer.Typer()


@app.command()
def one() -> None: ...


@app.command()
def two() -> None: ...


app()
"""

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Pair:
    """A command, and what it is held against: the sum of other commands, each so many times."""

    name: str
    command: Command
    against: str
    others: tuple[tuple[float, Command], ...]
    most: float


def pairs(bare: Path) -> tuple[Pair, ...]:
    """What is compared."""
    python = sys.executable
    staddle = Path(python).with_name("staddle")
    nox = (python, "-m", "nox")
    empty = (1.0, (python, "-c", "pass"))
    script, listing = (1.0, (python, SCRIPTS / "status.py")), (1.5, (*nox, "-l"))
    return (
        Pair("staddle --version", (staddle, "--version"), "python -c pass", (empty,), 3.0),
        Pair("staddle --help", (staddle, "--help"), "a bare Typer program's", ((1.0, (python, bare, "--help")),), 1.2),
        Pair("nox -s status", (*nox, "-s", "status"), "its script + 1.5 nox -l", (script, listing), 1.0),
    )


def milliseconds(command: Command, place: Path) -> float:
    """The time of one run, which must end well."""
    env = repos.environment() | products.own_places(place) | {"PYTHONPYCACHEPREFIX": str(place.parent / "bytecode")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    subprocess.run(command, cwd=place, env=env, check=True, capture_output=True, timeout=RUN_SECONDS)
    return (time.perf_counter() - begun) * 1e3


def measure(pair: Pair, place: Path, runs: int) -> tuple[float, float]:
    """The medians of the command and of what it is held against."""
    commands = [pair.command, *(command for _, command in pair.others)]
    seen: list[list[float]] = [[] for _ in commands]
    for turn in range(-1, runs):
        for index in list(range(len(commands)))[:: -1 if turn % 2 else 1]:
            took = milliseconds(commands[index], place)
            if turn >= 0:
                seen[index].append(took)
    own, *others = (median(times) for times in seen)
    return own, sum(weight * other for (weight, _), other in zip(pair.others, others, strict=True))


def prepare(folder: Path) -> Path:
    """A product with its trees, and what `staddle init` writes."""
    main = repos.make(folder / "product", FILES)
    products.publish(main)
    products.write_plan(main, TREES)
    for verb in ("init", "worktrees"):
        products.staddle(main, verb, env=repos.environment()).check_returncode()
    return main


def main() -> int:
    """Measure all pairs and print the table; 1 when one costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="9 runs instead of 25")
    runs = 9 if parser.parse_args().quick else 25
    well = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.path.realpath(name))
        bare = folder / "bare.py"
        bare.write_text(BARE_TYPER)
        product = prepare(folder)
        print("| command | ms | held against | ms | ratio | at most | |\n|---|---|---|---|---|---|---|")
        for pair in pairs(bare):
            own, other = measure(pair, product, runs)
            verdict = "yes" if own <= pair.most * other else "MISSED"
            well &= verdict == "yes"
            cells = (
                pair.name,
                f"{own:.0f}",
                pair.against,
                f"{other:.0f}",
                f"{own / other:.2f}",
                f"{pair.most}",
                verdict,
            )
            print(f"| {' | '.join(cells)} |", flush=True)
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
