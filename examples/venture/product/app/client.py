"""A client of the JSON API on this machine."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any


@dataclass(frozen=True)
class Client:
    """Talks to the server on a loopback port; every call returns status and answer."""

    port: int

    def get(self, path: str) -> tuple[int, Any]:
        """Reads a resource."""
        return self._request("GET", path, None)

    def post(self, path: str, **fields: Any) -> tuple[int, Any]:
        """Sends the fields as a JSON object."""
        return self._request("POST", path, json.dumps(fields))

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()
