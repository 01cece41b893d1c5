"""seating: which trees agents are put into, with which tasks; each task's prompt is written into its tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from ..core.errors import UsageError
from ..core.kinds import remedy, start_of
from ..core.model import Agent, Plan
from ..core.names import quoted, shell
from ..core.runs import Mode
from ..edges.entries import git_places
from ..edges.surroundings import environment, variables
from .judging import Seat
from .prompts import prompts
from .survey import standing_trees
from .tasks import candidate_prompts, message_of
from .whereabouts import NOTHING_HERE, Place, Whereabouts

TASK = "task"
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
    if not targets and not around.workspace:
        runs = " ".join(dict.fromkeys(place.run.id for place in around.places))
        raise UsageError("no plan is here, and no run was named", f"staddle agents {runs}" if runs else NOTHING_HERE)
    milestones, places = around.chosen(targets) if targets else (list(around.milestones), [])
    if places and around.site.git.common != around.home.git.common:
        what = f"{places[0].run.id} is a run of {around.site.git.main}, and the plan is for {around.home.git.main}"
        raise UsageError(what, f"cd {shell(around.home.git.main)}, and give --plan FILE there")
    home, named = around.workspace, bool(targets)
    findings = standing_trees(home, milestones, named=named) if home and milestones else []
    found = [Seat(one.name, one.folder, one.milestone.branch, one.milestone) for one in findings]
    return found + [_candidate(place) for place in places]


def _candidate(place: Place) -> Seat:
    if place.run.mode is Mode.CONTEXT:
        raise UsageError(f"{place.name} is a folder, and agents work in trees", "staddle spawn run43 3 --mode worktree")
    if not place.folder.is_dir():
        raise UsageError(f"{place.name} has no tree at {place.folder}", f"staddle status {place.run.id}")
    return Seat(place.name, place.folder, place.branch)


def tasks(around: Whereabouts, found: Sequence[Seat]) -> list[Task]:
    """What is to be done in these trees: the milestones' requirements, and the tasks of the candidates' runs."""
    by_name = {seat.name: seat for seat in found}
    named = [seat.name for seat in found if seat.milestone]
    places = [place for place in around.places if place.name in by_name]
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
    framed = [
        Task(
            seat=by_name[one.place.name],
            name=TASK,
            text=one.text,
            file=one.file,
            asked=message_of(around.plan, one.place.run),
            values={"milestone": one.place.name, "requirement": TASK},
        )
        for one in candidate_prompts(around, places)
    ]
    return required + framed


def own_variables(around: Whereabouts, seat: Seat) -> dict[str, str]:
    """The variables that are the tree's own."""
    if seat.milestone and around.workspace:
        return around.workspace.variables(seat.milestone)
    return variables(plan_of(around), seat.name, seat.folder, {"STADDLE_BRANCH": seat.branch})


def brace_values(around: Whereabouts, task: Task) -> dict[str, str]:
    """What fills the braces of a command, and of a known program's words."""
    seat, git = task.seat, around.home.git
    home = around.workspace.loaded.path.parent if around.workspace else git.main
    own = {"tree": str(seat.folder), "prompt": task.text, "prompt_file": str(task.file), "branch": seat.branch}
    return {**own, **task.values, "plan_dir": str(home), **git_places(git, seat.folder, seat.branch)}


def require_program(around: Whereabouts, task: Task, name: str, agent: Agent) -> None:
    """UsageError when the program that agent `name` is cannot be found from the task's tree."""
    folder, values = task.seat.folder, brace_values(around, task) | {"usage": ""}
    program = start_of(agent, values, session="", resuming=False).argv[0]
    path = environment(own_variables(around, task.seat), folder, with_tools=True)["PATH"]
    if which(str(folder / program) if "/" in program else program, path=path) is None:
        others = [other for other in plan_of(around).agents if other != name]
        or_else = f"; or: staddle agents --agent {others[0]}" if others else ""
        what = f"agent {quoted(name)} is the program {quoted(program)}, which is not installed"
        raise UsageError(what, f"{remedy(agent)}{or_else}")
