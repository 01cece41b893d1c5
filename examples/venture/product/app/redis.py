"""A client of redis with the standard library alone: commands out, replies back."""

import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from .errors import DomainError


class RedisError(DomainError):
    """Redis refused a command."""

    status = 500


class Redis:
    """One connection to the server that a URL names: redis://:password@host:port/0."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=10)
        self._stream = self._socket.makefile("rb")
        if parts.password:
            self.command("AUTH", unquote(parts.password))

    def command(self, *words: str | int) -> Any:
        """Sends a command; its reply as text, number, list or None."""
        encoded = [str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in encoded))
        return self._reply()

    def close(self) -> None:
        """Ends the connection."""
        self._stream.close()
        self._socket.close()

    def _reply(self) -> Any:
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("redis closed the connection")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RedisError(text)
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == "-1" else self._stream.read(int(text) + 2)[:-2].decode()
        if kind == b"*":
            return None if text == "-1" else [self._reply() for _ in range(int(text))]
        return text
