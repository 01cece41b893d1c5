"""Transcripts: what an agent program tells of itself in its log - its last message, its session, tokens and cost.

Each known kind writes JSON lines, each in its own words. What is no such line is passed over: what an agent tells
decides nothing. A command's transcript is its last lines.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

TAIL_LINES = 5


@dataclass(frozen=True)
class Told:
    """What was told: the last message, the session's id, tokens in and out, and dollars; None where it was not."""

    last: str = ""
    session: str = ""
    tokens: int | None = None
    cost: float | None = None


Line = Mapping[str, Any]


def told(kind: str, log: str, usage: str = "") -> Told:
    """What the log of an agent of this kind tells, and the file of what it used, as JSON, where it writes one."""
    if kind not in _READERS:
        lines = [line.strip() for line in log.splitlines() if line.strip()]
        return Told(last="\n".join(lines[-TAIL_LINES:]))
    found = Told()
    for line in (*_lines(log), *_lines(" ".join(usage.split()))):
        try:
            found = _READERS[kind](found, line)
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError):
            continue  # another release's words
    return found


def saying(kind: str, line: str) -> str:
    """A line of a log as people read it: what is said or run in it; empty when it is about neither."""
    if kind not in _READERS:
        return line.strip()
    found = next(_lines(line), None)
    if found is None:
        return line.strip() if not line.startswith("{") else ""
    texts = (text for key, text in _texts(found) if key in ("content", "text", "result", "command", "message"))
    return next((" ".join(text.split()) for text in texts if text.strip()), "")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, str(name))
        case list():
            for inner in value:
                yield from _texts(inner, key)


def _lines(log: str) -> Iterator[Line]:
    for text in log.split("\n"):  # a text in JSON may hold what else ends a line, as U+2028
        if text.startswith("{"):
            try:
                line = json.loads(text, parse_float=_finite, parse_constant=_finite)
            except (ValueError, RecursionError):
                continue
            if isinstance(line, dict):
                yield line


def _copilot(now: Told, line: Line) -> Told:
    match line:
        case {"type": "assistant.message", "data": {"content": str(text)}} if text.strip():
            return replace(now, last=text)
        case {"type": "result"}:
            return replace(now, session=str(line["sessionId"]))
        case {"modelMetrics": models}:
            used = [model["usage"] for model in models.values()]
            return replace(now, tokens=sum(int(one["inputTokens"]) + int(one["outputTokens"]) for one in used))
    return now


def _claude(now: Told, line: Line) -> Told:
    match line["type"]:
        case "system" | "assistant":
            texts = [part["text"] for part in line.get("message", {}).get("content", ()) if part["type"] == "text"]
            return replace(now, session=str(line["session_id"]), last=texts[-1] if texts else now.last)
        case "result":
            used, last = line["usage"], str(line.get("result") or now.last)
            return replace(now, last=last, tokens=_sum(used), cost=_finite(line["total_cost_usd"]))
    return now


def _codex(now: Told, line: Line) -> Told:
    match line["type"]:
        case "thread.started":
            return replace(now, session=str(line["thread_id"]))
        case "item.completed" if line["item"]["type"] == "agent_message":
            return replace(now, last=str(line["item"]["text"]))
        case "turn.completed":
            return replace(now, tokens=(now.tokens or 0) + _sum(line["usage"]))
    return now


def _gemini(now: Told, line: Line) -> Told:
    match line["type"]:
        case "init":
            return replace(now, session=str(line["session_id"]))
        case "tool_use":
            return replace(now, last="")  # what it says from here on is another message
        case "message" if line["role"] == "assistant":
            return replace(now, last=now.last + str(line["content"]))
        case "result":
            return replace(now, tokens=_sum(line["stats"]))
    return now


def _opencode(now: Told, line: Line) -> Told:
    now = replace(now, session=str(line["sessionID"]))
    match line["type"]:
        case "text":
            return replace(now, last=str(line["part"]["text"]))
        case "step_finish":
            used, cost = line["part"]["tokens"], _finite(line["part"]["cost"])
            return replace(now, tokens=(now.tokens or 0) + used["input"] + used["output"], cost=(now.cost or 0) + cost)
    return now


def _finite(value: Any) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{value} is no figure")
    return number


def _sum(used: Line) -> int:
    return int(used["input_tokens"]) + int(used["output_tokens"])


_READERS: Mapping[str, Callable[[Told, Line], Told]] = {
    "copilot": _copilot,
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}
