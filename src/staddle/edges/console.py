"""The console: the only module that prints. stdout carries the answer, stderr the talk."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

STYLES = {
    "pass": "green", "ok": "green", "created": "green", "committed": "green", "landed": "green",
    "fail": "red", "failed": "red", "timeout": "red", "error": "red", "empty": "red", "dirty": "yellow",
    "drift": "yellow", "foreign": "yellow", "gone": "yellow", "stale": "yellow", "strayed": "red", "nothing": "red",
}  # fmt: skip
PLAIN_WIDTH = 10_000


def answer(text: str) -> None:
    """Print one line of the answer."""
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def answer_json(data: Any) -> None:
    """Print the answer as one JSON document."""
    answer(json.dumps(data, indent=2, default=str, ensure_ascii=False))


def talk(text: str) -> None:
    """Tell the person what is going on."""
    sys.stderr.write(text.encode(errors="backslashreplace").decode() + "\n")
    sys.stderr.flush()


def complain(what: str, hint: str) -> None:
    """Tell of an error, and what helps against it."""
    talk(f"error: {what}")
    if hint:
        talk(f"  try: {hint}")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: in colour and as wide as the terminal, or plain and unwrapped where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    tty = sys.stdout.isatty()
    grid = Table(box=box.SIMPLE_HEAD if tty else None, pad_edge=False, header_style="bold", show_edge=False)
    for head in heads:
        grid.add_column(head, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell, style=STYLES.get(cell.split(" ")[0], "")) for cell in row))
    console = Console(highlight=False, width=None if tty else PLAIN_WIDTH, no_color=not tty)
    with console.capture() as caught:
        console.print(grid)
    for line in caught.get().splitlines():
        answer(line.rstrip())
