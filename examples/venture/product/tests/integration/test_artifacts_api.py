import sqlite3
from collections.abc import Callable

import pytest

from app.artifacts import ArtifactStore, routes
from app.client import Client
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client], database: sqlite3.Connection) -> Client:
    return serve(routes(ArtifactStore(database)))


def test_a_compiled_artifact_is_read_back_by_digest(client: Client) -> None:
    status, created = client.post("/artifacts", manifest={"parts": ["intro"]}, parts={"intro": "Hello"})
    assert status == 201
    status, artifact = client.get(f"/artifacts/{created['digest']}")
    assert status == 200
    assert "Hello" in artifact["content"]


def test_a_missing_part_is_named(client: Client) -> None:
    status, reply = client.post("/artifacts", manifest={"parts": ["annex"]}, parts={})
    assert status == 400
    assert "annex" in reply["error"]
