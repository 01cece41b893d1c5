"""What a service raises when a request cannot be granted; the HTTP layer turns it into its status."""


class DomainError(Exception):
    """A request that the rules of a service refuse."""

    status = 400


class NotFound(DomainError):
    """Something was asked for by a name that nothing has."""

    status = 404


class Conflict(DomainError):
    """The thing is there, but not in a state that allows this."""

    status = 409


class Denied(DomainError):
    """The rules forbid this to whoever asked."""

    status = 403
