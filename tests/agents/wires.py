"""The four ways in which agent programs talk to a model: how each asks, and how each wants to be answered.

Only what the programs need is read and written: the prompt, the shell tool that the program offers, how many of its
calls have been answered already; and one tool call or one text, as a stream of server-sent events.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

SHELLS = ("bash", "Bash", "exec_command", "run_shell_command", "shell")
COMMANDS = ("command", "cmd")
USAGE = {"input_tokens": 1200, "output_tokens": 34}


@dataclass(frozen=True)
class Shell:
    """The shell tool that a program offers, with the JSON schema of its arguments."""

    name: str
    schema: dict[str, Any]

    def arguments(self, line: str) -> str:
        """The arguments that make it run a line, as JSON; what else it requires is filled in by type."""
        properties: dict[str, dict[str, Any]] = self.schema["properties"]
        command = next(name for name in COMMANDS if name in properties)
        others = {name: properties[name] for name in self.schema.get("required", ()) if name != command}
        return json.dumps({command: line} | {name: _filling(schema) for name, schema in others.items()})


def _filling(schema: dict[str, Any]) -> object:
    kind = schema.get("type", "string")
    return (
        schema["enum"][0]
        if "enum" in schema
        else {"boolean": False, "array": []}.get(kind, "text" if kind == "string" else 1)
    )


@dataclass(frozen=True)
class Question:
    """What a program asks: its user's words so far, how many tool calls it has done, and the shell it offers."""

    prompt: str
    done: int
    shell: Shell | None


@dataclass(frozen=True)
class Answer:
    """What the model says, or with `shell` the line that it wants run; `number` makes its id."""

    text: str
    shell: Shell | None
    number: int

    @property
    def id(self) -> str:
        """The id of the call or the message."""
        return f"call_{self.number}"


class Wire(Protocol):
    """One protocol."""

    def question(self, body: dict[str, Any]) -> Question: ...

    def events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        """The answer as the data of events."""
        ...


class Chat:
    """`/v1/chat/completions`: copilot, opencode."""

    def question(self, body: dict[str, Any]) -> Question:
        tools = [tool["function"] for tool in body.get("tools", ())]
        done = sum(message["role"] == "tool" for message in body["messages"])
        return Question(_words(body["messages"]), done, _shell(tools, "parameters"))

    def events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
            return head | {"choices": choices}

        head = {"id": answer.id, "object": "chat.completion.chunk", "created": 0, "model": "stub"}
        yield chunk({"role": "assistant", "content": "" if answer.shell else answer.text})
        if answer.shell:
            function = {"name": answer.shell.name, "arguments": answer.shell.arguments(answer.text)}
            yield chunk({"tool_calls": [{"index": 0, "id": answer.id, "type": "function", "function": function}]})
        yield chunk({}, "tool_calls" if answer.shell else "stop")
        yield head | {"choices": [], "usage": {"prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234}}


class Responses:
    """`/v1/responses`: codex."""

    def question(self, body: dict[str, Any]) -> Question:
        done = sum(item.get("type") == "function_call_output" for item in body["input"])
        return Question(_words(body["input"]), done, _shell(body.get("tools", ()), "parameters"))

    def events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        response = {"id": f"response_{answer.number}", "object": "response", "status": "in_progress", "output": []}
        item: dict[str, Any] = {"id": f"item_{answer.number}", "status": "completed"}
        if answer.shell:
            called = {"call_id": answer.id, "name": answer.shell.name, "arguments": answer.shell.arguments(answer.text)}
            item |= {"type": "function_call"} | called
        else:
            said = [{"type": "output_text", "text": answer.text, "annotations": []}]
            item |= {"type": "message", "role": "assistant", "content": said}
        yield {"type": "response.created", "response": response}
        yield {"type": "response.output_item.added", "output_index": 0, "item": item}
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
        usage = USAGE | {"total_tokens": 1234}
        ended = response | {"status": "completed", "output": [item], "usage": usage}
        yield {"type": "response.completed", "response": ended}


class Messages:
    """`/v1/messages`: claude."""

    def question(self, body: dict[str, Any]) -> Question:
        parts = [
            part for message in body["messages"] if isinstance(message["content"], list) for part in message["content"]
        ]
        done = sum(part.get("type") == "tool_result" for part in parts)
        return Question(_words(body["messages"]), done, _shell(body.get("tools", ()), "input_schema"))

    def events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        message = {
            "id": answer.id,
            "type": "message",
            "role": "assistant",
            "model": "stub",
            "content": [],
            "usage": USAGE,
        }
        block: dict[str, Any] = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": answer.text}
        if answer.shell:
            block = {"type": "tool_use", "id": answer.id, "name": answer.shell.name, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": answer.shell.arguments(answer.text)}
        reason = "tool_use" if answer.shell else "end_turn"
        yield {"type": "message_start", "message": message}
        yield {"type": "content_block_start", "index": 0, "content_block": block}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
        yield {"type": "content_block_stop", "index": 0}
        yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": USAGE}
        yield {"type": "message_stop"}


class Contents:
    """`/v1beta/models/MODEL:streamGenerateContent`: gemini."""

    def question(self, body: dict[str, Any]) -> Question:
        done = sum("functionResponse" in part for content in body["contents"] for part in content["parts"])
        tools = [tool for group in body.get("tools", ()) for tool in group.get("functionDeclarations", ())]
        return Question(_words(body["contents"]), done, _shell(tools, "parametersJsonSchema", "parameters"))

    def events(self, answer: Answer) -> Iterator[dict[str, Any]]:
        part: dict[str, Any] = {"text": answer.text}
        if answer.shell:
            arguments = json.loads(answer.shell.arguments(answer.text))
            part = {"functionCall": {"name": answer.shell.name, "args": arguments}}
        usage = {"promptTokenCount": 1200, "candidatesTokenCount": 34, "totalTokenCount": 1234}
        candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
        yield {"candidates": [candidate], "usageMetadata": usage}


WIRES: tuple[tuple[re.Pattern[str], Wire], ...] = (
    (re.compile("/chat/completions"), Chat()),
    (re.compile("/responses"), Responses()),
    (re.compile("/messages"), Messages()),
    (re.compile(":(streamG|g)enerateContent"), Contents()),
)


def _words(messages: list[dict[str, Any]]) -> str:
    """What the user has said, tool results left out."""
    said = [message for message in messages if message.get("role") == "user"]
    contents = [message["content"] if "content" in message else message["parts"] for message in said]
    parts = [[{"text": content}] if isinstance(content, str) else content for content in contents]
    return "\n".join(part["text"] for some in parts for part in some if "text" in part)


def _shell(tools: Any, *schemas: str) -> Shell | None:
    """The shell among the tools; a program's name for the schema is the first of `schemas` that is there."""
    known = {tool.get("name"): tool for tool in tools}
    name = next((name for name in SHELLS if name in known), None)
    return Shell(name, next(known[name][key] for key in schemas if key in known[name])) if name else None
