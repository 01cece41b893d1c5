"""Compliance: cases and the states they go through."""

from .api import routes
from .cases import Case, State
from .service import CaseBook, WrongState

__all__ = ["Case", "CaseBook", "State", "WrongState", "routes"]
