"""Kinds of agents: how each is started, and what is understood of what it tells."""

import json
import shlex
from typing import Any

import pytest

from staddle.core.kinds import KINDS, start_of
from staddle.core.model import Agent, AgentKind, Command
from staddle.core.transcripts import Told, saying, told

PLACES = {"git_dir": "/g/worktrees/t", "objects": "/g/objects", "refs": "/g/refs/heads/feat", "logs": "/g/logs"}
VALUES = {"tree": "/t", "prompt": "do {tree} it", "prompt_file": "/p", "usage": "/u"} | PLACES
ID = "11111111-1111-4111-8111-111111111111"

LOGS: dict[str, list[dict[str, Any]]] = {
    "copilot": [
        {"type": "assistant.message", "data": {"content": "", "toolRequests": [{}]}},
        {"type": "assistant.message", "data": {"content": "Done."}},
        {"type": "result", "sessionId": ID, "exitCode": 0, "usage": {"premiumRequests": 0}},
    ],
    "claude": [
        {"type": "system", "subtype": "init", "session_id": ID},
        {"type": "result", "result": "Done.", "session_id": ID, "total_cost_usd": 0.5,
         "usage": {"input_tokens": 30, "output_tokens": 4}},
    ],
    "codex": [
        {"type": "thread.started", "thread_id": ID},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}},
        {"type": "turn.completed", "usage": {"input_tokens": 30, "output_tokens": 4}},
    ],
    "gemini": [
        {"type": "init", "session_id": ID},
        {"type": "message", "role": "assistant", "content": "I will.", "delta": True},
        {"type": "tool_use", "tool_name": "run_shell_command"},
        {"type": "message", "role": "assistant", "content": "Do", "delta": True},
        {"type": "message", "role": "assistant", "content": "ne.", "delta": True},
        {"type": "result", "stats": {"total_tokens": 34, "input_tokens": 30, "output_tokens": 4}},
    ],
    "opencode": [
        {"type": "text", "sessionID": ID, "part": {"text": "Done."}},
        {"type": "step_finish", "sessionID": ID, "part": {"tokens": {"input": 30, "output": 4}, "cost": 0.5}},
    ],
}  # fmt: skip
USED = {"modelMetrics": {name: {"usage": {"inputTokens": 15, "outputTokens": 2}} for name in ("one", "other")}}
FIGURES: dict[str, tuple[int | None, float | None]] = {
    "copilot": (None, None), "claude": (34, 0.5), "codex": (34, None), "gemini": (34, None), "opencode": (34, 0.5),
}  # fmt: skip


def line(kind: AgentKind, *, resuming: bool = False, session: str = ID, prompt: str = "do it") -> str:
    start = start_of(Agent(kind=kind, model="m"), VALUES | {"prompt": prompt}, session=session, resuming=resuming)
    return shlex.join(start.argv)


def log(kind: str) -> str:
    return "npm noise\n{cut\n" + "".join(f"{json.dumps(one)}\n" for one in LOGS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_message_the_session_and_the_figures_are_read(kind: str) -> None:
    assert told(kind, log(kind)) == Told("Done.", ID, *FIGURES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_in_other_words_is_passed_over(kind: str) -> None:
    assert told(kind, '[]\n{"type": 1}\n{"type": "result", "usage": 3}\n{"data": null}\n' + log(kind)).last == "Done."


def test_of_a_command_the_last_lines_are_its_message() -> None:
    assert told("command", "one\n\ntwo\n").last == "one\ntwo"


def test_copilots_tokens_are_read_from_its_file_of_what_it_used() -> None:
    assert told("copilot", log("copilot"), json.dumps(USED, indent=2)).tokens == 34
    assert told("copilot", log("copilot"), "{cut").tokens is None
    assert "--usage-output-file /u" in line("copilot")


def test_a_line_is_shown_as_what_is_said_in_it() -> None:
    assert saying("codex", json.dumps(LOGS["codex"][1])) == "Done."
    assert saying("codex", '{"type": "turn.started"}') == ""
    assert saying("command", " plain ") == "plain"


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_beyond_what_an_argument_holds_arrives_on_standard_input(kind: AgentKind) -> None:
    start = start_of(Agent(kind=kind), VALUES | {"prompt": "x" * 200_000}, session=ID, resuming=False)
    assert start.reads_prompt
    assert sum(map(len, start.argv)) < 3000


def test_braces_in_a_prompt_are_not_filled_in() -> None:
    assert "do {tree} it" in start_of(Agent(kind="copilot"), VALUES, session=ID, resuming=False).argv


def test_copilot_has_the_tree_as_its_place_and_may_not_push() -> None:
    words = line("copilot")
    assert words.startswith("copilot -C /t --add-dir /t --yolo ")
    assert "--deny-tool 'shell(git push)'" in words
    assert words.endswith(f"--model m --session-id {ID} -p 'do it'")


def test_codex_may_write_its_branch_and_nothing_else_of_git() -> None:
    words = line("codex", session="")
    assert "-s workspace-write --add-dir /g/worktrees/t --add-dir /g/objects --add-dir /g/refs/heads/feat" in words
    assert words.endswith("-m m -")


def test_claude_is_never_told_to_skip_permissions() -> None:
    words = line("claude")
    assert "dangerously" not in words
    assert "'Bash(git commit:*)'" in words and "--disallowedTools 'Bash(git push:*)'" in words


@pytest.mark.parametrize(
    ("kind", "words"),
    [("copilot", f"--resume={ID} -p 'do it'"), ("claude", f"--resume {ID}"), ("codex", f"resume {ID} -"),
     ("gemini", f"--resume {ID}"), ("opencode", f"--session {ID}")],
)  # fmt: skip
def test_a_session_is_taken_up(kind: AgentKind, words: str) -> None:
    assert line(kind, resuming=True).endswith(words)


def test_a_command_is_started_as_the_plan_writes_it() -> None:
    agent = Agent(Command(("agent", "{tree}")), stdin="prompt")
    start = start_of(agent, VALUES, session=ID, resuming=False)
    assert (start.argv, start.reads_prompt) == (("agent", "/t"), True)
