"""What a workflow is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DomainError

Action = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Step:
    """An action and the steps whose results it needs; it is given those and the workflow's inputs by name."""

    name: str
    action: Action
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """Steps under a name."""

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        unknown = {need for step in self.steps for need in step.needs} - set(names)
        if unknown or len(set(names)) < len(names):
            raise DomainError(f"workflow {self.name}: steps must be named once, and needs must name steps")
