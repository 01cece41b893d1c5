"""The orchestrator over HTTP."""

from ..web import Body, Reply, Routes, required
from .runner import Orchestrator


def routes(orchestrator: Orchestrator) -> Routes:
    """POST /runs with {"workflow": ..., "inputs": {...}}, GET /events/<run>."""

    def run(_name: str, body: Body) -> Reply:
        run_id, results = orchestrator.run(required(body, "workflow", str), required(body, "inputs", dict))
        return 201, {"run": run_id, "results": results}

    def events(run_id: str, _body: Body) -> Reply:
        return 200, [event.as_json() for event in orchestrator.log.of(run_id)]

    return {("POST", "/runs"): run, ("GET", "/events/*"): events}
