"""A double-entry ledger in SQLite. docs/treasury.md has its invariant and examples."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DomainError


class Unbalanced(DomainError):
    """The entries of a transaction do not add up to zero."""


@dataclass(frozen=True)
class Entry:
    """One side of a transaction: debits are positive, credits negative."""

    account: str
    amount_cents: int


class Ledger:
    """Transactions are posted whole or not at all."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        with database:
            database.execute("CREATE TABLE IF NOT EXISTS transactions (id INTEGER PRIMARY KEY, memo TEXT NOT NULL)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS entries (transaction_id INTEGER NOT NULL, account TEXT NOT NULL,"
                " amount_cents INTEGER NOT NULL)"
            )

    def post(self, memo: str, *entries: Entry) -> int:
        """Writes a transaction and returns its number."""
        total = sum(entry.amount_cents for entry in entries)
        if not entries or total != 0:
            raise Unbalanced(f"{memo}: the entries add up to {total}, not to zero")
        return self._write(memo, entries)

    def balance(self, account: str) -> int:
        """Debits less credits of an account, in cents."""
        query = "SELECT COALESCE(SUM(amount_cents), 0) FROM entries WHERE account = ?"
        return int(self._database.execute(query, (account,)).fetchone()[0])

    def _write(self, memo: str, entries: Sequence[Entry]) -> int:
        with self._database:
            number = self._database.execute("INSERT INTO transactions (memo) VALUES (?)", (memo,)).lastrowid
            assert number is not None
            rows = [(number, entry.account, entry.amount_cents) for entry in entries]
            self._database.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        return number
