"""ci: the workflow that the plan makes, beside the one that is there."""

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .. import __version__
from ..core.errors import Refused, UsageError
from ..core.names import quoted, shell
from ..core.workflow import jobs, variables, yaml_pairs, yaml_text
from ..edges.render import render
from ..edges.state import write_durably
from .workspace import Workspace

FOLDER = Path(".github", "workflows")
TEMPLATE = "workflow.yml.j2"
MARK = "# Written by `staddle ci` from the plan: edit that, and run it again.\n"
PLAIN_BRANCH = re.compile(r"\w[\w./@-]*", re.ASCII)


@dataclass(frozen=True)
class Workflow:
    """The file as the plan makes it and as it is, `found` being None when it is missing."""

    path: Path
    wanted: str
    found: str | None

    @property
    def is_current(self) -> bool:
        """Whether the file is what the plan makes."""
        return self.found == self.wanted

    @property
    def diff(self) -> str:
        """What writing it would change, as a unified diff without the last line's end."""
        found = (self.found or "").splitlines()
        name = str(FOLDER / self.path.name)
        return "\n".join(
            difflib.unified_diff(found, self.wanted.splitlines(), name, f"{name} by the plan", lineterm="")
        )

    def write(self, *, force: bool) -> None:
        """Replace the file, unless it is somebody else's and not `force`."""
        if self.found is not None and not self.found.startswith(MARK) and not force:
            what = f"{self.path} does not begin as the files that staddle writes"
            raise Refused("foreign-file", what, "staddle ci --check shows the difference, --force replaces it")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self.path, self.wanted)


def workflow(workspace: Workspace) -> Workflow:
    """The workflow of the plan, which lies in the product's main checkout."""
    git, plan = workspace.git, workspace.plan
    if git.bare:
        raise UsageError(f"{git.main} is bare: it has no main checkout to write into", "repo: a checkout, in the plan")
    path = Path(os.path.realpath(git.main)) / FOLDER / f"{plan.project}.yml"
    if Path(os.path.realpath(path)) != path or (path.exists() and not path.is_file()):
        raise Refused("no-file", f"{path} is no file of this checkout, or beyond a link", f"ls -l {shell(path.parent)}")
    found = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
    return Workflow(path, _render(workspace), found)


def _render(workspace: Workspace) -> str:
    plan, loaded = workspace.plan, workspace.loaded
    if not PLAIN_BRANCH.fullmatch(plan.base):
        what = f"the base {quoted(plan.base)} holds characters that mean something else in a workflow"
        raise UsageError(what, "git branch -m a name of letters, digits and . _ / @ -")
    file, main = Path(os.path.realpath(loaded.path)), Path(os.path.realpath(workspace.git.main))
    own = file.is_relative_to(main)
    values = {
        "project": plan.project,
        "base": plan.base,
        "runner": yaml_text(plan.ci.runner),
        "env": yaml_pairs(variables(plan)),
        "jobs": jobs(plan),
        "plan": yaml_text(str(file.relative_to(main))) if own else "",
        "install": yaml_text(plan.ci.install or f"staddle=={__version__}"),
    }
    if not values["jobs"] and not own:
        raise UsageError(f"{loaded.path} declares no checks, which a workflow could run", "checks: {unit: pytest}")
    return MARK + render(TEMPLATE, values, beside=loaded.path.parent, marks=("[[", "]]")).rstrip("\n") + "\n"
