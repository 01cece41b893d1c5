import sqlite3
from collections.abc import Callable

import pytest

from app.client import Client
from app.treasury import AuthorizationEngine, Ledger, Treasury, routes
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client], database: sqlite3.Connection) -> Client:
    return serve(routes(Treasury(Ledger(database), AuthorizationEngine())))


def test_a_spend_is_paid_out_of_the_funds(client: Client) -> None:
    client.post("/funds", amount_cents=50_000)
    client.post("/authorizations", workflow_id="wf-1", payee="acme", ceiling_cents=12_000)
    assert client.post("/spends", workflow_id="wf-1", payee="acme", amount_cents=12_000)[0] == 201
    assert client.post("/payouts", payee="acme") == (201, {"paid_cents": 12_000})
    assert client.get("/accounts/cash") == (200, {"account": "cash", "balance_cents": 38_000})


def test_a_payout_without_funds_is_refused(client: Client) -> None:
    client.post("/authorizations", workflow_id="wf-1", payee="acme", ceiling_cents=12_000)
    client.post("/spends", workflow_id="wf-1", payee="acme", amount_cents=12_000)
    assert client.post("/payouts", payee="acme")[0] == 409
    assert client.get("/accounts/payable:acme") == (200, {"account": "payable:acme", "balance_cents": -12_000})
