"""The task queue in SQLite: it survives a restart, and no task is handed out twice."""

import sqlite3

from ..errors import Conflict
from .envelope import TaskEnvelope


class TaskQueue:
    """Tasks wait here until an agent takes them."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        with database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS tasks"
                " (task_id TEXT NOT NULL UNIQUE, envelope TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0)"
            )

    def submit(self, task: TaskEnvelope) -> None:
        """Adds a task; its id is used once."""
        query = "INSERT INTO tasks (task_id, envelope) VALUES (?, ?)"
        try:
            with self._database:
                self._database.execute(query, (task.task_id, task.encode()))
        except sqlite3.IntegrityError as error:
            raise Conflict(f"task {task.task_id} was submitted already") from error

    def take(self) -> TaskEnvelope | None:
        """The next task, or None when there is none to do."""
        query = "SELECT task_id, envelope FROM tasks WHERE taken = 0 ORDER BY task_id LIMIT 1"
        row = self._database.execute(query).fetchone()
        if row is None:
            return None
        with self._database:
            self._database.execute("UPDATE tasks SET taken = 1 WHERE task_id = ?", (row[0],))
        return TaskEnvelope.decode(row[1])
