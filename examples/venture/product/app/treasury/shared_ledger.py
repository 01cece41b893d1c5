"""The ledger in PostgreSQL: several processes post to it and read the same balances."""

from collections.abc import Sequence
from typing import Any

from .ledger import Entry, Ledger


class SharedLedger(Ledger):
    """The same ledger on a DB-API connection of any PostgreSQL driver that writes parameters as %s."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        cursor = connection.cursor()
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS transactions"
            " (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, memo TEXT NOT NULL)"
        )
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS entries (transaction_id BIGINT NOT NULL REFERENCES transactions,"
            " account TEXT NOT NULL, amount_cents BIGINT NOT NULL)"
        )
        connection.commit()

    def balance(self, account: str) -> int:
        """Debits less credits of an account, in cents."""
        cursor = self._connection.cursor()
        cursor.execute("SELECT COALESCE(SUM(amount_cents), 0) FROM entries WHERE account = %s", (account,))
        found = int(cursor.fetchone()[0])
        self._connection.commit()
        return found

    def _write(self, memo: str, entries: Sequence[Entry]) -> int:
        cursor = self._connection.cursor()
        try:
            cursor.execute("INSERT INTO transactions (memo) VALUES (%s) RETURNING id", (memo,))
            number = int(cursor.fetchone()[0])
            for entry in entries:
                values = (number, entry.account, entry.amount_cents)
                cursor.execute("INSERT INTO entries VALUES (%s, %s, %s)", values)
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()
        return number
