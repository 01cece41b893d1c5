from collections.abc import Callable

import pytest

from app.client import Client
from app.events import EventLog
from app.orchestrator import Orchestrator, Step, Workflow, routes
from app.web import Routes


@pytest.fixture
def client(serve: Callable[[Routes], Client]) -> Client:
    orchestrator = Orchestrator(EventLog())
    greet = Step("greet", lambda values: f"Hello {values['name']}")
    shout = Step("shout", lambda values: values["greet"].upper(), needs=("greet",))
    orchestrator.register(Workflow("welcome", (greet, shout)))
    return serve(routes(orchestrator))


def test_a_run_answers_what_its_steps_returned(client: Client) -> None:
    results = {"greet": "Hello Ada", "shout": "HELLO ADA"}
    assert client.post("/runs", workflow="welcome", inputs={"name": "Ada"}) == (
        201,
        {"run": "welcome-1", "results": results},
    )


def test_a_run_leaves_its_events(client: Client) -> None:
    client.post("/runs", workflow="welcome", inputs={"name": "Ada"})
    kinds = [event["kind"] for event in client.get("/events/welcome-1")[1]]
    assert kinds == ["orchestrator.greet", "orchestrator.shout"]


def test_an_unknown_workflow_is_not_found(client: Client) -> None:
    assert client.post("/runs", workflow="goodbye", inputs={})[0] == 404
