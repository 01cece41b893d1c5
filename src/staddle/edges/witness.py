"""The witness: a pytest plugin of ours in every check, and what it wrote of where the code under test came from."""

import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..core.verdict import Counts

EVIDENCE = Path(__file__).resolve().parents[1] / "evidence"
"""On the path of every check: a pytest plugin that writes down where modules came from."""
PLUGIN = "staddle_evidence"
LOG_BYTES = 1 << 16


def witnessed(own: Mapping[str, str], kept: Path) -> dict[str, str]:
    """A check's variables: its tree's `own`, and those by which pytest leaves a report and a list of imports in `kept`.

    What the plan says to Python and pytest stays said. The cache of pytest is new each time: what ran last, or failed
    last, is no part of the question.
    """
    options = shlex.join([f"--junit-xml={kept / 'junit.xml'}", "-o", f"cache_dir={kept / 'cache'}"])
    return {
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        **own,
        "PYTEST_ADDOPTS": f"{own.get('PYTEST_ADDOPTS', '')} {options}".strip(),
        "PYTEST_PLUGINS": ",".join(filter(None, (own.get("PYTEST_PLUGINS"), PLUGIN))),
        "PYTHONPATH": os.pathsep.join(filter(None, (own.get("PYTHONPATH"), str(EVIDENCE)))),
        "COVERAGE_FILE": str(kept / "coverage"),
        "STADDLE_JUNIT": str(kept / "junit.xml"),
        "STADDLE_IMPORTS": str(kept / "imports"),
    }


def unproven(kept: Path, counts: Counts | None) -> str:
    """Why a report of pytest's proves no pass: our plugin was not there, or tests are missing; empty when it does."""
    if counts is None or not _is_pytests(kept / "junit.xml"):
        return ""
    collected = [int(line[1:]) for line in _lines(kept / "imports") if line.startswith("\t")]
    if not collected:
        return "staddle's pytest plugin was kept out, so nothing tells where the code came from"
    ran = counts.passed + counts.skipped + len(counts.failed)
    return f"ended early: {collected[-1]} tests were collected, {ran} are reported" if ran < collected[-1] else ""


def kept_out(log: Path) -> str:
    """What to tell when pytest ended because it cannot find our plugin; empty when it did not."""
    said = b""
    with suppress(OSError), log.open("rb") as file:
        said = file.read(LOG_BYTES)
    if f'Error importing plugin "{PLUGIN}"'.encode() not in said:
        return ""
    return "the check sets PYTHONPATH itself, or bids Python ignore it; write that under surroundings: env: in the plan"


def _is_pytests(path: Path) -> bool:
    with path.open("rb") as file:
        return b'name="pytest"' in file.read(500)


def _lines(path: Path) -> list[str]:
    """What the plugin wrote: `module, tab, place` for each module, and `tab, number` for the tests of each session."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def foreign_imports(path: Path, tree: Path) -> str:
    """Which of the tree's own packages were imported from elsewhere, and from where; empty when none was."""
    for name, _, place in (line.partition("\t") for line in _lines(path) if not line.startswith("\t")):
        if _is_own(name, tree) and not Path(place).resolve().is_relative_to(tree.resolve()):
            return (
                f"{name} was imported from {place}, not from this tree: an editable install or a .pth file points there"
            )
    return ""


def _is_own(name: str, tree: Path) -> bool:
    """Whether a module of this name has its code in the tree; a folder without Python is none."""
    if name in sys.stdlib_module_names:
        return False
    homes = (tree / name, tree / "src" / name)
    return any(home.with_suffix(".py").is_file() or any(home.glob("*.py")) for home in homes)
