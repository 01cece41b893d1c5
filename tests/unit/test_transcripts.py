"""transcripts: what agent programs tell of themselves, and what hostile or odd lines come to."""

import json

import pytest

from staddle.core.transcripts import Told, told

SAID = {"type": "assistant", "session_id": "s1", "message": {"content": [{"type": "text", "text": "it is done"}]}}
RESULT = '{"type": "result", "result": "", "total_cost_usd": %s, "usage": {"input_tokens": %s, "output_tokens": 2}}'


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "1e999", '"nan"', '"inf"', "1" * 400, "[]", "null"])
def test_a_cost_that_is_no_figure_is_passed_over(cost: str) -> None:
    log = "\n".join((json.dumps(SAID), RESULT % (cost, 1)))
    assert told("claude", log) == Told(last="it is done", session="s1")


@pytest.mark.parametrize("tokens", ["Infinity", "-1e999", "NaN", '"many"', "9" * 5000])
def test_tokens_that_are_no_figure_are_passed_over(tokens: str) -> None:
    log = "\n".join((json.dumps(SAID), RESULT % ("0.5", tokens)))
    assert told("claude", log) == Told(last="it is done", session="s1")


@pytest.mark.parametrize("mark", ["\u2028", "\x85"])
def test_a_mark_in_a_text_that_ends_lines_elsewhere_ends_none_here(mark: str) -> None:
    text = f"one{mark}two"
    said = {"type": "item.completed", "item": {"type": "agent_message", "text": text}}
    assert told("codex", json.dumps(said, ensure_ascii=False)).last == text
