"""Whereabouts: what a target can name here - a milestone, a run, a candidate - and where that is; changes nothing."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..core.errors import UsageError
from ..core.model import Milestone, Plan
from ..core.names import Candidate, did_you_mean, quoted
from ..core.runs import Run
from ..guard import candidates
from .survey import standing_trees
from .workspace import PLAN_NAME, Site, Tell, Workspace, is_in_repository, open_site, open_workspace, plan_of


class Place(NamedTuple):
    """One candidate of a run that has not ended, and where its work is done."""

    run: Run
    candidate: Candidate
    folder: Path

    @property
    def name(self) -> str:
        """Its name as a target, `run42-b1`."""
        return f"{self.run.id}-b{self.candidate.number}"

    @property
    def branch(self) -> str:
        """The short name of its branch."""
        return self.candidate.ref.removeprefix("refs/heads/")


@dataclass(frozen=True)
class Whereabouts:
    """The repository we stand in with its runs, and the plan where there is one."""

    site: Site
    workspace: Workspace | None
    places: tuple[Place, ...]

    @property
    def plan(self) -> Plan | None:
        """The plan, where there is one."""
        return self.workspace.plan if self.workspace else None

    @property
    def home(self) -> Site:
        """The repository that the plan is for, where there is a plan; else the one we stand in."""
        return self.workspace or self.site

    @property
    def milestones(self) -> Sequence[Milestone]:
        """The plan's milestones; none without a plan."""
        return self.workspace.plan.milestones if self.workspace else ()

    @property
    def names(self) -> list[str]:
        """Everything that can be named: milestones, runs, candidates."""
        runs = dict.fromkeys(one.run.id for one in self.places)
        return [*(one.id.lower() for one in self.milestones), *runs, *(one.name for one in self.places)]

    def chosen(self, targets: Sequence[str]) -> tuple[list[Milestone], list[Place]]:
        """What `targets` name, all there is when there are none; UsageError, with the names, for an unknown one."""
        known, wanted = self.names, {target.lower().removeprefix("pqa/") for target in targets}
        for target in targets:
            if target.lower().removeprefix("pqa/") not in known:
                raise self._unknown(target)
        return (
            [one for one in self.milestones if not wanted or one.id.lower() in wanted],
            [one for one in self.places if not wanted or wanted & {one.run.id, one.name}],
        )

    def judgeable(self, tell: Tell) -> list[str]:
        """The names of all that can be judged; a line for each candidate that cannot."""
        has_checks = self.workspace is not None and bool(self.workspace.plan.checks)
        names = []
        if self.workspace:
            names = [one.name for one in standing_trees(self.workspace, self.milestones, named=False)]
        for one in self.places:
            if not has_checks:
                tell(f"{one.name} is left out: the plan declares no checks at its top")
            elif not one.folder.is_dir():
                tell(f"{one.name} is left out: it has no tree at {one.folder}")
            else:
                names.append(one.name)
        return names

    def require_checks(self, targets: Sequence[str], only: Sequence[str], tell: Tell) -> None:
        """Say which of the targets have none of the checks in `only`; UsageError for a check that none of them has."""
        milestones, places = self.chosen(targets) if targets else (self.milestones, ())
        declared = {one.id.lower(): one.checks for one in milestones}
        declared |= {one.name: self.workspace.plan.checks for one in places if self.workspace}
        known = sorted(frozenset[str]().union(*declared.values()))
        if unknown := next((name for name in only if name not in known), None):
            what = f"nothing chosen has a check {unknown!r}{did_you_mean(unknown, known)}"
            raise UsageError(what, f"one of: {', '.join(known)}" if known else "declare it in the plan: checks:")
        for name, checks in declared.items():
            if only and not set(only) & set(checks):
                tell(f"{name} is left out: it has no check {' or '.join(only)}")

    def folder(self, target: str) -> Path:
        """Where the tree or payload that `target` names is; UsageError when it is not there, or there are several."""
        milestones, places = self.chosen([target])
        if milestones and self.workspace:
            folder, todo = self.workspace.folder(milestones[0]), f"staddle worktrees {target}"
        elif len(places) == 1:
            folder, todo = places[0].folder, f"staddle status {places[0].run.id}"
        else:
            names = " ".join(one.name for one in places)
            raise UsageError(f"run {target} has {len(places)} candidates", f"one of: {names}")
        if not folder.is_dir():
            raise UsageError(f"{target} has no tree at {folder}", todo)
        return folder

    def _unknown(self, target: str) -> UsageError:
        what = f"{quoted(target)} is no milestone, run or candidate here{did_you_mean(target, self.names)}"
        return UsageError(what, f"one of: {' '.join(self.names)}" if self.names else NOTHING_HERE)


NOTHING_HERE = "begin with a plan: staddle init, or with a run: staddle spawn run42 3"


def look_around(given: Path | None) -> Whereabouts:
    """The plan at `given` or in the main checkout, if there is one, and the runs of the repository we stand in."""
    if not _in_repository() and (given or Path(PLAN_NAME).exists()):
        workspace = open_workspace(given)  # the plan says where its repository is
        return Whereabouts(workspace, workspace, _places(workspace))
    site = open_site()
    has_plan = given or plan_of(site.git)
    return Whereabouts(site, open_workspace(given) if has_plan else None, _places(site))


def _places(site: Site) -> tuple[Place, ...]:
    return tuple(
        Place(run, candidate, folder)
        for run in candidates.every(site.state)
        for candidate, folder in zip(run.candidates, candidates.places(site.git, run), strict=True)
    )


def _in_repository() -> bool:
    with suppress(FileNotFoundError):  # the folder that the shell stands in is gone
        return is_in_repository(Path.cwd())
    return False
