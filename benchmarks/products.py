"""A product to drive: a repository with a bare origin and a plan, and staddle's own command line."""

import json
import subprocess
import sys
from pathlib import Path

import repos

ORIGIN, HOME = "origin.git", "home"
STADDLE = (sys.executable, "-m", "staddle")
SECONDS = 300
"""What one command may take before the measurement is given up."""


def publish(main: Path) -> Path:
    """Give the repository at `main` a bare origin beside it, fetched, and tell where that is."""
    origin = main.parent / ORIGIN
    repos.git(main, "clone", "--quiet", "--bare", str(main), str(origin))
    repos.git(main, "remote", "add", "origin", str(origin))
    repos.git(main, "fetch", "--quiet", "origin")
    return origin


def branch(number: int) -> str:
    """The branch of milestone `number`."""
    return f"feat/bench-m{number}-part"


def tree(main: Path, number: int) -> Path:
    """Where the tree of milestone `number` belongs."""
    return main.parent / f"bench-wt-m{number}-part"


def write_plan(main: Path, count: int, **keys: object) -> None:
    """Write a plan of `count` milestones as JSON, which is YAML too; `milestone` goes into each of them."""
    each = keys.pop("milestone", {})
    assert isinstance(each, dict)
    milestones = [
        {
            "id": f"M{number}",
            "service": f"part-{number}",
            "track": "A",
            "description": f"Part {number}",
            "branch": branch(number),
            "tree": f"../{tree(main, number).name}",
            "scope": f"part{number}",
        }
        | each
        for number in range(1, count + 1)
    ]
    plan = {"version": 1, "project": "bench", "milestones": milestones} | keys
    (main / "milestones.yaml").write_text(json.dumps(plan, indent=1))


def run(main: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run git in the product, whatever comes of it."""
    return subprocess.run(
        ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *argv],
        cwd=main,
        env=repos.environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def entries(main: Path) -> dict[Path, dict[str, str]]:
    """The work trees that git knows, each with the words that git says of it."""
    blocks = repos.git(main, "worktree", "list", "--porcelain").strip().split("\n\n")
    words = [dict(([*line.split(" ", 1), ""])[:2] for line in block.splitlines()) for block in blocks]
    return {Path(entry["worktree"]): entry for entry in words}


def own_places(main: Path) -> dict[str, str]:
    """The variables that keep what staddle writes outside the product in a folder beside it."""
    home = main.parent / HOME
    home.mkdir(exist_ok=True)
    return {"XDG_STATE_HOME": str(home), "TMPDIR": str(home)}


def staddle(main: Path, *argv: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a verb in the product, as a person does; who asks looks at its exit code."""
    return subprocess.run(
        [*STADDLE, *argv],
        cwd=main,
        env=env | own_places(main),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
