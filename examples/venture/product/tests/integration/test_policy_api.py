from collections.abc import Callable

import pytest

from app.client import Client
from app.policy import PolicyEngine, routes
from app.web import Routes

ROLES = {"buyer": {"tools": ["treasury.spend"], "limit_cents": 10_000}}


@pytest.fixture
def client(serve: Callable[[Routes], Client]) -> Client:
    return serve(routes(PolicyEngine()))


def test_everything_is_denied_before_the_first_bundle(client: Client) -> None:
    assert client.post("/policy/checks", role="buyer", tool="treasury.spend", amount_cents=1)[0] == 403


def test_a_published_bundle_is_in_force(client: Client) -> None:
    assert client.post("/policy/bundles", version=1, roles=ROLES) == (201, {"version": 1})
    status, reply = client.post("/policy/checks", role="buyer", tool="treasury.spend", amount_cents=10_000)
    assert (status, reply) == (200, {"allowed": True, "version": 1})


def test_a_bundle_is_published_once(client: Client) -> None:
    client.post("/policy/bundles", version=1, roles=ROLES)
    assert client.post("/policy/bundles", version=1, roles={})[0] == 409
    assert client.get("/policy/version") == (200, {"version": 1})
