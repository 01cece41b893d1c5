"""The verb that puts agents into trees, and looks after them: agents."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, Judgeable, PlanFile, Task

if TYPE_CHECKING:
    from ..core.agency import Work
    from ..edges.process import Running
    from ..flows.attending import Attended
    from ..flows.whereabouts import Whereabouts

AgentName = Annotated[str | None, typer.Option("--agent", metavar="NAME", help="Another agent than the plan's.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at once; as many as there are cores.")]
Detach = Annotated[bool, typer.Option("--detach", help="Go on behind; the terminal may be closed.")]
Follow = Annotated[bool, typer.Option("--follow", help="Show what those at work say, until they end.")]
Status = Annotated[bool, typer.Option("--status", help="Show where each agent stands; start none.")]
Stop = Annotated[bool, typer.Option("--stop", help="End those at work, with all that they started.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where agents ended before they were done.")]

UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def agents(
    targets: Judgeable = None,
    plan: PlanFile = None,
    agent: AgentName = None,
    jobs: Jobs = None,
    task: Task = None,
    detach: Detach = False,
    resume: Resume = False,
    follow: Follow = False,
    status: Status = False,
    stop: Stop = False,
    json: AsJson = False,
) -> None:
    from ..flows import tasks
    from ..flows.whereabouts import look_around

    asked = [name for name, on in {"--follow": follow, "--status": status, "--stop": stop}.items() if on]
    if len(asked) > 1 or (asked and (detach or resume or task or agent or jobs)):
        raise UsageError(f"{asked[0]} starts nothing, and stands alone", f"staddle agents {asked[0]}")
    leave = _behind() if detach else None
    around, chosen = look_around(plan), targets or []
    if status:
        _show(around, chosen, json)
    elif stop:
        _stop(around, chosen, json)
    elif follow:
        _follow(around, chosen)
    else:
        if task is not None:
            tasks.assign(around, chosen, task)
            around = look_around(plan)
        _start(around, chosen, (agent, jobs, resume), leave, json)


def _behind() -> Callable[[Path], None]:
    from ..edges.daemon import go_on_behind

    return go_on_behind()


def _start(
    around: "Whereabouts",
    targets: list[str],
    how: tuple[str | None, int | None, bool],
    leave: Callable[[Path], None] | None,
    json: bool,
) -> None:
    from ..edges import console
    from ..flows.agents import Wanted
    from ..flows.agents import agents as run_agents

    def ready(works: "Sequence[Work]") -> None:
        if leave is None:
            return
        if json:
            _as_json(works)
        elif any(work.outcome.under_way for work in works):
            console.answer("they go on behind: staddle agents --follow")
        leave(around.home.state.folder / "agents" / "talk.log")

    with console.live() if leave is None else nullcontext(lambda _: None) as draw:

        def watch(running: "Sequence[Running]") -> None:
            draw([f"{' '.join(one.job.unit.split('/')[1:])}  {one.seconds:.0f} s" for one in running])

        works = run_agents(around, targets, Wanted(*how), tell=console.talk, ready=ready, watch=watch)
    if json and leave is None:
        _as_json(works)
    elif leave is None:
        rows = [(w.target, w.task, w.outcome.value, str(len(w.commits)), w.note) for w in works]
        console.table(("", "task", "agent", "commits", "note"), rows, clip=True)
        _tell_strays(works)
    _require_well(works)


def _tell_strays(works: "Sequence[Work]") -> None:
    from ..edges import console

    for work in works:
        for stray in work.strays:
            console.talk(f"{work.key} [{stray.rule}] {stray.what}")


def _as_json(works: "Sequence[Work]") -> None:
    from ..edges import console

    console.answer_json([asdict(work) | {"well": work.outcome.well} for work in works])


def _require_well(works: "Sequence[Work]") -> None:
    if bad := [work for work in works if not work.outcome.well]:
        raise WorkFailed(f"not done: {len(bad)} of {len(works)}", f"less {bad[0].log}")


def _show(around: "Whereabouts", targets: list[str], json: bool) -> None:
    from ..edges import console
    from ..flows.attending import attend, show

    if json:
        _as_json([work for works in attend(around, targets) for work in works])
        return
    found = show(around, targets)
    if found:
        console.table(("", "agent", "task", "state", "since", "commits", "says"), map(_row, found), clip=True)
    else:
        console.talk("there was no agent here yet: staddle agents")


def _row(one: "Attended") -> tuple[str, ...]:
    work = one.work
    since = max(0.0, time.time() - (work.ended or work.since))
    size, unit = next((pair for pair in UNITS if since >= pair[0]), UNITS[-1])
    said = " ".join(one.saying.split())
    state = work.outcome.value + f" {work.attempt}" * (work.attempt > 1)
    return (work.target, work.agent, work.task, state, f"{since / size:.0f}{unit}", str(one.commits), said)


def _stop(around: "Whereabouts", targets: list[str], json: bool) -> None:
    from ..edges import console
    from ..flows.attending import stop

    works = stop(around, targets)
    if json:
        _as_json(works)
        return
    for work in works:
        console.answer(f"{work.key}: {work.outcome}, {len(work.commits)} commit{'s' * (len(work.commits) != 1)}")


def _follow(around: "Whereabouts", targets: list[str]) -> None:
    from ..edges import console
    from ..flows.attending import follow

    works = follow(around, targets, console.strand)
    for work in works:
        console.talk(f"{work.key}: {work.outcome}, {work.note}")
    _require_well(works)


COMMANDS: dict[str, Callable[..., None]] = {"agents": agents}
