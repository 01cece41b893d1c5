"""Take docs/demo.svg: the demonstration's own commands, run on a terminal of 80 columns, as a picture of text.

    picture.py

The commands run on a copy of the plan and the sample, so that nothing here changes; the copy's folder is written as
`~`. Long answers are cut in their middle, which the picture says.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, ROWS = 80, 24
SCREENS = (("plan", 12), ("worktrees", 6), ("agents", 6), ("verify", 8), ("status", 12))
"""Verbs, and how many lines of each answer are shown."""
FETCHED_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
PROMPT = "bold green"
ASIDE = "dim italic"


def main() -> None:
    """Run the commands and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copy(ROOT / "milestones.yaml", copy)
        shutil.copytree(ROOT / "examples", copy / "examples")
        subprocess.run([sys.executable, "examples/venture/build.py"], cwd=copy, check=True)
        screens = [(verb, shortened(on_terminal(copy, verb), lines)) for verb, lines in SCREENS]
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    for verb, lines in screens:
        console.print(Text("$ ", PROMPT) + Text(f"staddle {verb}", "bold"))
        for line in lines:
            console.print(line, no_wrap=True, crop=True)
        console.print()
    picture = FETCHED_FONTS.sub("", console.export_svg(title="make demo", unique_id="staddle"))
    (ROOT / "docs" / "demo.svg").write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n")


def on_terminal(copy: Path, verb: str) -> list[Text]:
    """What the verb writes to a terminal, line by line."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    argv, env["TERM"] = [sys.executable, "-m", "staddle", verb], "xterm-256color"
    with subprocess.Popen(argv, cwd=copy, env=env, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        said = b""
        while data := read(ours):
            said += data
    os.close(ours)
    text = said.decode().replace("\r\n", "\n").replace(str(copy), "~")
    sys.stderr.write(f"--- {verb}\n{text}")
    return [Text.from_ansi(line) for line in text.splitlines()]


def read(terminal: int) -> bytes:
    """The next bytes; none when the last writer has gone, which Linux calls an input/output error."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


def shortened(lines: list[Text], most: int) -> list[Text]:
    """At most so many of the lines, and a word on those left out."""
    if len(lines) <= most:
        return lines
    head, tail = lines[: most - most // 2], lines[-(most // 2) :]
    return [*head, Text(f"  ... {len(lines) - most} lines ...", ASIDE), *tail]


if __name__ == "__main__":
    main()
