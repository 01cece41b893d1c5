from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from app.errors import DomainError, NotFound
from app.events import EventLog
from app.orchestrator import Orchestrator, Step, Workflow


@pytest.fixture
def orchestrator() -> Orchestrator:
    return Orchestrator(EventLog())


def double(values: Mapping[str, Any]) -> int:
    return int(values["number"]) * 2


def plus_one(values: Mapping[str, Any]) -> int:
    return int(values["double"]) + 1


def note(ran: list[str], name: str, _values: Mapping[str, Any]) -> None:
    ran.append(name)


def test_a_step_is_given_inputs_and_earlier_results(orchestrator: Orchestrator) -> None:
    orchestrator.register(Workflow("sum", (Step("double", double), Step("plus_one", plus_one, ("double",)))))
    assert orchestrator.run("sum", {"number": 3}) == ("sum-1", {"double": 6, "plus_one": 7})


def test_each_step_is_an_event(orchestrator: Orchestrator) -> None:
    orchestrator.register(Workflow("sum", (Step("double", double),)))
    run_id, _ = orchestrator.run("sum", {"number": 3})
    assert [event.kind for event in orchestrator.log.of(run_id)] == ["orchestrator.double"]


def test_a_workflow_names_its_steps_once() -> None:
    with pytest.raises(DomainError):
        Workflow("sum", (Step("double", double), Step("double", double)))


def test_an_unknown_workflow_is_not_found(orchestrator: Orchestrator) -> None:
    with pytest.raises(NotFound):
        orchestrator.run("sum", {})


def test_steps_run_in_dependency_order(orchestrator: Orchestrator) -> None:
    """FR-VNT-ORCH-001: a step runs after all it needs, wherever it was declared; a circle is refused."""
    ran: list[str] = []
    needs = {"ship": ("pack", "bill"), "bill": ("order",), "pack": ("order",), "order": ()}
    steps = tuple(Step(name, partial(note, ran, name), needs[name]) for name in needs)
    orchestrator.register(Workflow("sale", steps))
    orchestrator.run("sale", {})
    assert all(ran.index(need) < ran.index(name) for name in needs for need in needs[name]), ran

    hen, egg = Step("hen", partial(note, ran, "hen"), ("egg",)), Step("egg", partial(note, ran, "egg"), ("hen",))
    orchestrator.register(Workflow("circle", (hen, egg)))
    with pytest.raises(DomainError, match="circle"):
        orchestrator.run("circle", {})
