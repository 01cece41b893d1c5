"""A model that has learnt its part: it answers coding agents on loopback with the shell lines of a script.

    AGENT_PROGRAMS=.nox/agents python -m tests.agents.stub_model -- make demo AGENT=copilot

runs a command whose agents find this model where they look for theirs; by default its part is the sample product's.
The server keeps nothing between requests: the step that comes next is the number of tool results in the conversation,
so any number of agents share one. A script is chosen by a word in the prompt.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .clients import surroundings
from .wires import WIRES, Answer

FIELD = re.compile("^([A-Z][a-z ]+): (.+)$", re.MULTILINE)
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Script:
    """A part: shell lines run one after another, then a text; or else an HTTP status, or (0) never an answer.

    `<Commit message>` in a line is what the prompt says after `Commit message: `, quoted for the shell.
    """

    lines: tuple[str, ...] = ()
    text: str = "Done."
    status: int = 200

    def line(self, number: int, prompt: str) -> str:
        """One line, filled in."""
        line = self.lines[number]
        for name, value in FIELD.findall(prompt)[::-1]:
            line = line.replace(f"<{name}>", shlex.quote(value))
        return line


WORKER = f"python3 {shlex.quote(str(ROOT / 'examples/venture/agent.py'))} . < .staddle/prompts/"
STAND_IN = Script((f"{WORKER}<Requirement>.md",))
"""The sample product's scripted stand-in for an agent, as an agent's own tool call."""
CANDIDATE = Script((f"{WORKER}task.md",))
"""The same for a candidate of a run."""


class Handler(BaseHTTPRequestHandler):
    """One connection of an agent."""

    protocol_version = "HTTP/1.1"
    server: "StubModel"

    def do_HEAD(self) -> None:
        """Is anybody there?"""
        self._reply(200, {})

    def do_GET(self) -> None:
        """Which models are there?"""
        models = [{"id": name, "object": "model"} for name in ("stub", "gpt-5-mini")]
        self._reply(200, {"object": "list", "data": models, "models": []})

    def do_POST(self) -> None:
        """What comes next?"""
        body = json.loads(self._body())
        wire = next((wire for pattern, wire in WIRES if pattern.search(self.path)), None)
        if wire is None or "count_tokens" in self.path:
            self._reply(200, {"input_tokens": 1, "totalTokens": 1})
            return
        asked = wire.question(body)
        script = self.server.script(asked.prompt)
        if script.status != 200:
            self._fail(script.status)
            return
        acting = asked.shell is not None and asked.done < len(script.lines)
        text = script.line(asked.done, asked.prompt) if acting else script.text
        self._stream(wire.events(Answer(text, asked.shell if acting else None, asked.done)), "chat" in self.path)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _fail(self, status: int) -> None:
        if status == 0:
            self.server.closing.wait()
            self.close_connection = True
            return
        self._reply(status, {"type": "error", "error": {"type": "stub_error", "message": f"status {status}"}})

    def _reply(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, events: Any, sentinel: bool) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        if sentinel:
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class StubModel(ThreadingHTTPServer):
    """The model, at work in a `with` block: `scripts` by a word of the prompt, and the one for all other prompts."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, script: Script = STAND_IN, scripts: Mapping[str, Script] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.closing = threading.Event()
        self._script, self._scripts = script, scripts if scripts is not None else {"\nRun: ": CANDIDATE}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def script(self, prompt: str) -> Script:
        """The part for this prompt."""
        return next((script for word, script in self._scripts.items() if word in prompt), self._script)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that went away in the middle is no error here."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def main() -> int:
    """Run a command with the agents it starts led here; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", action="append", help="a shell line of the script; several in their order")
    parser.add_argument("command", nargs="+", help="the command, after --")
    arguments = parser.parse_args()
    script = Script(tuple(arguments.line)) if arguments.line else STAND_IN
    with tempfile.TemporaryDirectory(prefix="stub-") as home, StubModel(script) as model:
        env = os.environ | surroundings(model.url, Path(home))
        return subprocess.run(arguments.command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
