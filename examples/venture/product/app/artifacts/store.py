"""Compiled artifacts in SQLite, each once, under its digest."""

import sqlite3

from ..errors import NotFound
from .compiler import Artifact


class ArtifactStore:
    """Content-addressed: storing the same artifact again changes nothing."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        with database:
            database.execute("CREATE TABLE IF NOT EXISTS artifacts (digest TEXT PRIMARY KEY, content BLOB NOT NULL)")

    def put(self, artifact: Artifact) -> None:
        """Keeps an artifact."""
        with self._database:
            query = "INSERT OR IGNORE INTO artifacts VALUES (?, ?)"
            self._database.execute(query, (artifact.digest, artifact.content))

    def get(self, digest: str) -> Artifact:
        """The artifact of that digest."""
        row = self._database.execute("SELECT content FROM artifacts WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise NotFound(f"there is no artifact {digest}")
        return Artifact(digest, row[0])
