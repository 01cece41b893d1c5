from pathlib import Path

from app import agents, artifacts, compliance, control_plane, orchestrator, policy, treasury
from app.system import opened, routes


def test_no_service_hides_a_route_of_another(tmp_path: Path) -> None:
    with opened(tmp_path) as system:
        tables = [
            control_plane.routes(system.control_plane),
            policy.routes(system.policy),
            treasury.routes(system.treasury),
            artifacts.routes(system.artifacts),
            agents.routes(system.agents),
            compliance.routes(system.compliance),
            orchestrator.routes(system.orchestrator),
        ]
        assert len(routes(system)) == sum(len(table) for table in tables)


def test_the_ledger_outlives_the_process(tmp_path: Path) -> None:
    with opened(tmp_path) as system:
        system.treasury.fund(500)
    with opened(tmp_path) as system:
        assert system.treasury.ledger.balance("cash") == 500
