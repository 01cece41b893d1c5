from app.events import EventEnvelope, EventLog


def test_events_of_a_workflow_come_in_order() -> None:
    log = EventLog()
    first, _, third = log.record("a.one", "wf-1"), log.record("a.one", "wf-2"), log.record("a.two", "wf-1")
    assert log.of("wf-1") == (first, third)


def test_an_envelope_travels_as_json() -> None:
    envelope = EventEnvelope("evt-1", "treasury.spend", "wf-1", {"amount_cents": 5})
    assert EventEnvelope(**envelope.as_json()) == envelope
