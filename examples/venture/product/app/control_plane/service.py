"""Ventures: every other record belongs to one."""

from dataclasses import dataclass

from ..errors import Conflict, DomainError, NotFound


@dataclass(frozen=True)
class Venture:
    """A company under management."""

    name: str
    owner: str


class ControlPlane:
    """The register of ventures."""

    def __init__(self) -> None:
        self._ventures: dict[str, Venture] = {}

    def create_venture(self, name: str, owner: str) -> Venture:
        """Registers a venture under a name nobody has yet."""
        if not name.isidentifier():
            raise DomainError(f"{name!r} is not a venture name: use letters, digits and _")
        if name in self._ventures:
            raise Conflict(f"venture {name} exists already")
        self._ventures[name] = Venture(name, owner)
        return self._ventures[name]

    def venture(self, name: str) -> Venture:
        """The venture of that name."""
        if name not in self._ventures:
            raise NotFound(f"there is no venture {name}")
        return self._ventures[name]
