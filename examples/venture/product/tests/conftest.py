"""What every test may ask for: a served API and a database of its own."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from app.client import Client
from app.database import open_database
from app.web import Routes, serving

PORT = int(os.environ.get("STADDLE_PORT_BASE", "0"))


@pytest.fixture
def serve() -> Iterator[Callable[[Routes], Client]]:
    """Serves routes until the test ends: on the first port reserved for this tree, or on any free one."""
    with ExitStack() as stack:
        yield lambda routes: Client(stack.enter_context(serving(routes, PORT)))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database, closed at the end."""
    with closing(open_database(tmp_path / "test.db")) as connection:
        yield connection
