"""The book of cases."""

from dataclasses import replace

from ..errors import Conflict, NotFound
from .cases import NEXT, Case, State


class WrongState(Conflict):
    """A case cannot go from its state to the one asked for."""


class CaseBook:
    """Opens cases and moves them from state to state."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}

    def open(self, subject: str) -> Case:
        """Opens a case about a subject."""
        case = Case(f"case-{len(self._cases) + 1}", subject)
        self._cases[case.case_id] = case
        return case

    def case(self, case_id: str) -> Case:
        """The case of that id."""
        if case_id not in self._cases:
            raise NotFound(f"there is no case {case_id}")
        return self._cases[case_id]

    def move(self, case_id: str, state: State, resolution: str = "") -> Case:
        """Moves a case to another state."""
        case = self.case(case_id)
        if state not in NEXT[case.state]:
            raise WrongState(f"{case_id} is {case.state} and cannot become {state}")
        self._cases[case_id] = replace(case, state=state, resolution=resolution)
        return self._cases[case_id]
