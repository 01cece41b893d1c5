"""The plan's file: milestones.yaml read, checked and built, or every fault in it reported at once."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..core.document import Fault
from ..core.draft import MOST_FAULTS, Draft, EnoughFaults
from ..core.errors import PlanError
from ..core.model import Plan
from ..core.reading import read_node
from ..core.rules import broken_rules

LARGEST = 256 * 1024
_CORRECT = "correct these lines, then run: staddle plan"
_CHOOSE = "write one with: staddle init, or name another with: --plan FILE"


@dataclass(frozen=True)
class LoadedPlan:
    """A right plan, its file and the product's main checkout, both absolute."""

    plan: Plan
    path: Path
    repo: Path


def load_plan(path: Path) -> LoadedPlan:
    """The plan in the file at `path`; raises PlanError with one line a fault."""
    name = _display_name(path)
    plan = parse_plan(_load_bytes(path, name), name)
    absolute = path.absolute()
    return LoadedPlan(plan, absolute, Path(os.path.realpath(absolute.parent / plan.repo)))


def committed_plan(data: bytes, revision: str, home: Path) -> LoadedPlan:
    """The plan in `data`, a file of the commit `revision` of the bare repository at `home`, which has no checkout."""
    if len(data) > LARGEST:
        raise PlanError(f"{revision}: larger than {LARGEST // 1024} kB, which no plan needs", _CHOOSE)
    return LoadedPlan(parse_plan(data, revision), home / revision, home)


def parse_plan(data: bytes, name: str) -> Plan:
    """The plan in `data`; raises PlanError with one line a fault, each `name:line: trail: message`."""
    values, faults = _read(data)
    if not faults:
        return msgspec.convert(values, Plan)
    lines = [fault.show(name) for fault in sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS]]
    if len(lines) == MOST_FAULTS:
        lines.append(f"{name}: there may be more, only {MOST_FAULTS} faults are shown")
    raise PlanError("\n".join(lines), _CORRECT)


def _display_name(path: Path) -> str:
    with suppress(ValueError, FileNotFoundError):  # elsewhere, or the current directory is gone
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _load_bytes(path: Path, name: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a FIFO would wait for ever
            raise PlanError(f"{name}: {'a directory' if path.is_dir() else 'no regular file'}", _CHOOSE)
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise PlanError(f"{name}: {getattr(error, 'strerror', None) or error}", _CHOOSE) from None
    if len(data) > LARGEST:
        raise PlanError(f"{name}: larger than {LARGEST // 1024} kB, which no plan needs", _CHOOSE)
    return data


def _read(data: bytes) -> tuple[object, list[Fault]]:
    """The plain data of a plan, and all that is wrong with it."""
    from .yamltext import read_yaml  # 30 ms that nobody without a plan should pay

    try:
        node, faults = read_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Fault(line, "", f"not UTF-8 text (byte 0x{data[error.start]:02x})")]
    if node is None:
        return None, faults or [Fault(1, "", "the file is empty; a plan begins with `version: 1`")]
    values, draft = None, Draft()
    with suppress(EnoughFaults):
        values = read_node(draft, node, msgspec.inspect.type_info(Plan))
        for entry, message in broken_rules(draft):
            draft.refuse(entry.line, entry.path, message)
    return values, faults + draft.faults()
