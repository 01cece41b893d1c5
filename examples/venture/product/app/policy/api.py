"""The policy engine over HTTP."""

from ..web import Body, Reply, Routes, required
from .bundle import parse_bundle
from .engine import Action, PolicyEngine


def routes(engine: PolicyEngine) -> Routes:
    """POST /policy/bundles, GET /policy/version, POST /policy/checks."""

    def publish(_name: str, body: Body) -> Reply:
        engine.publish(parse_bundle(body))
        return 201, {"version": engine.version}

    def version(_name: str, _body: Body) -> Reply:
        return 200, {"version": engine.version}

    def check(_name: str, body: Body) -> Reply:
        role, tool = required(body, "role", str), required(body, "tool", str)
        engine.check(Action(role, tool, required(body, "amount_cents", int)))
        return 200, {"allowed": True, "version": engine.version}

    return {
        ("POST", "/policy/bundles"): publish,
        ("GET", "/policy/version"): version,
        ("POST", "/policy/checks"): check,
    }
