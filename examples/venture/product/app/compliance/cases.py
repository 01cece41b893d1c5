"""A case and the states it may be in."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """From open over review to closed; a case in review may be sent back."""

    OPEN = "open"
    REVIEW = "review"
    CLOSED = "closed"


NEXT = {
    State.OPEN: {State.REVIEW},
    State.REVIEW: {State.OPEN, State.CLOSED},
    State.CLOSED: set[State](),
}


@dataclass(frozen=True)
class Case:
    """Something that needs a person's judgement."""

    case_id: str
    subject: str
    state: State = State.OPEN
    resolution: str = ""
