"""Compliance cases over HTTP."""

from dataclasses import asdict

from ..web import Body, Reply, Routes, required
from .cases import State
from .service import CaseBook


def routes(book: CaseBook) -> Routes:
    """POST /cases, GET /cases/<id>, POST /cases/<id> with {"state": ..., "resolution": ...}."""

    def open_case(_name: str, body: Body) -> Reply:
        return 201, asdict(book.open(required(body, "subject", str)))

    def case(case_id: str, _body: Body) -> Reply:
        return 200, asdict(book.case(case_id))

    def move(case_id: str, body: Body) -> Reply:
        state, resolution = required(body, "state", str), str(body.get("resolution", ""))
        if state not in set(State):
            return 400, {"error": f"{state} is not a state of a case"}
        return 200, asdict(book.move(case_id, State(state), resolution))

    return {("POST", "/cases"): open_case, ("GET", "/cases/*"): case, ("POST", "/cases/*"): move}
