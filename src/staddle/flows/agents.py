"""agents: put an agent into each tree, one task after another, and judge each by what git shows after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ..core.agency import Work
from ..core.errors import UsageError
from ..core.model import Agent
from ..core.names import split_target
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
    UsageError for an unknown agent or a missing tree; Held when another works in one of them.
    """
    name, agent = _agent(around, wanted.agent)
    chosen = seats(around, targets)
    with _occupied(around, [seat.name for seat in chosen]) as held:
        asked = tasks(around, chosen)
        known = {work.key: work for seat in chosen for work in assignments.load(around.home.state, seat.name)}
        if wanted.resume:
            asked = [task for task in asked if _may_go_on(known.get(f"{task.seat.name}/{task.name}"))]
        crew = Crew(around, name, agent, wanted.at_once, wanted.resume, tell, known, held)
        lanes = crew.engage(asked)
        ready(list(crew.works.values()))
        count = f"{len(asked)} task{'s' * (len(asked) != 1)} in {len(lanes)} tree{'s' * (len(lanes) != 1)}"
        tell(f"{name} works on {count}")
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


def _agent(around: Whereabouts, wanted: str | None) -> tuple[str, Agent]:
    plan = plan_of(around)
    name = wanted or plan.default_agent
    if name not in plan.agents:
        raise UsageError(f"the plan has no agent {name!r}", f"one of: {', '.join(plan.agents)}")
    return name, plan.agents[name]


def _may_go_on(work: Work | None) -> bool:
    return work is not None and not work.outcome.well
