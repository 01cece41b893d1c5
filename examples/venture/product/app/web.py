"""JSON over HTTP with the standard library alone: a table of routes and a server for it."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any, TypeVar

from .errors import DomainError

Body = Mapping[str, Any]
Reply = tuple[int, Any]
Handler = Callable[[str, Body], Reply]
Routes = Mapping[tuple[str, str], Handler]

T = TypeVar("T")


def required(body: Body, name: str, kind: type[T]) -> T:
    """The field of a request, refused when it is absent or of another type."""
    value = body.get(name)
    if not isinstance(value, kind):
        raise DomainError(f"{name} must be given as {kind.__name__}")
    return value


def answer(routes: Routes, method: str, path: str, body: Body) -> Reply:
    """Calls the handler of a path; a route that ends in /* passes the last part of the path on."""
    parent, _, name = path.rpartition("/")
    handler = routes.get((method, path)) or routes.get((method, f"{parent}/*"))
    if handler is None:
        return 404, {"error": f"no route {method} {path}"}
    try:
        return handler(name, body)
    except DomainError as error:
        return error.status, {"error": str(error)}


class Server(TCPServer):
    """One request at a time on a loopback port; port 0 means any free one."""

    allow_reuse_address = True

    def __init__(self, routes: Routes, port: int) -> None:
        class RequestHandler(_RequestHandler):
            table = routes

        super().__init__(("127.0.0.1", port), RequestHandler)

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        return int(self.socket.getsockname()[1])


@contextmanager
def serving(routes: Routes, port: int) -> Iterator[int]:
    """Serves in the background and yields the port."""
    with Server(routes, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.port
        finally:
            server.shutdown()
            thread.join()


class _RequestHandler(BaseHTTPRequestHandler):
    table: Routes

    def do_GET(self) -> None:
        self._reply(*answer(self.table, "GET", self.path, {}))

    def do_POST(self) -> None:
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        except ValueError:
            self._reply(400, {"error": "the body is not JSON"})
            return
        if not isinstance(body, dict):
            self._reply(400, {"error": "the body must be a JSON object"})
            return
        self._reply(*answer(self.table, "POST", self.path, body))

    def _reply(self, status: int, content: Any) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Access is not logged."""
