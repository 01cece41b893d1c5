"""Authorizations: what a workflow was allowed to spend, recorded before it spends."""

from dataclasses import dataclass

from ..errors import Conflict, Denied


class SpendNotAuthorized(Denied):
    """A workflow spends without a matching authorization."""


class AmountAboveCeiling(Denied):
    """A workflow spends more than it was authorized to."""


@dataclass(frozen=True)
class Authorization:
    """One workflow may spend up to a ceiling at one payee."""

    workflow_id: str
    payee: str
    ceiling_cents: int


class AuthorizationEngine:
    """The record of what was authorized; a workflow is authorized once."""

    def __init__(self) -> None:
        self._granted: dict[str, Authorization] = {}

    def grant(self, authorization: Authorization) -> None:
        """Records an authorization."""
        if authorization.workflow_id in self._granted:
            raise Conflict(f"workflow {authorization.workflow_id} is authorized already")
        self._granted[authorization.workflow_id] = authorization
