"""The workspace: the plan, the repository it names, and staddle's records there; where every verb begins."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UsageError
from ..core.model import Milestone, Plan
from ..edges.git import Git
from ..edges.plans import LoadedPlan, committed_plan, load_plan
from ..edges.process import sweep
from ..edges.state import State
from ..edges.surroundings import variables
from ..guard import (
    abandoning,
    branches,
    candidates,
    creation,
    fence,
    fetching,
    hooks,
    moving,
    rebasing,
    removal,
    roster,
    scratch,
)
from ..guard.trap import Trap, trap

PLAN_NAME = "milestones.yaml"
TREES_WAIT_SECONDS = 10.0
TREE_WAIT_SECONDS = 1.0

Tell = Callable[[str], None]
"""Says a line to the person who waits."""


@dataclass(frozen=True)
class Site:
    """A repository and staddle's records in it; all that runs need."""

    git: Git
    state: State
    here: Path
    """Where the caller stands, in whichever tree of the repository."""

    def unit(self, *parts: str) -> str:
        """The marker of a process started here: this repository's own, then what it is for."""
        return "/".join((self.state.mark, *parts))


@dataclass(frozen=True)
class Workspace(Site):
    """A site with the plan that names it."""

    loaded: LoadedPlan

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.loaded.plan

    def folder(self, milestone: Milestone) -> Path:
        """Where the plan wants a milestone's tree, absolute."""
        return Path(os.path.normpath(self.git.main / milestone.tree))

    def identity(self, milestone: Milestone) -> dict[str, str]:
        """The variables that say whose a tree is."""
        return {"STADDLE_MILESTONE": milestone.id, "STADDLE_BRANCH": milestone.branch}

    def variables(self, milestone: Milestone) -> dict[str, str]:
        """The variables that are its tree's own."""
        return variables(self.plan, milestone.id.lower(), self.folder(milestone), self.identity(milestone))

    def require_named(self, targets: list[str], verb: str) -> None:
        """UsageError, with what could be named, when `verb` is given no target."""
        if not targets:
            names = [milestone.id.lower() for milestone in self.plan.milestones] or ["m1"]
            others = f"; there are: {' '.join(names)}" if len(names) > 1 else ""
            raise UsageError(f"{verb} needs to know which milestone", f"staddle {verb} {names[0]}{others}")

    def chosen(self, targets: list[str]) -> list[Milestone]:
        """The milestones that `targets` name, in the plan's order; all of them when there are none."""
        if not targets:
            return list(self.plan.milestones)
        wanted = {self.plan.milestone(target).id for target in targets}
        return [milestone for milestone in self.plan.milestones if milestone.id in wanted]


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the folder that this shell stands in is gone", "cd") from None


def find_plan(given: Path | None) -> LoadedPlan:
    """The plan at `given`, else the repository's that we stand in."""
    if given is not None:
        return load_plan(given)
    here = _here()
    if is_in_repository(here):
        git = Git.open(here)
        if found := plan_of(git):
            return found
        if git.bare:
            raise UsageError(f"{git.main} is bare, and its HEAD has no {PLAN_NAME}", "commit one, or: --plan FILE")
        return load_plan(git.main / PLAN_NAME)
    if (here / PLAN_NAME).exists():
        return load_plan(here / PLAN_NAME)
    raise UsageError(f"{here} is not in a git repository, and no plan was named", "cd into one, or give --plan FILE")


def plan_of(git: Git) -> LoadedPlan | None:
    """The plan in the main checkout, or of HEAD's commit in a bare repository; None when there is none."""
    if not git.bare:
        return load_plan(git.main / PLAN_NAME) if os.path.lexists(git.main / PLAN_NAME) else None
    found = git.attempt("cat-file", "blob", f"HEAD:{PLAN_NAME}")
    return committed_plan(found.out, f"HEAD:{PLAN_NAME}", git.main) if found.rc == 0 else None


def is_in_repository(here: Path) -> bool:
    """Whether `here` is in a checkout, or in a bare repository itself."""
    folders = (here, *here.parents)
    return any(
        (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())
        for folder in folders
    )


@contextmanager
def occupying(workspace: Site, names: Iterable[str], verb: str) -> Iterator[Trap]:
    """Hold the trees of these targets for a verb that works inside them, with the trap set.

    Processes that a killed supervisor left there are ended first. Held when another process works in one of them.
    """
    workspace.state.prepare()
    with trap() as caught, ExitStack() as held:
        for name in sorted(names):
            held.enter_context(workspace.state.lock(f"tree-{name}", TREE_WAIT_SECONDS, f"staddle {verb}"))
        sweep(workspace.state.mark)
        yield caught


def open_workspace(given: Path | None) -> Workspace:
    """Load the plan and open its repository, for reading."""
    loaded = find_plan(given)
    git = Git.open(loaded.repo)
    return Workspace(git, State(git.common), git.main, loaded)


def open_site() -> Site:
    """Open the repository we stand in; no plan is needed."""
    here = _here()
    git = Git.open(here)
    return Site(git, State(git.common), here)


@contextmanager
def changing(workspace: Site, verb: str) -> Iterator[Trap]:
    """Hold the lock on this repository's trees for a verb that changes them, with the trap set.

    Before the block begins, what a killed command left under way is finished or taken back. Held
    when another process keeps the lock.
    """
    git, state = workspace.git, workspace.state
    fence.require_outside(git)
    state.prepare()
    with (
        state.lock("trees", TREES_WAIT_SECONDS, f"staddle {verb}") as descriptor,
        git.handing_down(descriptor),
        trap() as caught,  # innermost: what it undoes, it undoes under the lock
    ):
        roster.tidy(state)
        fetching.settle(git, state)
        branches.settle(git, state)
        creation.settle(git, state)
        removal.finish(git, state)
        abandoning.settle(git, state)
        moving.settle(git, state)
        rebasing.settle(git, state)
        candidates.settle(git, state)
        scratch.settle(git, state)
        plan = workspace.loaded.path if isinstance(workspace, Workspace) else None
        hooks.settle(git, state, plan)
        yield caught
        hooks.settle(git, state, plan)
        caught.disarm()
