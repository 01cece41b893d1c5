import pytest

from app.errors import Conflict, DomainError
from app.policy import Action, Bundle, PolicyDenied, PolicyEngine, Role, parse_bundle

BUYER = Role(tools=frozenset({"treasury.spend", "search"}), limit_cents=10_000)
READER = Role(tools=frozenset({"search"}), limit_cents=10_000)


@pytest.fixture
def engine() -> PolicyEngine:
    engine = PolicyEngine()
    engine.publish(Bundle(1, {"buyer": BUYER, "reader": READER}))
    return engine


def test_a_bundle_is_read_from_its_json() -> None:
    data = {"version": 3, "roles": {"reader": {"tools": ["search"], "limit_cents": 10_000}}}
    assert parse_bundle(data) == Bundle(3, {"reader": READER})


@pytest.mark.parametrize("data", [{}, {"version": 1, "roles": []}, {"version": "x", "roles": {}}])
def test_what_is_not_a_bundle_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(DomainError, match="not a policy bundle"):
        parse_bundle(data)


def test_an_older_bundle_is_refused(engine: PolicyEngine) -> None:
    with pytest.raises(Conflict):
        engine.publish(Bundle(1, {}))


def test_an_unknown_role_is_denied(engine: PolicyEngine) -> None:
    with pytest.raises(PolicyDenied, match="role intern"):
        engine.check(Action("intern", "search"))


def test_an_action_over_the_limit_is_denied(engine: PolicyEngine) -> None:
    engine.check(Action("buyer", "treasury.spend", 10_000))
    with pytest.raises(PolicyDenied, match="limit"):
        engine.check(Action("buyer", "treasury.spend", 10_001))


def test_allowlist_validation(engine: PolicyEngine) -> None:
    """FR-VNT-POLICY-002: a role uses the tools on its own list and no other."""
    engine.check(Action("buyer", "treasury.spend"))
    with pytest.raises(PolicyDenied, match=r"treasury\.spend"):
        engine.check(Action("reader", "treasury.spend"))
    with pytest.raises(PolicyDenied, match="shell"):
        engine.check(Action("buyer", "shell"))
