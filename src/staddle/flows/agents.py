"""agents: start an agent for every requirement inside its tree, and judge it by what git shows after."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from ..core.errors import UsageError
from ..core.kinds import start_of
from ..core.model import Agent
from ..core.names import Oid
from ..core.unit import Ended, Job
from ..edges.engine import LocalEngine, in_turn
from ..edges.entries import entries, git_places
from ..edges.state import SECRET_FOLDER
from ..edges.surroundings import environment
from .prompts import Prompt, prompts
from .survey import find_base
from .workspace import Tell, Workspace, occupying


class Work(StrEnum):
    """What an agent left behind; its exit code is told, and decides nothing."""

    COMMITTED = "committed"
    ALREADY = "already"
    NOTHING = "nothing"
    WORDING = "wording"
    UNCOMMITTED = "uncommitted"
    STRAYED = "strayed"
    TIMEOUT = "timeout"
    ERROR = "error"


@dataclass(frozen=True)
class Report:
    """One agent's work on one requirement."""

    milestone: str
    requirement: str
    work: Work
    note: str
    commits: tuple[str, ...]
    seconds: float
    log: str

    @property
    def well(self) -> bool:
        """Whether the requirement's commit is on its branch."""
        return self.work in (Work.COMMITTED, Work.ALREADY)


@dataclass(frozen=True)
class _Sight:
    """What git showed: the branch's commit, None when it is gone, and the main checkout's HEAD and commit."""

    tip: Oid | None
    main: tuple[str, Oid | None]


def agents(
    workspace: Workspace, targets: list[str], *, agent: str | None, at_once: int | None, tell: Tell
) -> list[Report]:
    """Run an agent for each requirement of the chosen milestones: trees side by side, each tree's in turn.

    A requirement whose commit is on the branch already is passed over. UsageError for an unknown agent.
    """
    chosen = workspace.chosen(targets)
    name, settings = _agent(workspace, agent)
    with occupying(workspace, [milestone.id.lower() for milestone in chosen], "agents"):
        written = prompts(workspace, targets)
        base = find_base(workspace).oid
        reports = {_key(prompt): _already(workspace, prompt, base) for prompt in written}
        waiting = {_key(prompt): prompt for prompt in written if reports[_key(prompt)] is None}
        lanes: dict[str, list[Job]] = {}
        for prompt in waiting.values():
            lanes.setdefault(prompt.milestone.id.lower(), []).append(_job(workspace, prompt, name, settings))
        sights = {lane: _look(workspace, f"refs/heads/{workspace.plan.milestone(lane).branch}") for lane in lanes}
        trees = f"{len(lanes)} tree{'s' * (len(lanes) != 1)}"
        tell(f"{name} works on {len(waiting)} requirement{'s' * (len(waiting) != 1)} in {trees}")

        def ended(lane: str, end: Ended) -> bool:
            prompt = waiting[end.unit.split("/", 1)[1]]
            before, sights[lane] = sights[lane], _look(workspace, f"refs/heads/{prompt.milestone.branch}")
            report = _judge(workspace, prompt, before, sights[lane], end)
            reports[_key(prompt)] = report
            tell(f"{lane} {report.requirement}: {report.work}, {report.note} ({report.seconds:.1f} s)")
            return True

        work = {lane: in_turn(jobs, partial(ended, lane)) for lane, jobs in lanes.items()}
        LocalEngine(at_once, shared=False).run_lanes(work)
    return [report for report in reports.values() if report is not None]


def _agent(workspace: Workspace, wanted: str | None) -> tuple[str, Agent]:
    name = wanted or workspace.plan.default_agent
    if name not in workspace.plan.agents:
        raise UsageError(f"the plan has no agent {name!r}", f"one of: {', '.join(workspace.plan.agents)}")
    return name, workspace.plan.agents[name]


def _key(prompt: Prompt) -> str:
    return f"{prompt.milestone.id.lower()}/{prompt.requirement.id}"


def _log(workspace: Workspace, prompt: Prompt) -> Path:
    folder = workspace.state.folder / "logs" / prompt.milestone.id.lower()
    folder.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
    return folder / f"agent-{prompt.requirement.id}.log"


def _job(workspace: Workspace, prompt: Prompt, name: str, settings: Agent) -> Job:
    own = workspace.variables(prompt.milestone)
    values = {
        "tree": str(prompt.tree),
        "prompt": prompt.text,
        "prompt_file": str(prompt.file),
        "milestone": prompt.milestone.id,
        "requirement": prompt.requirement.id,
        "branch": prompt.milestone.branch,
        "plan_dir": str(workspace.loaded.path.parent),
    }
    places = git_places(workspace.git, prompt.tree, prompt.milestone.branch)
    how = start_of(settings, values | places, session="", resuming=False)
    return Job(
        unit=workspace.unit(_key(prompt)),
        argv=how.argv,
        cwd=prompt.tree,
        env=environment({**own, **how.env, "STADDLE_AGENT": name}, prompt.tree, with_tools=True),
        stdin=prompt.file if how.reads_prompt else None,
        log=_log(workspace, prompt),
        limit=float(settings.limit),
    )


def _look(workspace: Workspace, ref: str) -> _Sight:
    git = workspace.git
    tip = git.commit(ref)
    head = next((entry.head for entry in entries(git)), "")
    return _Sight(tip, (head, git.commit("HEAD")))


def _already(workspace: Workspace, prompt: Prompt, base: Oid) -> Report | None:
    tip = workspace.git.commit(f"refs/heads/{prompt.milestone.branch}") or base
    git = workspace.git
    on_branch = prompt.message in git.subjects(base, tip)
    if not on_branch and not git.has_subject(base, prompt.message):
        return None
    log = str(_log(workspace, prompt))
    note = "its commit is on the branch" if on_branch else "it has landed"
    return Report(prompt.milestone.id, prompt.requirement.id, Work.ALREADY, note, (prompt.message,), 0.0, log)


def _judge(workspace: Workspace, prompt: Prompt, before: _Sight, after: _Sight, end: Ended) -> Report:
    made = workspace.git.subjects(before.tip, after.tip) if before.tip and after.tip else ()
    work, note = _work(workspace, prompt, before, after, end, made)
    return Report(prompt.milestone.id, prompt.requirement.id, work, note, made, end.seconds, str(end.log))


def _work(
    workspace: Workspace, prompt: Prompt, before: _Sight, after: _Sight, end: Ended, made: Sequence[str]
) -> tuple[Work, str]:
    git, branch = workspace.git, prompt.milestone.branch
    entry = next((entry for entry in entries(git) if entry.folder == prompt.tree), None)
    if after.main != before.main:
        return Work.STRAYED, f"{git.main} is no longer where it was"
    if entry is None or entry.branch != branch:
        return Work.STRAYED, f"{prompt.tree} is no longer on {branch}"
    if before.tip is None or after.tip is None or not git.is_ancestor(before.tip, after.tip):
        return Work.STRAYED, f"{branch} was rewritten or is gone; it was at {before.tip}"
    if end.reason == "limit":
        return Work.TIMEOUT, f"ended after its limit of {end.seconds:.0f} s"
    if end.reason != "exited":
        return Work.ERROR, end.message or end.reason
    if prompt.message not in made:
        return (
            (Work.WORDING, f"committed as {made[-1]!r}") if made else (Work.NOTHING, f"exit code {end.rc}, no commit")
        )
    if changes := git.changes(prompt.tree):
        return Work.UNCOMMITTED, f"left {', '.join((changes.tracked + changes.untracked)[:3])}"
    return Work.COMMITTED, after.tip[:10]
