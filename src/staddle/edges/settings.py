"""Settings of runs: environment over the file pqa-config.toml over the defaults."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.runs import Mode, require_count, require_mode

FILE = "pqa-config.toml"
BRANCHES = 3


def default_mode(main: Path, environ: Mapping[str, str] = os.environ) -> Mode:
    """The mode of a run whose caller names none; UsageError names the setting that is wrong."""
    text, source = _setting(main, environ, "branches_mode")
    return require_mode(text, source) if source else Mode.WORKTREE


def default_count(main: Path, environ: Mapping[str, str] = os.environ) -> int:
    """How many candidates a run gets whose caller names no number; UsageError names the setting that is wrong."""
    text, source = _setting(main, environ, "branches")
    return require_count(text, source) if source else BRANCHES


def _setting(main: Path, environ: Mapping[str, str], key: str) -> tuple[str, str]:
    """A setting as text, and where it is from; both empty where nobody set it."""
    variable = f"PQA_{key.upper()}"
    if variable in environ:
        return environ[variable], f"{variable}: "
    section = _load(main / FILE).get("pqa", {})
    if not isinstance(section, dict):
        raise UsageError(f"{FILE}: pqa is not a section", "write it as: [pqa]")
    return (str(section[key]), f"{FILE}: pqa.{key}: ") if key in section else ("", "")


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", f"correct it, or move it away: mv {path} {path}.bad"
        ) from None
