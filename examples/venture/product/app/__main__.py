"""Serves the whole system: python -m app."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from .settings import load_settings
from .system import opened, routes
from .web import Server


def main() -> None:
    """Serves until it is told to stop."""
    settings = load_settings(os.environ, Path(".env"))
    signal.signal(signal.SIGTERM, _stop)
    with opened(settings.data) as system, Server(routes(system), settings.port) as server:
        sys.stdout.write(f"listening on {server.port}\n")
        sys.stdout.flush()
        server.serve_forever()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
