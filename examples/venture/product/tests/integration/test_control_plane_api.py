from collections.abc import Callable

import pytest

from app.client import Client
from app.control_plane import ControlPlane, routes
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client]) -> Client:
    return serve(routes(ControlPlane()))


def test_health(client: Client) -> None:
    assert client.get("/health") == (200, {"status": "ok"})


def test_a_venture_is_created_and_read_back(client: Client) -> None:
    venture = {"name": "acme", "owner": "ada"}
    assert client.post("/ventures", **venture) == (201, venture)
    assert client.get("/ventures/acme") == (200, venture)
    assert client.post("/ventures", **venture)[0] == 409


def test_a_missing_field_is_named(client: Client) -> None:
    assert client.post("/ventures", name="acme") == (400, {"error": "owner must be given as str"})


def test_an_unknown_route_is_not_found(client: Client) -> None:
    assert client.get("/nowhere")[0] == 404
