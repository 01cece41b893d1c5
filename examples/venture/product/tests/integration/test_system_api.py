from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.client import Client
from app.system import opened, routes
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client], tmp_path: Path) -> Iterator[Client]:
    with opened(tmp_path) as system:
        yield serve(routes(system))


@pytest.mark.parametrize("path", ["/health", "/policy/version", "/accounts/cash", "/events/none"])
def test_the_services_answer_side_by_side(client: Client, path: str) -> None:
    assert client.get(path)[0] == 200


def test_a_record_of_one_service_is_unknown_to_another(client: Client) -> None:
    client.post("/ventures", name="acme", owner="ada")
    assert client.get("/ventures/acme")[0] == 200
    assert client.get("/cases/acme")[0] == 404
