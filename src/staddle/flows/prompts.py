"""prompts: one text per requirement and tree, rendered from the template, kept inside the tree."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.matrix import named
from ..core.model import Check, Milestone, Requirement
from ..edges.render import render
from ..edges.surroundings import own_folder, put_prompt
from .conflicts import foreseen
from .survey import standing_trees
from .workspace import Workspace

TEMPLATE = "prompt.md.j2"


@dataclass(frozen=True)
class Prompt:
    """One rendered prompt: what it is for, its text, and the file that holds it."""

    milestone: Milestone
    requirement: Requirement
    tree: Path
    file: Path
    text: str

    @property
    def message(self) -> str:
        """The commit message that the prompt demands."""
        return self.requirement.message(self.milestone.scope)


def prompts(workspace: Workspace, targets: list[str]) -> list[Prompt]:
    """Render and write the prompts of the chosen milestones, in the plan's order."""
    written, changing = [], foreseen(workspace, ()).changing
    for finding in standing_trees(workspace, workspace.chosen(targets), named=bool(targets)):
        for requirement in finding.milestone.requirements:
            prompt = _prompt(workspace, finding.milestone, requirement, finding.folder, changing)
            put_prompt(prompt.file, prompt.text)
            written.append(prompt)
    return written


def as_typed(checks: Mapping[str, Check]) -> dict[str, str]:
    """Each check's command as one would type it, and the servers that it needs."""
    needs = {name: f" (needs {', '.join(check.services)})" * bool(check.services) for name, check in checks.items()}
    return {name: shlex.join(check.run.argv) + needs[name] for name, check in checks.items()}


def _prompt(
    workspace: Workspace,
    milestone: Milestone,
    requirement: Requirement,
    tree: Path,
    changing: Mapping[str, tuple[str, ...]],
) -> Prompt:
    neighbours = [
        {
            "id": other.id,
            "service": other.service,
            "tree": str(workspace.folder(other)),
            "owns": other.owns,
            "changing": named(changing.get(other.id.lower(), ())),
        }
        for other in workspace.plan.milestones
        if other.id != milestone.id and workspace.folder(other).is_dir()
    ]
    values = {
        "milestone": milestone,
        "requirement": requirement,
        "message": requirement.message(milestone.scope),
        "tree": str(tree),
        "checks": as_typed(milestone.checks),
        "neighbours": neighbours,
    }
    text = render(TEMPLATE, values, beside=workspace.loaded.path.parent)
    return Prompt(milestone, requirement, tree, own_folder(tree) / "prompts" / f"{requirement.id}.md", text)
