"""A pytest plugin, loaded into every check: where each top-level module came from, a line each, for the verdict; and
how many tests were collected.

In a cross-examination it also sees to it that every test has its say, whatever the others come to.
"""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def pytest_configure(config: Any) -> None:
    """Go on after failures, and after files that cannot be imported, where we are asked to."""
    if os.environ.get("STADDLE_GO_ON"):
        config.option.maxfail = 0
        config.option.continue_on_collection_errors = True


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out all tests but those of the files that we are told, a path each line, where we are told any."""
    paths = tuple(f"/{path}" for path in os.environ.get("STADDLE_GO_ON", "").splitlines() if path != "1")
    if paths:
        kept = [item for item in items if item.path.as_posix().endswith(paths)]
        config.hook.pytest_deselected(items=[item for item in items if not item.path.as_posix().endswith(paths)])
        items[:] = kept


def pytest_sessionfinish(session: Any) -> None:
    """Write the lines behind those of other processes of the same check."""
    target = os.environ.get("STADDLE_IMPORTS")
    if not target:
        return
    lines = [f"\t{session.testscollected}\n"]
    for name, module in list(sys.modules.items()):
        if "." in name or not isinstance(module, ModuleType):
            continue
        found = module.__dict__  # to ask the module itself may run its code
        if place := found.get("__file__") or next(iter(found.get("__path__") or ()), None):
            lines.append(f"{name}\t{place}\n")
    with Path(target).open("a", encoding="utf-8") as file:
        file.writelines(lines)
