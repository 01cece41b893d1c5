"""Connections to real servers, emptied for each test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import pg8000.dbapi
import pytest

from app.redis import Redis


@pytest.fixture
def redis() -> Iterator[Callable[[], Redis]]:
    """Opens connections to an empty redis."""
    with ExitStack() as stack:

        def connect() -> Redis:
            return stack.enter_context(closing(Redis(os.environ["REDIS_URL"])))

        connect().command("FLUSHALL")
        yield connect


@pytest.fixture
def postgres() -> Iterator[Callable[[], Any]]:
    """Opens connections to an empty database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    with ExitStack() as stack:

        def connect() -> Any:
            connection = pg8000.dbapi.connect(
                user=url.username, password=url.password, host=url.hostname, port=url.port, database=url.path[1:]
            )
            return stack.enter_context(closing(connection))

        first = connect()
        first.cursor().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        first.commit()
        yield connect
