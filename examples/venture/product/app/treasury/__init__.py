"""Treasury: the ledger, what may be spent, and paying it out."""

from .api import routes
from .authorization import AmountAboveCeiling, Authorization, AuthorizationEngine, SpendNotAuthorized
from .ledger import Entry, Ledger, Unbalanced
from .service import InsufficientFunds, Treasury
from .shared_ledger import SharedLedger

__all__ = [
    "AmountAboveCeiling",
    "Authorization",
    "AuthorizationEngine",
    "Entry",
    "InsufficientFunds",
    "Ledger",
    "SharedLedger",
    "SpendNotAuthorized",
    "Treasury",
    "Unbalanced",
    "routes",
]
