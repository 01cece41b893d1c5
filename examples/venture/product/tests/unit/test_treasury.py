import sqlite3

import pytest

from app.errors import Conflict
from app.treasury import (
    AmountAboveCeiling,
    AuthorizationEngine,
    Entry,
    InsufficientFunds,
    Ledger,
    SpendNotAuthorized,
    Treasury,
    Unbalanced,
)


@pytest.fixture
def treasury(database: sqlite3.Connection) -> Treasury:
    return Treasury(Ledger(database), AuthorizationEngine())


def test_unbalanced_entries_are_refused_whole(database: sqlite3.Connection) -> None:
    ledger = Ledger(database)
    with pytest.raises(Unbalanced):
        ledger.post("wrong", Entry("cash", 5), Entry("equity", -4))
    assert ledger.balance("cash") == 0


def test_funds_arrive_in_cash(treasury: Treasury) -> None:
    treasury.fund(50_000)
    assert (treasury.ledger.balance("cash"), treasury.ledger.balance("equity")) == (50_000, -50_000)


def test_a_spend_is_owed_until_it_is_paid_out(treasury: Treasury) -> None:
    treasury.fund(50_000)
    treasury.authorize("wf-1", "acme", 12_000)
    treasury.spend("wf-1", "acme", 12_000)
    assert treasury.payout("acme") == 12_000
    assert treasury.ledger.balance("cash") == 38_000


def test_a_payout_needs_funds(treasury: Treasury) -> None:
    treasury.authorize("wf-1", "acme", 12_000)
    treasury.spend("wf-1", "acme", 12_000)
    with pytest.raises(InsufficientFunds):
        treasury.payout("acme")


def test_a_workflow_is_authorized_once(treasury: Treasury) -> None:
    treasury.authorize("wf-1", "acme", 12_000)
    with pytest.raises(Conflict):
        treasury.authorize("wf-1", "acme", 99_000)


def test_spend_requires_authorization(treasury: Treasury) -> None:
    """FR-VNT-TREAS-003: a spend is denied unless this workflow was authorized for this payee."""
    treasury.authorize("wf-1", "acme", 12_000)
    with pytest.raises(SpendNotAuthorized):
        treasury.spend("wf-2", "acme", 100)
    with pytest.raises(SpendNotAuthorized):
        treasury.spend("wf-1", "globex", 100)
    assert treasury.ledger.balance("expense") == 0


def test_amount_ceiling_enforcement(treasury: Treasury) -> None:
    """FR-VNT-TREAS-004: all spends of a workflow together stay within what it was authorized to spend."""
    treasury.authorize("wf-1", "acme", 12_000)
    treasury.spend("wf-1", "acme", 7_000)
    with pytest.raises(AmountAboveCeiling):
        treasury.spend("wf-1", "acme", 5_001)
    treasury.spend("wf-1", "acme", 5_000)
    assert treasury.ledger.balance("expense") == 12_000
