import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.client import Client

ROOT = Path(__file__).parents[2]
ROLES = {"buyer": {"tools": ["treasury.spend"], "limit_cents": 20_000}}


@pytest.fixture
def venture(tmp_path: Path) -> Iterator[Client]:
    """The whole system as a process of its own."""
    port = os.environ.get("STADDLE_PORT_BASE", "0")
    variables = {**os.environ, "VENTURE_DATA": str(tmp_path), "VENTURE_PORT": port}
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Client(int(process.stdout.readline().removeprefix("listening on ")))
        finally:
            process.terminate()
    assert process.returncode == 0


def test_the_process_is_healthy(venture: Client) -> None:
    assert venture.get("/health") == (200, {"status": "ok"})


def test_spend_workflow_reaches_the_ledger(venture: Client) -> None:
    """FR-VNT-INTEG-001: a request passes policy, is authorized, queued for an agent and booked by it."""
    venture.post("/policy/bundles", version=1, roles=ROLES)
    inputs = {"role": "buyer", "payee": "acme", "amount_cents": 12_000}
    status, run = venture.post("/runs", workflow="spend", inputs=inputs)
    assert status == 201, run
    assert venture.get("/accounts/expense")[1]["balance_cents"] == 0
    assert venture.post("/tasks/next")[1]["task_id"] == run["run"]
    assert venture.get("/accounts/expense")[1]["balance_cents"] == 12_000
    kinds = [event["kind"] for event in venture.get(f"/events/{run['run']}")[1]]
    assert kinds == [f"orchestrator.{step}" for step in ("check", "authorize", "receipt", "queue")]
    assert venture.get(f"/artifacts/{run['results']['receipt']}")[0] == 200
