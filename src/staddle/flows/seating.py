"""seating: which trees agents are put into, with which tasks; each task's prompt is written into its tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UsageError
from ..core.model import Plan
from ..core.runs import Mode
from ..edges.entries import git_places
from ..edges.render import render
from ..edges.state import write_durably
from ..edges.surroundings import own_folder, variables
from .judging import Seat
from .prompts import prompts
from .survey import standing_trees
from .whereabouts import Place, Whereabouts

TASK = "task"
TEMPLATE = "task.md.j2"
NO_PLAN = Plan(version=1, project="run", milestones=())
"""What holds for runs in a repository without a plan."""


@dataclass(frozen=True)
class Task:
    """What one agent is asked for in its tree: a name, the prompt and its file, the commit's first line if prescribed.

    `values` fill the braces of a command.
    """

    seat: Seat
    name: str
    text: str
    file: Path
    asked: str | None
    values: Mapping[str, str]


def plan_of(around: Whereabouts) -> Plan:
    """The plan, or what stands for one."""
    return around.workspace.plan if around.workspace else NO_PLAN


def seats(around: Whereabouts, targets: Sequence[str]) -> list[Seat]:
    """The trees that `targets` name, those of all milestones when there are none, all standing."""
    milestones, places = around.chosen(targets) if targets else (list(around.milestones), [])
    findings = standing_trees(around.workspace, milestones) if around.workspace and milestones else []
    found = [Seat(one.name, one.folder, one.milestone.branch, one.milestone) for one in findings]
    return found + [_candidate(place) for place in places]


def _candidate(place: Place) -> Seat:
    if place.run.mode is Mode.CONTEXT:
        raise UsageError(f"{place.name} is a folder, and agents work in trees", "staddle spawn run43 3 --mode worktree")
    if not place.folder.is_dir():
        raise UsageError(f"{place.name} has no tree at {place.folder}", f"staddle status {place.run.id}")
    return Seat(place.name, place.folder, place.branch)


def tasks(around: Whereabouts, found: Sequence[Seat], given: str | None) -> list[Task]:
    """What is to be done in these trees: the task `given` in each, else the milestones' requirements.

    A candidate without a given task has the one that it was given last; UsageError when it never had any.
    """
    if given is not None:
        return [_free(around, seat, _prompt(around, seat, given)) for seat in found]
    named = [seat.name for seat in found if seat.milestone]
    by_name = {seat.name: seat for seat in found}
    written = prompts(around.workspace, named) if around.workspace and named else []
    required = [
        Task(
            seat=by_name[one.milestone.id.lower()],
            name=one.requirement.id,
            text=one.text,
            file=one.file,
            asked=one.message,
            values={"milestone": one.milestone.id, "requirement": one.requirement.id},
        )
        for one in written
    ]
    return required + [_free(around, seat, _earlier(seat)) for seat in found if not seat.milestone]


def _free(around: Whereabouts, seat: Seat, text: str) -> Task:
    file = _file(seat)
    file.parent.mkdir(exist_ok=True)
    write_durably(file, text)
    milestone = seat.milestone.id if seat.milestone else seat.name
    return Task(seat, TASK, text, file, None, {"milestone": milestone, "requirement": TASK})


def _file(seat: Seat) -> Path:
    return own_folder(seat.folder) / "prompts" / f"{TASK}.md"


def _earlier(seat: Seat) -> str:
    if not _file(seat).exists():
        run = seat.name.rpartition("-b")[0]
        raise UsageError(f"{seat.name} was never given a task", f"staddle agents {run} --task FILE")
    return _file(seat).read_text(encoding="utf-8")


def _prompt(around: Whereabouts, seat: Seat, given: str) -> str:
    beside = around.workspace.loaded.path.parent if around.workspace else None
    scopes = (seat.milestone.scope,) if seat.milestone else ()
    values = {"task": given.strip(), "tree": str(seat.folder), "branch": seat.branch, "scopes": scopes}
    return render(TEMPLATE, values, beside=beside)


def own_variables(around: Whereabouts, seat: Seat) -> dict[str, str]:
    """The variables that are the tree's own."""
    if seat.milestone and around.workspace:
        return around.workspace.variables(seat.milestone)
    return variables(plan_of(around), seat.name, seat.folder, {"STADDLE_BRANCH": seat.branch})


def brace_values(around: Whereabouts, task: Task) -> dict[str, str]:
    """What fills the braces of a command, and of a known program's words."""
    seat, git = task.seat, around.site.git
    home = around.workspace.loaded.path.parent if around.workspace else git.main
    own = {"tree": str(seat.folder), "prompt": task.text, "prompt_file": str(task.file), "branch": seat.branch}
    return {**own, **task.values, "plan_dir": str(home), **git_places(git, seat.folder, seat.branch)}
