"""agents: put an agent into each tree, one task after another, and judge each by what git shows after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ..core.agency import Work
from ..core.errors import Held, UsageError
from ..core.model import Agent
from ..core.names import did_you_mean, quoted, split_target
from ..edges.engine import LocalEngine
from ..guard import assignments, fence
from .crew import Crew, Watch
from .seating import plan_of, seats, tasks
from .spawn import RUN_WAIT_SECONDS
from .whereabouts import Whereabouts
from .workspace import TREE_WAIT_SECONDS, Tell, occupying


@dataclass(frozen=True)
class Wanted:
    """What the caller asks for: an agent of the plan, how many at once, or to go on."""

    agent: str | None = None
    at_once: int | None = None
    resume: bool = False


def agents(
    around: Whereabouts,
    targets: list[str],
    wanted: Wanted,
    *,
    tell: Tell,
    ready: Callable[[Sequence[Work]], None] = lambda _: None,
    watch: Watch = lambda _: None,
) -> list[Work]:
    """Run an agent for each task of the chosen trees: trees side by side, each tree's tasks in turn.

    A requirement whose commit is on the branch already is passed over. `ready` is told once all is sure to begin.
    UsageError for an unknown agent, or a program or tree that is missing; Held when another works in one of them.
    """
    name, agent = _agent(around, wanted.agent)
    chosen = seats(around, targets)
    _require_free(around, [seat.name for seat in chosen])
    with _occupied(around, [seat.name for seat in chosen]) as held:
        asked = tasks(around, chosen)
        known = {work.key: work for seat in chosen for work in assignments.load(around.home.state, seat.name)}
        if wanted.resume:
            asked = [task for task in asked if _may_go_on(known.get(f"{task.seat.name}/{task.name}"))]
        crew = Crew(around, name, agent, wanted.at_once, wanted.resume, tell, known, held)
        lanes = crew.engage(asked)
        tell(f"{name} {_extent(list(crew.works.values()), wanted)}")
        ready(list(crew.works.values()))
        LocalEngine(len(lanes) or 1, shared=False).run_lanes(lanes, watch=lambda running: crew.watch(running, watch))
    return list(crew.works.values())


@contextmanager
def _occupied(around: Whereabouts, names: list[str]) -> Iterator[dict[str, ExitStack]]:
    """Hold the trees of these targets for agents, each until its own stack is closed, and candidates' runs."""
    state = around.home.state
    state.prepare()
    runs = {candidate.run for name in names if (candidate := split_target(name))}
    with ExitStack() as held:
        for run in sorted(runs):
            held.enter_context(state.lock(f"run-{run}", RUN_WAIT_SECONDS, f"staddle agents {run}", shared=True))
        trees = {name: held.enter_context(ExitStack()) for name in names}
        for name in sorted(names):
            trees[name].enter_context(state.lock(f"tree-{name}", TREE_WAIT_SECONDS, "staddle agents"))
        held.enter_context(occupying(around.home, (), "agents"))
        fence.put_up(around.home.git, state)
        for name in sorted(names):
            assignments.settle(around.home.git, state, name)
            trees[name].enter_context(assignments.holding(state, name, "staddle agents"))
        yield trees


def _require_free(around: Whereabouts, names: list[str]) -> None:
    for name in names:
        at_work = assignments.standing(around.home.state, name)
        if at_work and at_work.under_way:
            hint = f"staddle agents {name} --follow, or end it: staddle agents {name} --stop"
            raise Held(f"an agent is at work in {name} already", hint)


def _extent(works: Sequence[Work], wanted: Wanted) -> str:
    """How much there is to do, in words."""
    todo = [work.target for work in works if work.outcome.under_way]
    if not todo:
        return "has nothing to go on with" if wanted.resume else "has nothing to do: no requirement is open"
    count, trees = len(todo), len(set(todo))
    return f"works on {count} task{'s' * (count != 1)} in {trees} tree{'s' * (trees != 1)}"


def _agent(around: Whereabouts, wanted: str | None) -> tuple[str, Agent]:
    plan = plan_of(around)
    name = wanted or plan.default_agent
    if name not in plan.agents:
        known = f"one of: {', '.join(plan.agents)}; others are declared in the plan, under agents:"
        raise UsageError(f"there is no agent {quoted(name)}{did_you_mean(name, plan.agents)}", known)
    return name, plan.agents[name]


def _may_go_on(work: Work | None) -> bool:
    return work is not None and not work.outcome.well
