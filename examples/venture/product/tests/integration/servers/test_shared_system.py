from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.agents import AgentRuntime, SharedTaskQueue, TaskEnvelope
from app.redis import Redis
from app.treasury import AuthorizationEngine, Entry, SharedLedger, Treasury, Unbalanced


def test_a_spend_queued_here_is_booked_there(redis: Callable[[], Redis], postgres: Callable[[], Any]) -> None:
    here, there = Treasury(SharedLedger(postgres()), AuthorizationEngine()), SharedLedger(postgres())
    here.fund(50_000)
    here.authorize("wf-1", "acme", 12_000)
    SharedTaskQueue(redis()).submit(TaskEnvelope("wf-1", "treasury.spend", {"payee": "acme", "cents": 12_000}))
    agent = AgentRuntime(SharedTaskQueue(redis()))
    agent.add_tool("treasury.spend", lambda task: here.spend("wf-1", task["payee"], task["cents"]))
    assert agent.run_next() is not None
    assert (there.balance("payable:acme"), there.balance("cash")) == (-12_000, 50_000)


def test_postings_from_many_connections_add_up(postgres: Callable[[], Any]) -> None:
    ledgers = [SharedLedger(postgres()) for _ in range(4)]

    def post(ledger: SharedLedger) -> list[int]:
        return [ledger.post("fund", Entry("cash", 1), Entry("equity", -1)) for _ in range(25)]

    with ThreadPoolExecutor(4) as pool:
        numbers = sum(pool.map(post, ledgers), [])
    assert len(set(numbers)) == 100
    assert (ledgers[0].balance("cash"), ledgers[0].balance("equity")) == (100, -100)


def test_a_transaction_is_posted_whole_or_not_at_all(postgres: Callable[[], Any]) -> None:
    ledger, other = SharedLedger(postgres()), SharedLedger(postgres())
    with pytest.raises(Unbalanced):
        ledger.post("odd", Entry("cash", 1))
    with pytest.raises(Exception, match="out of range"):
        ledger.post("huge", Entry("cash", 1), Entry("equity", 1 << 70), Entry("equity", -1 - (1 << 70)))
    assert other.balance("cash") == 0
    assert ledger.post("fund", Entry("cash", 1), Entry("equity", -1)) > 0
