"""Servers: the program that puts a check among the services it asks for, and what that says when one fails."""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..core.model import Check

PROGRAM = (sys.executable, "-I", "-S", str(Path(__file__).resolve().parents[1] / "services.py"))
FAULT = "services.fault"


def among_services(check: Check, own: Mapping[str, str], kept: Path, temporary: Path) -> tuple[str, ...]:
    """The check's command, its services started before it and stopped after it.

    The first of them serves on the last port of the tree's block, the next on the one before. Their
    data and logs lie in `temporary`; in `kept`, which may hold the fault of an earlier check, goes this one's.
    """
    (kept / FAULT).unlink(missing_ok=True)
    if not check.services:
        return check.run.argv
    end = int(own["STADDLE_PORT_BASE"]) + int(own["STADDLE_PORTS"])
    ports = {name: end - number for number, name in enumerate(check.services, 1)}
    spec = {"services": ports, "folder": str(temporary / "services"), "fault": str(kept / FAULT)}
    return (*PROGRAM, json.dumps(spec), "--", *check.run.argv)


def service_fault(kept: Path) -> str:
    """Why a check's services could not be had, empty when they could."""
    with suppress(FileNotFoundError):
        return (kept / FAULT).read_text(errors="replace").strip()
    return ""
