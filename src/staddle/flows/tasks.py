"""tasks: what the candidates of a run are to do - one task, and a prompt for each that frames it in another way.

The task is kept in the run's journal, so it goes when the run does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.errors import Refused, UsageError
from ..core.model import COMMIT_TYPES, Milestone, Plan, Requirement
from ..core.names import quoted
from ..core.runs import Mode, Run, Stage
from ..edges.render import render, templates
from ..edges.surroundings import own_folder, put_prompt
from ..guard import candidates
from .prompts import as_typed
from .whereabouts import Place, Whereabouts

TEMPLATE = "candidate.md.j2"
FRAMES = "frames"
MOST_BYTES = 1_000_000
RUN_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Framed:
    """One candidate's prompt: whose it is, the name of its frame, its text, and the file that holds it."""

    place: Place
    frame: str
    file: Path
    text: str


def assign(around: Whereabouts, targets: Sequence[str], wanted: str) -> None:
    """Write down what the one run among the targets is about; Refused from the moment on that it ends.

    `wanted` is the task, a file that holds it, or a requirement's id.
    """
    milestones, places = around.chosen(targets) if targets else ((), ())
    runs = {place.run.id for place in places}
    if milestones or len(runs) != 1:
        raise UsageError("a task is for one run, which is to be named", "staddle prompts run42 --task FILE")
    task, run, site = _task(wanted, around.plan), runs.pop(), around.site
    site.state.prepare()
    with site.state.lock(f"run-{run}", RUN_WAIT_SECONDS, f"staddle prompts {run}"):
        known = candidates.load(site.state, run)
        if known is None or known.stage is not Stage.READY:
            stage = f"is {known.stage}" if known else "has ended"
            raise Refused("run-ending", f"run {run} {stage}: it takes no task any more", f"staddle status {run}")
        candidates.save(site.state, replace(known, task=task))


def candidate_prompts(around: Whereabouts, places: Sequence[Place]) -> list[Framed]:
    """Render and write the prompts of these candidates, each into its tree.

    UsageError when a run has no task; Refused for candidates without a tree, as those of context runs are.
    """
    written = []
    for place in places:
        run = place.run
        if not run.task:
            raise UsageError(f"run {run.id} has no task yet", f"staddle prompts {run.id} --task 'what is to be done'")
        if run.mode is Mode.CONTEXT or not place.folder.is_dir():
            what = f"{place.name} has no tree at {place.folder}"
            raise Refused("no-tree", what, f"staddle spawn {run.id} {run.count} --mode worktree")
        framed = _framed(around, place)
        put_prompt(framed.file, framed.text)
        written.append(framed)
    return written


def message_of(plan: Plan | None, run: Run) -> str | None:
    """The first line that every candidate's commit must have; None when the task leaves it to them."""
    found = _requirement(plan, run.task)
    return found[1].message(found[0].scope) if found else None


def _task(wanted: str, plan: Plan | None) -> str:
    """The task that `wanted` is: a file's text, a requirement's id, or itself; UsageError when it is none of them."""
    path = Path(wanted)
    if len(wanted) < 4096 and "\n" not in wanted and path.is_file():
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{wanted} is larger than {MOST_BYTES} bytes", "a task that an agent can read")
        wanted = path.read_text(errors="replace").strip()
    elif len(wanted.split()) == 1 and not _requirement(plan, wanted):
        what = f"{quoted(wanted)} is no file and no requirement of the plan, and one word is no task"
        raise UsageError(what, "--task FILE, --task FR-VNT-TREAS-003, or: --task 'what is to be done'")
    if not wanted.strip():
        raise UsageError("the task is empty", "say what is to be done")
    return wanted.strip()


def _framed(around: Whereabouts, place: Place) -> Framed:
    plan = around.plan
    beside = around.workspace.loaded.path.parent if around.workspace else None
    run, number = place.run, place.candidate.number
    frames = templates(FRAMES, beside)
    frame = frames[(number - 1) % len(frames)]
    found = _requirement(plan, run.task)
    values = {
        "task": run.task,
        "requirement": found[1] if found else None,
        "run": run.id,
        "number": number,
        "count": run.count,
        "tree": str(place.folder),
        "branch": place.branch,
        "message": message_of(plan, run) or ("<type>(<scope>): <FR-ID> <what>" if plan else "<what it does>"),
        "checks": as_typed(plan.checks) if plan else {},
        "types": COMMIT_TYPES if plan else (),
        "scopes": _scopes(plan) if plan else (),
        "others": [
            {"number": other.number, "tree": str(place.folder.with_name(f"{run.id}-b{other.number}"))}
            for other in run.candidates
            if other != place.candidate
        ],
    }
    values["frame"] = render(frame, values, beside)
    name = frame.removeprefix(f"{FRAMES}/").split(".")[0]
    return Framed(place, name, own_folder(place.folder) / "prompts" / "task.md", render(TEMPLATE, values, beside))


def _requirement(plan: Plan | None, task: str) -> tuple[Milestone, Requirement] | None:
    """The requirement whose id the task is, with its milestone."""
    milestones = plan.milestones if plan else ()
    return next(((one, it) for one in milestones for it in one.requirements if it.id == task), None)


def _scopes(plan: Plan) -> list[str]:
    return list(dict.fromkeys((*(milestone.scope for milestone in plan.milestones), *plan.scopes)))
