"""Kinds of agents: how each known program is started, given its prompt, resumed and held back, as data.

A program works where its working directory is; where it has an option for that too, both are set. It is told its
session's id where it takes one, so that a session can be taken up whose agent never came to name it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import Agent, Command

INLINE_MOST = 100_000
"""Bytes of prompt that are given as an argument at most: Linux takes 131071 in one."""

_DENIED = ("git push", "git worktree", "git stash")
"""What no agent needs: others' copies, others' trees, and the stash, which all trees share."""

_CLAUDE_MAY = (
    *("add", "commit", "diff", "log", "mv", "reset", "restore", "rm", "show", "status"),
    *("cat", "grep", "ls", "make", "mkdir", "pytest", "python", "python3", "uv run"),
)


@dataclass(frozen=True)
class Kind:
    """One program: its words, in order `argv`, the model's option, the plan's options, a session, `last`.

    `new` names a new session, `again` takes one up; without `new` the program makes the id up and tells it.
    `inline` takes a short prompt; all else arrives on standard input. `env` are variables that hold it back.
    `package` is its name at npm.
    """

    package: str
    argv: tuple[str, ...]
    model: str
    again: tuple[str, ...]
    new: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def _claude_tool(command: str) -> str:
    is_git = command in _CLAUDE_MAY[: _CLAUDE_MAY.index("cat")]
    return f"Bash({'git ' * is_git}{command}:*)"


KINDS: Mapping[str, Kind] = {
    "copilot": Kind(
        package="@github/copilot",
        argv=(
            *("copilot", "-C", "{tree}", "--add-dir", "{tree}", "--yolo"),
            *("--no-ask-user", "--no-auto-update", "--output-format", "json"),
            *("--usage-output-file", "{usage}"),
            *(word for command in _DENIED for word in ("--deny-tool", f"shell({command})")),
        ),
        model="--model",
        new=("--session-id", "{session}"),
        again=("--resume={session}",),
        inline=("-p", "{prompt}"),
    ),
    "claude": Kind(
        package="@anthropic-ai/claude-code",
        argv=(
            *("claude", "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits"),
            *("--allowedTools", *map(_claude_tool, _CLAUDE_MAY)),
            *("--disallowedTools", *(f"Bash({command}:*)" for command in _DENIED)),
        ),
        model="--model",
        new=("--session-id", "{session}"),
        again=("--resume", "{session}"),
    ),
    "codex": Kind(
        package="@openai/codex",
        argv=(
            *("codex", "exec", "-C", "{tree}", "--json", "-s", "workspace-write"),
            *(word for place in ("git_dir", "objects", "refs", "logs") for word in ("--add-dir", f"{{{place}}}")),
            *("-c", "sandbox_workspace_write.exclude_slash_tmp=true"),
        ),
        model="-m",
        again=("resume", "{session}"),
        last=("-",),
    ),
    "gemini": Kind(
        package="@google/gemini-cli",
        argv=("gemini", "-y", "--skip-trust", "-o", "stream-json"),
        model="-m",
        new=("--session-id", "{session}"),
        again=("--resume", "{session}"),
    ),
    "opencode": Kind(
        package="opencode-ai",
        argv=("opencode", "run", "--dir", "{tree}", "--auto", "--format", "json"),
        model="-m",
        again=("--session", "{session}"),
        env={"OPENCODE_PERMISSION": '{"bash": {"git push*": "deny", "git worktree*": "deny", "git stash*": "deny"}}'},
    ),
}


@dataclass(frozen=True)
class Start:
    """How an agent is started: its words, whether its prompt arrives on standard input, and further variables."""

    argv: tuple[str, ...]
    reads_prompt: bool
    env: Mapping[str, str]


def remedy(agent: Agent) -> str:
    """What brings the program that `agent` is, where it is missing."""
    if agent.command is not None:
        return "install it, or correct the agent's `command:` in the plan"
    return f"npm install --global {KINDS[agent.kind].package}"


def start_of(agent: Agent, values: Mapping[str, str], *, session: str, resuming: bool) -> Start:
    """How to start `agent` on the prompt in `values`, whose names are those of the braces.

    `session` is the id of a new one, or of the one to take up when `resuming`; empty when there is none to name.
    """
    if agent.command is not None:
        return Start(agent.command.filled(values), agent.stdin == "prompt", {})
    kind = KINDS[agent.kind]
    inline = kind.inline if len(values["prompt"].encode()) <= INLINE_MOST else ()
    model = (kind.model, agent.model) if agent.model else ()
    named = kind.again if resuming else kind.new
    words = (*kind.argv, *model, *agent.options, *(named if session else ()), *inline, *kind.last)
    return Start(Command(words).filled({**values, "session": session}), not inline, kind.env)
