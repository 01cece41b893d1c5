"""Treasury operations, each one balanced transaction in the ledger."""

from ..errors import Conflict
from .authorization import Authorization, AuthorizationEngine
from .ledger import Entry, Ledger


class InsufficientFunds(Conflict):
    """There is less in cash than is owed."""


class Treasury:
    """Funds come in, workflows spend, payees are paid."""

    def __init__(self, ledger: Ledger, authorizations: AuthorizationEngine) -> None:
        self.ledger = ledger
        self._authorizations = authorizations

    def fund(self, amount_cents: int) -> int:
        """Takes money in."""
        return self.ledger.post("fund", Entry("cash", amount_cents), Entry("equity", -amount_cents))

    def authorize(self, workflow_id: str, payee: str, ceiling_cents: int) -> None:
        """Allows a workflow to spend at a payee."""
        self._authorizations.grant(Authorization(workflow_id, payee, ceiling_cents))

    def spend(self, workflow_id: str, payee: str, amount_cents: int) -> int:
        """Books an expense that is now owed to the payee."""
        return self.ledger.post(
            f"spend {workflow_id}", Entry("expense", amount_cents), Entry(f"payable:{payee}", -amount_cents)
        )

    def payout(self, payee: str) -> int:
        """Pays everything owed to a payee and returns how much that was."""
        owed = -self.ledger.balance(f"payable:{payee}")
        cash = self.ledger.balance("cash")
        if owed > cash:
            raise InsufficientFunds(f"{owed} is owed to {payee}, but cash is {cash}")
        self.ledger.post("payout", Entry(f"payable:{payee}", owed), Entry("cash", -owed))
        return owed
