"""Policy: what the plan allows branches to be called and to change, one rule set for every place that asks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .globs import matches
from .model import Milestone, Plan
from .names import branch_fault, git_fault, quoted, shell

MOST_NAMED = 3


class Level(StrEnum):
    """Whether a finding stops the work or is merely told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One rule that is broken: its short name, where, what is wrong there, and a command or text that helps."""

    rule: str
    where: str
    what: str
    hint: str
    level: Level = Level.ERROR

    def lines(self) -> tuple[str, str]:
        """The finding for people, without what a terminal would obey."""
        warning = "warning: " if self.level is Level.WARNING else ""
        said = (f"{self.where}: {warning}{self.what} [{self.rule}]", f"  try: {self.hint}")
        one, two = ("".join(letter if letter.isprintable() else "?" for letter in line) for line in said)
        return one, two


NOTHING: Mapping[str, str] = {}


def milestone_of(plan: Plan, branch: str | None) -> Milestone | None:
    """The milestone whose branch this is, by its short name; None for other branches."""
    return next((one for one in plan.milestones if one.branch == branch), None)


def is_schema_branch(plan: Plan, branch: str) -> bool:
    """Whether the schema may change on `branch`: chore/<project>-schema-<name>."""
    words = "[a-z0-9]+(?:-[a-z0-9]+)*"
    return re.fullmatch(f"chore/{re.escape(plan.project)}-schema-{words}", branch) is not None


def lint_branch(plan: Plan, branch: str) -> list[Finding]:
    """What is wrong with a branch's short name: a milestone's own and a schema branch are right."""
    if milestone_of(plan, branch) or is_schema_branch(plan, branch):
        return []
    meant = _meant(plan, branch)
    hint = f"git branch -m {shell(branch)} {meant}" if meant and not git_fault(branch) else "staddle plan"
    return [Finding("branch", "branch", _name_fault(plan, branch), hint)]


def lint_checkout(plan: Plan, milestone: Milestone, branch: str | None) -> list[Finding]:
    """What is wrong with `branch` being checked out in a milestone's tree; None for a detached HEAD."""
    if branch == milestone.branch:
        return []
    name, other = milestone.id.lower(), milestone_of(plan, branch)
    what = "it is on no branch" if branch is None else f"it is on {quoted(branch)}, not on its own branch"
    if other:
        what = f"it is on {other.id}'s branch {other.branch}"
    todo = f'cd "$(staddle path {name})" && git switch {milestone.branch}'
    return [Finding("checkout", f"tree of {name}", what, todo)]


def schema_paths(plan: Plan, paths: Iterable[str]) -> list[str]:
    """Those of the paths that are of the schema, each once."""
    return [path for path in dict.fromkeys(paths) if matches(path, plan.schema.paths)]


def lint_paths(plan: Plan, branch: str, paths: Iterable[str], waiting: Mapping[str, str] = NOTHING) -> list[Finding]:
    """What is wrong with these paths being changed on `branch`; a renamed file counts at both its ends.

    `waiting` are schema paths that are just as the branch of the schema named there has them, which has yet to land.
    Nothing is known, and so nothing said, of a branch that is neither a milestone's nor for the schema.
    """
    changed = list(dict.fromkeys(paths))
    schema = schema_paths(plan, changed)
    others = [path for path in changed if path not in set(schema)]
    if is_schema_branch(plan, branch):
        what = f"a schema branch changes schema files alone, not {_named(others)}"
        todo = "change them on the branch of the milestone that owns them"
        return [Finding("schema-only", branch, what, todo)] if others else []
    milestone = milestone_of(plan, branch)
    if milestone is None:
        return []
    name = milestone.id.lower()
    own = [path for path in schema if path not in waiting]
    what = f"{_named(own)} {_is(own)} of the schema, which lands first, from its own branch"
    found = [Finding("schema-first", name, what, f"staddle split-schema {name}")] if own else []
    for ahead in dict.fromkeys(waiting[path] for path in schema if path in waiting):
        theirs = [path for path in schema if waiting.get(path) == ahead]
        what = f"{_named(theirs)} {_is(theirs)} {ahead}'s, which has yet to land"
        found.append(
            Finding(
                "schema-waits", name, what, f"merge {ahead} into {plan.base}, then: staddle sync {name}", Level.WARNING
            )
        )
    return found + _ownership(plan, milestone, others)


def _ownership(plan: Plan, milestone: Milestone, paths: Sequence[str]) -> list[Finding]:
    name = milestone.id.lower()
    foreign: dict[str, list[str]] = {}
    nobodys: list[str] = []
    for path in paths:
        owners = [other.id for other in plan.milestones if matches(path, other.owns)]
        if milestone.id in owners or matches(path, milestone.may_touch):
            continue
        (foreign.setdefault(" and ".join(owners), []) if owners else nobodys).append(path)
    found = [
        Finding(
            "ownership",
            name,
            f"{_named(theirs)} {_is(theirs)} {owner}'s",
            f"leave it to {owner}, or name it in {milestone.id}'s may_touch: in the plan",
        )
        for owner, theirs in foreign.items()
    ]
    if nobodys and any(other.owns for other in plan.milestones):
        what = f"{_named(nobodys)} {_is(nobodys)} nobody's"
        todo = f"name it in {milestone.id}'s owns: in the plan"
        found.append(Finding("unowned", name, what, todo, Level.WARNING))
    return found


def _name_fault(plan: Plan, branch: str) -> str:
    """Why `branch`, which is none of the plan's, is not right."""
    shape = f"chore/{plan.project}-schema-<name>"
    if branch.startswith("pqa/"):
        return "pqa/ is staddle's own, for the candidates of runs"
    if branch.startswith("chore/"):
        return f"{quoted(branch)} is not {shape}: chore/ is for changes of the schema alone"
    if fault := branch_fault(branch, plan.project, None):
        return fault
    return f"{quoted(branch)} is no branch of the plan's milestones"


def _meant(plan: Plan, branch: str) -> str | None:
    """The branch that was probably meant: that of the milestone whose number, service or scope it names."""
    words = set(re.split(r"[^a-z0-9]+", branch.lower())) - {"feat", *plan.project.split("-")}
    if branch.startswith("chore/") and "schema" in words:
        rest = "-".join(re.findall("[a-z0-9]+", branch.lower().rpartition("schema")[2]))
        return f"chore/{plan.project}-schema-{rest or 'change'}"
    alike = {one.branch: (one.id.lower() in words, len(words & _words(one))) for one in plan.milestones}
    best = max(alike.values())
    named = [branch for branch, how in alike.items() if how == best and any(how)]
    return named[0] if len(named) == 1 else None


def _words(milestone: Milestone) -> set[str]:
    return {milestone.scope, *milestone.service.split("-"), *milestone.branch.split("-")[2:]}


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(path if path.isprintable() else quoted(path) for path in paths[:MOST_NAMED]) + more


def _is(paths: Sequence[str]) -> str:
    return "are" if len(paths) > 1 else "is"
