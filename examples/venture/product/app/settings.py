"""Settings: the environment first, then the .env file, then the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where the databases live and which port is served (0 means any free one)."""

    data: Path
    port: int


def load_settings(environment: Mapping[str, str], file: Path) -> Settings:
    """Reads VENTURE_DATA and VENTURE_PORT."""
    values = {**_variables(file), **environment}
    return Settings(data=Path(values.get("VENTURE_DATA", "data")), port=int(values.get("VENTURE_PORT", "8080")))


def _variables(file: Path) -> dict[str, str]:
    """The NAME=value lines of a file that may be absent."""
    if not file.exists():
        return {}
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
