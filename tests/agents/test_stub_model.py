"""The model of the agents' tests: it plays its part on every wire, and fails in the ways it is told to."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from .stub_model import Script, StubModel

SECONDS = 20
SCHEMA = {"properties": {"command": {"type": "string"}, "why": {"enum": ["because"]}}, "required": ["command", "why"]}
PROMPT = "Please.\nCommit message: it's done"
TOOLS = {"name": "bash", "parameters": SCHEMA}
ASKED: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": PROMPT}], "tools": [{"function": TOOLS}]},
    "/v1/responses": {"input": [{"role": "user", "content": [{"text": PROMPT}]}], "tools": [TOOLS]},
    "/v1/messages?beta=true": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": PROMPT}]}],
        "tools": [{"name": "Bash", "input_schema": SCHEMA}],
    },
    "/v1beta/models/m:streamGenerateContent": {
        "contents": [{"role": "user", "parts": [{"text": PROMPT}]}],
        "tools": [{"functionDeclarations": [TOOLS]}],
    },
}
RESULTS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"role": "tool", "content": "out"},
    "/v1/responses": {"type": "function_call_output", "output": "out"},
    "/v1/messages?beta=true": {"role": "user", "content": [{"type": "tool_result", "content": "out"}]},
    "/v1beta/models/m:streamGenerateContent": {"role": "user", "parts": [{"functionResponse": {"name": "bash"}}]},
}
every_wire = pytest.mark.parametrize("path", ASKED)


@pytest.fixture
def model() -> Iterator[StubModel]:
    """A model whose part is one line, and a few words that fail."""
    failing = {"REFUSED": Script(status=401), "BROKEN": Script(status=500), "SILENT": Script(status=0)}
    with StubModel(Script(("commit <Commit message>",), text="All of it."), failing) as stub:
        yield stub


def post(model: StubModel, path: str, body: dict[str, Any], seconds: float = SECONDS) -> str:
    """What the model answers."""
    request = urllib.request.Request(model.url + path, json.dumps(body).encode())
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=seconds) as answer:
        return str(answer.read().decode())


@every_wire
def test_the_first_answer_is_a_call_of_the_first_line(model: StubModel, path: str) -> None:
    said = post(model, path, ASKED[path]).replace("\\", "")
    assert "commit 'it'\"'\"'s done'" in said
    assert "because" in said
    assert "All of it." not in said


@every_wire
def test_after_the_last_result_comes_the_text(model: StubModel, path: str) -> None:
    (name,) = ASKED[path].keys() - {"tools"}
    body = ASKED[path] | {name: [*ASKED[path][name], RESULTS[path]]}
    said = post(model, path, body)
    assert "All of it." in said
    assert "commit" not in said


@every_wire
def test_a_program_without_a_shell_is_talked_to(model: StubModel, path: str) -> None:
    assert "All of it." in post(model, path, ASKED[path] | {"tools": []})


@pytest.mark.parametrize(("word", "status"), [("REFUSED", 401), ("BROKEN", 500)])
def test_a_word_of_the_prompt_chooses_a_failure(model: StubModel, word: str, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        post(model, "/v1/responses", {"input": [{"role": "user", "content": word}]})
    with error.value:
        assert error.value.code == status


def test_a_silent_model_never_answers(model: StubModel) -> None:
    with pytest.raises(TimeoutError):
        post(model, "/v1/responses", {"input": [{"role": "user", "content": "SILENT"}]}, seconds=0.2)
