"""The treasury over HTTP."""

from ..web import Body, Reply, Routes, required
from .service import Treasury


def routes(treasury: Treasury) -> Routes:
    """POST /funds, /authorizations, /spends, /payouts; GET /accounts/<name>."""

    def fund(_name: str, body: Body) -> Reply:
        return 201, {"transaction": treasury.fund(required(body, "amount_cents", int))}

    def authorize(_name: str, body: Body) -> Reply:
        workflow, payee = required(body, "workflow_id", str), required(body, "payee", str)
        treasury.authorize(workflow, payee, required(body, "ceiling_cents", int))
        return 201, {"workflow_id": workflow}

    def spend(_name: str, body: Body) -> Reply:
        workflow, payee = required(body, "workflow_id", str), required(body, "payee", str)
        return 201, {"transaction": treasury.spend(workflow, payee, required(body, "amount_cents", int))}

    def payout(_name: str, body: Body) -> Reply:
        return 201, {"paid_cents": treasury.payout(required(body, "payee", str))}

    def account(name: str, _body: Body) -> Reply:
        return 200, {"account": name, "balance_cents": treasury.ledger.balance(name)}

    return {
        ("POST", "/funds"): fund,
        ("POST", "/authorizations"): authorize,
        ("POST", "/spends"): spend,
        ("POST", "/payouts"): payout,
        ("GET", "/accounts/*"): account,
    }
