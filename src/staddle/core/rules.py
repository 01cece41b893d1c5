"""The rules of a plan that span places or need a reason: each yields the places that break it, and why."""

import re
from collections import Counter
from collections.abc import Iterator

from .document import Path
from .draft import Draft, Entry
from .model import PLACEHOLDERS, Command, Surroundings, default_agents
from .names import branch_fault, did_you_mean, git_fault, path_fault, quoted, tree_fault
from .order import circles

Finding = tuple[Entry, str]

_UNIQUE = ("milestones.*.id", "milestones.*.branch", "milestones.*.tree", "milestones.*.requirements.*.id", "scopes.*")
_SERVICES = ("checks.*.services.*", "milestones.*.checks.*.services.*")
_PATHS = (
    *("surroundings.copy.*", "surroundings.link.*", "schema.paths.*"),
    *("milestones.*.owns.*", "milestones.*.may_touch.*", "milestones.*.sparse.*", "milestones.*.requirements.*.test"),
)


def broken_rules(draft: Draft) -> Iterator[Finding]:
    """What breaks a rule among the values of `draft`."""
    for rule in RULES:
        yield from rule(draft)


def _duplicates(draft: Draft) -> Iterator[Finding]:
    for places in _UNIQUE:
        first: dict[object, Entry] = {}
        for entry in draft.each(places):
            earlier = first.setdefault(entry.value, entry)
            if earlier is not entry:
                yield entry, f"{quoted(str(entry.value))} is already used in line {earlier.line}"


def _names(draft: Draft) -> Iterator[Finding]:
    project = draft.text("project")
    for kind, fault_in in (("branch", branch_fault), ("tree", tree_fault)):
        for entry in draft.each(f"milestones.*.{kind}"):
            milestone = draft.text(*entry.path[:-1], "id")
            if fault := fault_in(str(entry.value), project, milestone and milestone.removeprefix("M")):
                yield entry, fault


def _base(draft: Draft) -> Iterator[Finding]:
    for entry in draft.each("base"):
        if fault := git_fault(str(entry.value)):
            yield entry, f"{quoted(str(entry.value))} cannot be a branch: {fault}"


def _unknown_needs(draft: Draft) -> Iterator[Finding]:
    known = {str(entry.value): entry for entry in draft.each("milestones.*.id")}
    for need in draft.each("milestones.*.needs.*"):
        if need.value not in known:
            name = str(need.value)
            yield need, f"{quoted(name)} is no milestone of this plan{did_you_mean(name, known)}"


def _circles(draft: Draft) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for entry in draft.each("milestones.*.id"):
        first.setdefault(str(entry.value), entry.path[:2])
    owner = {path: milestone for milestone, path in first.items()}
    needs: dict[str, dict[str, Entry]] = {milestone: {} for milestone in first}
    for need in draft.each("milestones.*.needs.*"):
        if need.path[:2] in owner and need.value in needs:
            needs[owner[need.path[:2]]][str(need.value)] = need
    for circle in circles({milestone: tuple(entries) for milestone, entries in needs.items()}):
        yield needs[circle[0]][circle[1]], f"the circle {' -> '.join(circle)} leaves no order to land in"


def _paths(draft: Draft) -> Iterator[Finding]:
    for places in _PATHS:
        for entry in draft.each(places):
            path, _, _ = str(entry.value).partition("::")
            if fault := path_fault(path):
                yield entry, fault


def _agent(draft: Draft) -> Iterator[Finding]:
    declared = draft.value("agents")
    agents = declared if isinstance(declared, dict) else default_agents()
    for entry in draft.each("agent"):
        if agents and entry.value not in agents:
            name = str(entry.value)
            yield entry, f"{quoted(name)} is none of the agents ({', '.join(agents)}){did_you_mean(name, agents)}"


def _kinds(draft: Draft) -> Iterator[Finding]:
    for entry in draft.each("agents.*"):
        declared = entry.value if isinstance(entry.value, dict) else {}
        kind = declared.get("kind", "command")
        if kind == "command" and "command" not in declared:
            yield entry, "'command' is missing, or 'kind' with one of copilot, claude, codex, gemini, opencode"
        for key in ("model", "options") if kind == "command" else ("command", "stdin"):
            if key in declared:
                yield entry, f"{key!r} has no meaning for an agent of kind {kind}"


def _placeholders(draft: Draft) -> Iterator[Finding]:
    for entry in draft.each("agents.*.command"):
        if not isinstance(entry.value, Command):
            continue
        argv = entry.value.argv
        for place, name in (
            (place, name) for place, word in enumerate(argv) for name in re.findall(r"\{(\w+)\}", word)
        ):
            if argv[:2] == ("sh", "-c") and place == 2:
                yield entry, f"{{{name}}} is not filled into a shell's text, where quotes in it would be code"
            elif name not in PLACEHOLDERS:
                yield entry, f"{{{name}}} is none of the placeholders{did_you_mean(name, PLACEHOLDERS)}"


def _services(draft: Draft) -> Iterator[Finding]:
    declared = draft.value("surroundings", "ports")
    ports = declared if isinstance(declared, int) else Surroundings().ports
    entries = [entry for places in _SERVICES for entry in draft.each(places)]
    wanted = Counter(entry.path[:-1] for entry in entries)
    named: set[tuple[Path, object]] = set()
    for entry in entries:
        *place, position = entry.path
        if (tuple(place), entry.value) in named:
            yield entry, f"{quoted(str(entry.value))} is already among these services"
        named.add((tuple(place), entry.value))
        if position == ports:
            yield entry, f"these services take {wanted[tuple(place)]} ports, and surroundings.ports is {ports}"


def _folders(draft: Draft) -> Iterator[Finding]:
    for entry in draft.each("milestones.*.sparse.*"):
        if found := re.search(r"[*?\[!]", str(entry.value)):
            yield entry, f"{quoted(str(entry.value))} holds {found[0]!r}: a folder is named here, no glob"


RULES = (
    _duplicates,
    _names,
    _base,
    _unknown_needs,
    _circles,
    _paths,
    _folders,
    _agent,
    _kinds,
    _placeholders,
    _services,
)
