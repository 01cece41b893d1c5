"""SQLite connections as the services want them."""

import sqlite3
from pathlib import Path


def open_database(path: Path) -> sqlite3.Connection:
    """Opens or creates a database. The server thread uses it too, so no thread owns it; requests come one at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database
