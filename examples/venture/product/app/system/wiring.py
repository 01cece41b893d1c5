"""One of each service, sharing a data folder and an event log."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import agents, artifacts, compliance, control_plane, orchestrator, policy, treasury
from ..database import open_database
from ..events import EventLog
from ..web import Routes


@dataclass(frozen=True)
class System:
    """The services of one process."""

    control_plane: control_plane.ControlPlane
    policy: policy.PolicyEngine
    treasury: treasury.Treasury
    artifacts: artifacts.ArtifactStore
    agents: agents.AgentRuntime
    compliance: compliance.CaseBook
    orchestrator: orchestrator.Orchestrator


@contextmanager
def opened(data: Path) -> Iterator[System]:
    """Opens the system on a data folder and closes its database at the end."""
    with closing(open_database(data / "venture.db")) as database:
        yield System(
            control_plane=control_plane.ControlPlane(),
            policy=policy.PolicyEngine(),
            treasury=treasury.Treasury(treasury.Ledger(database), treasury.AuthorizationEngine()),
            artifacts=artifacts.ArtifactStore(database),
            agents=agents.AgentRuntime(agents.TaskQueue(database)),
            compliance=compliance.CaseBook(),
            orchestrator=orchestrator.Orchestrator(EventLog()),
        )


def routes(system: System) -> Routes:
    """The routes of all services in one table."""
    return {
        **control_plane.routes(system.control_plane),
        **policy.routes(system.policy),
        **treasury.routes(system.treasury),
        **artifacts.routes(system.artifacts),
        **agents.routes(system.agents),
        **compliance.routes(system.compliance),
        **orchestrator.routes(system.orchestrator),
    }
