"""Policy bundles: what each role may do, published as a whole under one version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DomainError


@dataclass(frozen=True)
class Role:
    """The tools a role may use and how much one action of it may cost."""

    tools: frozenset[str]
    limit_cents: int


@dataclass(frozen=True)
class Bundle:
    """All roles of one version."""

    version: int
    roles: Mapping[str, Role]


def parse_bundle(data: Mapping[str, Any]) -> Bundle:
    """Reads {"version": 1, "roles": {"buyer": {"tools": [...], "limit_cents": 100}}}."""
    try:
        roles = {
            name: Role(frozenset(map(str, role["tools"])), int(role["limit_cents"]))
            for name, role in data["roles"].items()
        }
        return Bundle(int(data["version"]), roles)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DomainError(f"not a policy bundle: {error!r}") from error
