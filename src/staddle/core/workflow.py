"""The workflow that runs a plan's checks at the forge: its jobs, and how text of the plan is written into them.

A plan's text is data in two languages at once: YAML, whose values GitHub searches for `${{ expressions }}`, and
the shell's. `yaml_text` and `shell_text` write it so that it is never more than itself.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .model import Check, Command, Milestone, Plan

SETUP_MINUTES = 10
"""What a job may take besides its check: the checkout, the servers, the plan's set-up."""

FIRST_PORT = "20000"


@dataclass(frozen=True)
class Run:
    """What one job runs on one branch, as a line of shell; without branch and milestone, on every branch."""

    command: str
    branch: str = ""
    milestone: str = ""


@dataclass(frozen=True)
class Job:
    """One job: a check by its name, of every milestone that has it alike, or of the whole product (`everywhere`)."""

    id: str
    check: str
    minutes: int
    services: tuple[str, ...]
    setup: tuple[str, ...]
    runs: tuple[Run, ...]

    @property
    def everywhere(self) -> bool:
        """Whether it is of the whole product: for what is not a milestone's own branch."""
        return not self.runs[0].branch


def jobs(plan: Plan) -> list[Job]:
    """The jobs of the milestones' checks, by name and in the plan's order, then those of the plan's own checks.

    A milestone's check that asks for other servers than its namesakes, or follows another set-up, gets a job apart.
    """
    alike: dict[tuple[str, ...], list[tuple[Milestone, Check]]] = {}
    for name in dict.fromkeys(name for milestone in plan.milestones for name in milestone.checks):
        for milestone in plan.milestones:
            if check := milestone.checks.get(name):
                apart = () if milestone.setup is None else (milestone.id.lower(),)
                alike.setdefault((name, *sorted(check.services), *apart), []).append((milestone, check))
    return [
        *(_of_milestones(plan, name, members) for name, members in alike.items()),
        *(_of_product(plan, name, check) for name, check in plan.checks.items()),
    ]


def variables(plan: Plan) -> dict[str, str]:
    """The variables that every job has: those that a check finds in its tree, where they are not the tree's alone."""
    ports = plan.surroundings.ports
    return {
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "STADDLE_DATABASE": f"{plan.project}-ci".replace("-", "_"),
        "COMPOSE_PROJECT_NAME": f"{plan.project}-ci",
        **({"STADDLE_PORT_BASE": FIRST_PORT, "STADDLE_PORTS": str(ports)} if ports else {}),
        **plan.surroundings.env,
    }


def yaml_text(text: str) -> str:
    """`text` as a YAML scalar in which GitHub finds no expression."""
    shown = "".join(one if one.isprintable() and one not in '"\\' else f"\\U{ord(one):08x}" for one in text)
    return f'"{shown}"'.replace("${{", "${{ '${{' }}")


def yaml_pairs(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same of a mapping; names too, for YAML takes some, such as ON, for no text."""
    return [(yaml_text(name), yaml_text(value)) for name, value in values.items()]


def shell_text(command: Command) -> str:
    """The command as one printable line of bash in which GitHub finds no expression."""
    return " ".join(map(_word, command.argv))


def _word(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word).replace("${{", "$''{{")  # always inside of single quotes
    plain = {byte for byte in range(0x20, 0x7F) if chr(byte) not in "\\'$"}
    shown = "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in word.encode())
    return f"$'{shown}'"


def _minutes(checks: Iterable[Check]) -> int:
    return SETUP_MINUTES + max(-(-check.limit // 60) for check in checks)


def _of_milestones(plan: Plan, name: tuple[str, ...], members: list[tuple[Milestone, Check]]) -> Job:
    milestone, check = members[0]
    setup = tuple(map(shell_text, plan.setup_for(milestone)))
    runs = tuple(Run(shell_text(check.run), milestone.branch, milestone.id) for milestone, check in members)
    minutes = _minutes(check for _, check in members)
    return Job("_".join(name), name[0], minutes, check.services, setup, runs)


def _of_product(plan: Plan, name: str, check: Check) -> Job:
    setup = tuple(map(shell_text, plan.setup))
    return Job(f"{name}_product", name, _minutes([check]), check.services, setup, (Run(shell_text(check.run)),))
