"""Runs workflows and records an event for each step."""

from collections.abc import Mapping
from typing import Any

from ..errors import NotFound
from ..events import EventLog
from .workflow import Step, Workflow


class Orchestrator:
    """Knows workflows by name and runs them step by step."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self._workflows: dict[str, Workflow] = {}
        self._runs = 0

    def register(self, workflow: Workflow) -> None:
        """Makes a workflow known."""
        self._workflows[workflow.name] = workflow

    def run(self, name: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Runs a workflow and returns the run's id and what its steps returned."""
        if name not in self._workflows:
            raise NotFound(f"there is no workflow {name}")
        self._runs += 1
        workflow_id = f"{name}-{self._runs}"
        results: dict[str, Any] = {}
        for step in _in_order(self._workflows[name]):
            results[step.name] = step.action({**inputs, **results, "workflow_id": workflow_id})
            self.log.record(f"orchestrator.{step.name}", workflow_id)
        return workflow_id, results


def _in_order(workflow: Workflow) -> tuple[Step, ...]:
    """The steps in the order they are run in."""
    return workflow.steps
