"""The plan: what milestones.yaml declares, as frozen data.

The types are the whole description of the file: the reader walks them, the published JSON Schema is
generated from them. `title` says in messages and editors what a value has to look like; a pattern
in `extra_json_schema` is the editors' alone, there the plan's rules look closer and give a reason.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from .names import MilestoneId, require_milestone

PLACEHOLDERS = ("tree", "prompt", "prompt_file", "milestone", "requirement", "branch", "plan_dir")
"""What an agent's command may hold in braces, `{tree}`; each is filled in as text inside one word."""

REQUIREMENT_ID = "FR(-[A-Z0-9]+)+-[0-9]+"
"""What a requirement's id looks like, in the plan and in messages."""

CommitType = Literal["feat", "test", "fix", "refactor", "docs", "chore"]
COMMIT_TYPES: tuple[str, ...] = get_args(CommitType)

_BRACES = re.compile(r"\{(\w+)\}")
_OPERATORS = "|&;<>"

Line = Annotated[str, Meta(title="a line of text", pattern="^.+$", max_length=200)]
Value = Annotated[str, Meta(title="a line of text, or nothing", pattern="^.*$")]
Name = Annotated[
    str, Meta(title="a name of a-z, 0-9 and -, beginning with a letter", pattern="^[a-z][a-z0-9-]*$", max_length=60)
]
Id = Annotated[MilestoneId, Meta(title="M and a number, such as M3", pattern="^M[1-9][0-9]*$", max_length=8)]
Branch = Annotated[
    str,
    Meta(
        title="feat/<project>-m<N>-<name>",
        max_length=200,
        extra_json_schema={"pattern": "^feat/[a-z][a-z0-9-]*-m[1-9][0-9]*-[a-z0-9-]+$"},
    ),
]
Tree = Annotated[
    str,
    Meta(
        title="../<project>-wt-m<N>-<name>",
        max_length=200,
        extra_json_schema={"pattern": r"^\.\./[a-z][a-z0-9-]*-wt-m[1-9][0-9]*-[a-z0-9-]+$"},
    ),
]
RequirementId = Annotated[
    str, Meta(title="an id such as FR-VNT-TREAS-003", pattern=f"^{REQUIREMENT_ID}$", max_length=60)
]
Track = Annotated[str, Meta(title="a name such as A or All", pattern="^[A-Za-z][A-Za-z0-9 ]*$", max_length=40)]
Remote = Annotated[str, Meta(title="a name such as origin", pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
Variable = Annotated[
    str,
    Meta(
        title="a name of A-Z, 0-9 and _ that is not git's or staddle's own (GIT_..., STADDLE_...)",
        pattern="^(?!GIT_|STADDLE_)[A-Z_][A-Z0-9_]*$",
    ),
]
Seconds = Annotated[int, Meta(title="a number of seconds, from 1 to 604800 (a week)", ge=1, le=604_800)]
Retries = Annotated[int, Meta(title="a number of times, from 0 to 5", ge=0, le=5)]
Ports = Annotated[int, Meta(title="a number of ports, from 0 to 100", ge=0, le=100)]
Issue = Annotated[int, Meta(title="an issue's number, from 1 to 999999999", ge=1, le=999_999_999)]


class Command(Struct, frozen=True):
    """A program to run: text split into words as a shell does, a list of words, or `shell:` with text for a shell."""

    argv: tuple[str, ...]

    @classmethod
    def split(cls, text: str) -> "Command":
        """The command that `text` spells; raises ValueError on what only a shell could run."""
        operators = shlex.shlex(text, posix=True, punctuation_chars=_OPERATORS)
        operators.whitespace_split, operators.commenters = True, ""
        try:
            found = [word for word in operators if word and set(word) <= set(_OPERATORS)]
            words = shlex.split(text)
        except ValueError as error:
            raise ValueError(f"a shell could not split this: {str(error).lower()}") from None
        if found:
            raise ValueError(
                f"{found[0]!r} means something to shells only, and none runs this; write it under `shell:`"
            )
        return cls.of(words)

    @classmethod
    def of(cls, words: list[str]) -> "Command":
        """The command of these words; raises ValueError when they name no program."""
        if not words or not words[0]:
            raise ValueError("names no program to run")
        return cls(tuple(words))

    @classmethod
    def shell(cls, text: str) -> "Command":
        """The command that has a shell run `text`; raises ValueError when there is nothing to run."""
        if not text.strip():
            raise ValueError("names no program to run")
        return cls(("sh", "-c", text))

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words with every `{name}` of `values` replaced by its value; other braces are left alone."""
        return tuple(_BRACES.sub(lambda found: values.get(found[1], found[0]), word) for word in self.argv)


Service = Literal["postgres", "redis", "nats"]


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """A command whose result says whether a tree's content is right; a bare command stands for `{run: command}`."""

    run: Annotated[Command, Meta(description="What to run in the tree.")]
    evidence: Annotated[
        Literal["junit", "exit-code"],
        Meta(description="What proves a pass: a JUnit report with executed tests, or merely exit code 0."),
    ] = "junit"
    limit: Annotated[Seconds, Meta(description="Seconds after which it is ended.")] = 600
    services: Annotated[
        tuple[Service, ...], Meta(description="Servers that are started for it, on the last of its tree's ports.")
    ] = ()
    inputs: Annotated[
        tuple[Line, ...],
        Meta(description="Globs of the files that its answer rests on; else it rests on all of the tree."),
    ] = ()
    retries: Annotated[
        Retries, Meta(description="How often a red run is repeated: green then, it is flaky, not failed.")
    ] = 1


AgentKind = Literal["command", "copilot", "claude", "codex", "gemini", "opencode"]


class Agent(Struct, frozen=True, forbid_unknown_fields=True):
    """A program that edits a tree until a requirement is met: a command, or one of a kind that staddle knows."""

    command: Annotated[
        Command | None,
        Meta(description=f"What to start, in the tree. Filled in: {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}."),
    ] = None
    kind: Annotated[AgentKind, Meta(description="The program, if it is one that staddle knows.")] = "command"
    model: Annotated[Line | None, Meta(description="The model that a known program is told to use.")] = None
    options: Annotated[tuple[Line, ...], Meta(description="Further words for a known program.")] = ()
    stdin: Annotated[Literal["none", "prompt"], Meta(description="A command's standard input.")] = "none"
    limit: Annotated[Seconds, Meta(description="Seconds after which it is ended.")] = 1800
    retries: Annotated[Retries, Meta(description="How often it is started again when it failed.")] = 0


class Surroundings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a tree gets besides the files git knows."""

    copy: Annotated[tuple[Line, ...], Meta(description="Paths copied from the main checkout, if they exist.")] = ()
    link: Annotated[tuple[Line, ...], Meta(description="Paths that are symbolic links to the main checkout's.")] = ()
    ports: Annotated[Ports, Meta(description="Size of the tree's own block of ports.")] = 10
    env: Annotated[Mapping[Variable, Value], Meta(description="Further variables of its agents and checks.")] = {}

    @property
    def furnished(self) -> tuple[str, ...]:
        """The paths that it has beyond the files git knows."""
        return (*self.copy, *self.link)


class Requirement(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a milestone has to fulfil; it lands as one commit."""

    id: Annotated[RequirementId, Meta(description="The id that the commit carries.")]
    title: Annotated[Line, Meta(description="The commit's description.")]
    test: Annotated[Line | None, Meta(description="The test to turn green, as pytest names it.")] = None
    issue: Annotated[Issue | None, Meta(description="The issue it closes.")] = None
    type: Annotated[CommitType, Meta(description="The commit's type.")] = "feat"

    def message(self, scope: str) -> str:
        """The first line of the commit that fulfils it: `feat(treasury): FR-VNT-TREAS-003 spend authorization gate`."""
        return f"{self.type}({scope}): {self.id} {self.title}"


class Milestone(Struct, frozen=True, forbid_unknown_fields=True):
    """One part of the product, built on its own branch in its own tree."""

    id: Annotated[Id, Meta(description="Its id.")]
    service: Annotated[Name, Meta(description="The service it builds.")]
    track: Annotated[Track, Meta(description="The group of milestones it belongs to.")]
    description: Annotated[Line, Meta(description="What it builds, in one line.")]
    branch: Annotated[Branch, Meta(description="Its branch; <N> is the number of the id.")]
    tree: Annotated[Tree, Meta(description="Its tree, beside the product's main checkout.")]
    scope: Annotated[Name, Meta(description="The scope of its commits.")]
    needs: Annotated[tuple[Id, ...], Meta(description="Ids of the milestones that land before it.")] = ()
    owns: Annotated[tuple[Line, ...], Meta(description="Globs of the paths that are its to change.")] = ()
    may_touch: Annotated[tuple[Line, ...], Meta(description="Globs of others' paths that it may change too.")] = ()
    sparse: Annotated[
        tuple[Line, ...], Meta(description="The folders that its tree holds, beside the files at the top; else all.")
    ] = ()
    setup: Annotated[tuple[Command, ...] | None, Meta(description="Replaces the plan's setup in its tree.")] = None
    requirements: Annotated[tuple[Requirement, ...], Meta(description="What it has to fulfil, in order.")] = ()
    checks: Annotated[Mapping[Name, Check], Meta(description="What proves its tree right, in order.")] = {}


class Schema(Struct, frozen=True, forbid_unknown_fields=True):
    """What several milestones build on: it changes on a branch of its own, chore/<project>-schema-<name>."""

    paths: Annotated[tuple[Line, ...], Meta(description="Globs of its files, which land before they are used.")] = ()


def default_agents() -> dict[str, Agent]:
    """The agents of a plan that declares none."""
    return {"copilot": Agent(kind="copilot", model="gpt-5-mini")}


class Ci(Struct, frozen=True, forbid_unknown_fields=True):
    """What the workflow that `ci` renders needs to be told."""

    install: Annotated[
        Line | None, Meta(description="What uv installs staddle from there, if not this version from the index.")
    ] = None
    runner: Annotated[Line, Meta(description="The label of the machines that its jobs run on.")] = "ubuntu-24.04"


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """Milestones, each with a branch, a tree, requirements and checks, and the agents that may work on them."""

    version: Annotated[Literal[1], Meta(title="1, the only version so far", description="The file's format.")]
    project: Annotated[Name, Meta(description="The <project> of branches and trees.")]
    milestones: Annotated[tuple[Milestone, ...], Meta(description="The milestones, in reading order.", min_length=1)]
    repo: Annotated[Line, Meta(description="The product's main checkout, relative to this file.")] = "."
    base: Annotated[Line, Meta(description="The branch that milestones start from and land on.")] = "main"
    remote: Annotated[Remote, Meta(description="Where the base branch is; without it the local one counts.")] = "origin"
    setup: Annotated[tuple[Command, ...], Meta(description="Run once in each new tree, in order.")] = ()
    surroundings: Annotated[Surroundings, Meta(description="What a tree gets besides git's files.")] = Surroundings()
    schema: Annotated[Schema, Meta(description="What lands before any milestone uses it.")] = Schema()
    hooks: Annotated[bool, Meta(description="Whether git holds each commit in its trees to its rules.")] = True
    scopes: Annotated[tuple[Name, ...], Meta(description="Scopes of commits beside the milestones' own.")] = (
        "events",
        "integration",
    )
    checks: Annotated[
        Mapping[Name, Check],
        Meta(description="What proves the whole product right: candidates of runs are held to it, and what lands."),
    ] = {}
    agents: Annotated[
        Mapping[Name, Agent], Meta(description="The agents that may be launched, by name.", min_length=1)
    ] = field(default_factory=default_agents)
    agent: Annotated[Name | None, Meta(description="The agent that works when none is named; else the first.")] = None
    ci: Annotated[Ci, Meta(description="What the workflow that `staddle ci` renders needs to be told.")] = Ci()

    @property
    def default_agent(self) -> str:
        """The name of the agent that works when none is named."""
        return self.agent or next(iter(self.agents))

    def milestone(self, target: str) -> Milestone:
        """The milestone that `m3` or `M3` means; raises UsageError with the list of what there is."""
        by_id = {milestone.id: milestone for milestone in self.milestones}
        return by_id[require_milestone(target, tuple(by_id))]

    def setup_for(self, milestone: Milestone) -> tuple[Command, ...]:
        """The commands to run in the new tree of `milestone`."""
        return self.setup if milestone.setup is None else milestone.setup
