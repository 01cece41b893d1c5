"""sweep: finish or take back whatever dead commands left, in runs and milestones alike."""

from ..core.errors import Held, Refused, WorkFailed
from ..core.names import require_run
from ..core.runs import Stage
from ..edges.git import Git
from ..edges.process import sweep as end_processes
from ..edges.state import State
from ..guard import assignments, candidates, keeping, removal
from .reconcile import Wanted, reconcile
from .workspace import Site, Tell, changing


def sweep(site: Site, *, tell: Tell) -> list[str]:
    """What was done, a line each; runs that are ready and waiting for a choice are left as they are."""
    done = [f"ended {process}" for process in end_processes(site.state.mark)] + _lost_agents(site.git, site.state)
    with changing(site, "sweep"):
        done += [f"forgot {name}, its days are over" for name in keeping.expire(site.state)]
        done += removal.finish(site.git, site.state)
        unfinished = [run for run in candidates.every(site.state) if run.stage not in (Stage.READY, Stage.KEPT)]
    stuck = list[Refused | Held | WorkFailed]()
    for run in unfinished:
        try:
            end = reconcile(site, require_run(run.id), Wanted(only_unfinished=True), tell=tell).end
            done.append(f"run {run.id}, left {run.stage}: {end}")
        except (Refused, Held, WorkFailed) as error:  # the others are to be swept all the same
            stuck.append(error)
            done.append(f"run {run.id}, left {run.stage}: {error.what}")
    if stuck:
        for line in done:
            tell(line)
        raise stuck[0]
    return done


def _lost_agents(git: Git, state: State) -> list[str]:
    """A line for each work whose command was killed; its agent is ended, and it is written down as lost."""
    done = []
    for target in assignments.targets(state):
        before = {work.key for work in assignments.load(state, target) if work.outcome.under_way}
        after = assignments.settle(git, state, target) if before else []
        done += [
            f"agent of {work.key}: {work.note}" for work in after if work.key in before and not work.outcome.under_way
        ]
    return done
