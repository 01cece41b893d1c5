"""The console: the only module that prints. stdout carries the answer, stderr the talk."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .masking import masked

STYLES = {
    "pass": "green", "ok": "green", "created": "green", "committed": "green", "landed": "green",
    "fail": "red", "failed": "red", "timeout": "red", "error": "red", "empty": "red", "dirty": "yellow",
    "drift": "yellow", "foreign": "yellow", "gone": "yellow", "stale": "yellow", "strayed": "red", "nothing": "red",
    "flaky": "yellow", "base-red": "yellow", "new-flaky": "red", "skipped": "yellow", "cancelled": "yellow",
    "not": "yellow", "done": "green", "already": "green", "idle": "yellow", "lost": "red", "stopped": "yellow",
}  # fmt: skip
PLAIN_WIDTH = 10_000
WIDTH, HEIGHT = 80, 24
"""Of a terminal that does not say."""

_live: list[str] = []
"""The lines at the bottom of the terminal now."""


def _plain(text: str) -> str:
    """The text without what a terminal obeys, or cannot show: names of files, refs and commits may hold anything."""
    shown = text.encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in shown)


def answer(text: str) -> None:
    """Print one line of the answer."""
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def answer_json(data: Any) -> None:
    """Print the answer as one JSON document."""
    answer(json.dumps(data, indent=2, default=str, ensure_ascii=False))


def talk(text: str) -> None:
    """Tell the person what is going on."""
    _redraw(_plain(masked(text)) + "\n", _live.copy())


@contextmanager
def live() -> Iterator[Callable[[Sequence[str]], None]]:
    """Keep lines at the bottom of the terminal that stderr is, below all talk, for the block; elsewhere nothing."""

    def draw(lines: Sequence[str]) -> None:
        columns, rows = os.get_terminal_size(sys.stderr.fileno())
        fitting = [line[: (columns or WIDTH) - 1] for line in lines[: (rows or HEIGHT) - 1]]
        if fitting != _live:
            _redraw("", fitting)

    if not sys.stderr.isatty() or is_dumb():
        yield lambda _: None
        return
    try:
        yield draw
    finally:
        draw([])


def is_terminal() -> bool:
    """Whether a person sees both the answer and the talk, at a terminal that can redraw its lines."""
    return sys.stdout.isatty() and sys.stderr.isatty() and not is_dumb()


def is_dumb() -> bool:
    """Whether the terminal obeys no escape sequence."""
    return os.environ.get("TERM", "") in ("", "dumb")


def _redraw(text: str, lines: list[str]) -> None:
    """Write `text` in the place of the lines at the bottom, and these below it."""
    up = f"\x1b[{len(_live)}F\x1b[J" if _live else ""
    _live[:] = lines
    sys.stderr.write(up + text + "".join(f"{line}\n" for line in lines))
    sys.stderr.flush()


def strand(name: str, text: str, number: int) -> None:
    """Print a line of one of several that talk at once, in that one's colour where there are colours."""
    if sys.stdout.isatty() and not is_dumb() and not os.environ.get("NO_COLOR"):
        name = f"\x1b[{31 + number % 6}m{name}\x1b[0m"
    answer(f"{name} | {_plain(text)}")
    sys.stdout.flush()


def complain(what: str, hint: str) -> None:
    """Tell of an error, and what helps against it."""
    talk(f"error: {what}")
    if hint:
        talk(f"  try: {hint}")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, clip: bool = False) -> None:
    """Print a table: in colour and as wide as the terminal, or plain and unwrapped where there is none.

    With `clip` the last column ends where a terminal does, and no row takes a second line. No rows, no table.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    tty = sys.stdout.isatty()
    if not (rows := list(rows)):
        return
    grid = Table(box=box.SIMPLE_HEAD if tty else None, pad_edge=False, header_style="bold", show_edge=False)
    for head in heads:
        grid.add_column(head, overflow="fold", no_wrap=clip and head != heads[-1])
    for row in rows:
        cells = [Text(_plain(cell), style=STYLES.get(cell.split(" ")[0], "")) for cell in row]
        if clip:
            cells[-1].no_wrap, cells[-1].overflow = True, "ellipsis"
        grid.add_row(*cells)
    plain = not tty or is_dumb() or bool(os.environ.get("NO_COLOR"))
    console = Console(
        highlight=False, width=None if tty else PLAIN_WIDTH, color_system=None if plain else "auto", no_color=plain
    )
    with console.capture() as caught:
        console.print(grid)
    for line in caught.get().splitlines():
        answer(line.rstrip())
