"""The engine: every action is denied unless the current bundle allows it."""

from dataclasses import dataclass

from ..errors import Conflict, Denied
from .bundle import Bundle


class PolicyDenied(Denied):
    """The current bundle does not allow this action."""


@dataclass(frozen=True)
class Action:
    """What somebody in a role wants to do with a tool, and what it costs."""

    role: str
    tool: str
    amount_cents: int = 0


class PolicyEngine:
    """Holds the bundle in force."""

    def __init__(self) -> None:
        self._bundle = Bundle(version=0, roles={})

    @property
    def version(self) -> int:
        """The version in force; 0 until a bundle is published."""
        return self._bundle.version

    def publish(self, bundle: Bundle) -> None:
        """Puts a newer bundle in force."""
        if bundle.version <= self.version:
            raise Conflict(f"bundle {bundle.version} is not newer than {self.version}")
        self._bundle = bundle

    def check(self, action: Action) -> None:
        """Raises PolicyDenied unless the action is allowed."""
        role = self._bundle.roles.get(action.role)
        if role is None:
            raise PolicyDenied(f"role {action.role} is not in bundle {self.version}")
        if action.amount_cents > role.limit_cents:
            raise PolicyDenied(f"{action.amount_cents} is over the limit of {role.limit_cents} for {action.role}")
