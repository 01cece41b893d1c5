from collections.abc import Callable

import pytest

from app.client import Client
from app.compliance import CaseBook, routes
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client]) -> Client:
    return serve(routes(CaseBook()))


def test_a_case_goes_from_open_to_closed(client: Client) -> None:
    status, case = client.post("/cases", subject="payee without address")
    assert (status, case["state"]) == (201, "open")
    client.post("/cases/case-1", state="review")
    assert client.post("/cases/case-1", state="closed", resolution="address was found")[0] == 200
    assert client.get("/cases/case-1")[1]["state"] == "closed"


def test_a_closed_case_stays_closed(client: Client) -> None:
    client.post("/cases", subject="payee without address")
    client.post("/cases/case-1", state="review")
    client.post("/cases/case-1", state="closed", resolution="address was found")
    assert client.post("/cases/case-1", state="open")[0] == 409


def test_an_unknown_state_is_refused(client: Client) -> None:
    client.post("/cases", subject="payee without address")
    assert client.post("/cases/case-1", state="lost")[0] == 400
