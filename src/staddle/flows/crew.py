"""The crew: the agents of one command - each started in its tree, watched, stopped when asked, judged, written down."""

import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.agency import Outcome, Work, outcome_of
from ..core.digest import digest
from ..core.errors import Refused
from ..core.kinds import KINDS, start_of
from ..core.model import Agent
from ..core.names import Oid
from ..core.transcripts import told
from ..core.unit import Ended, Job
from ..edges.engine import Lane
from ..edges.process import Running
from ..edges.slots import default_slots
from ..edges.state import SECRET_FOLDER
from ..edges.surroundings import environment, put_prompt
from ..guard import assignments, fence
from ..guard.registry import register
from .judging import Sight, is_seated, judge, look
from .seating import Task, brace_values, own_variables, require_program
from .survey import find_base
from .whereabouts import Whereabouts
from .workspace import Tell

GO_ON = "Go on where you were stopped; look first at what is done already. The task is the same:\n\n"
AGAIN = (Outcome.FAILED, Outcome.TIMEOUT)
"""How an agent may end that its plan lets be started again."""

Watch = Callable[[Sequence[Running]], None]


@dataclass
class Crew:
    """The agents of one command: what each does, kept on disk as it changes; `working` are the trees under way.

    `held` has what keeps others out of each tree, and is closed with the tree's last task.
    """

    around: Whereabouts
    name: str
    agent: Agent
    at_once: int | None
    resuming: bool
    tell: Tell
    known: dict[str, Work]
    held: Mapping[str, ExitStack]
    works: dict[str, Work] = field(default_factory=dict)
    working: set[str] = field(default_factory=set)
    told_to_stop: set[str] = field(default_factory=set)

    def engage(self, asked: Sequence[Task]) -> dict[str, Lane]:
        """Write down what is to be done, and give a lane for each tree that has something to do."""
        base = find_base(self.around.workspace).oid if self.around.workspace and asked else None
        todo: dict[str, list[Task]] = {}
        for task in asked:
            if task.asked and base and (note := self._already(task, base)):
                work = replace(self._over(task, Outcome.ALREADY, note), commits=(task.asked,))
            else:
                work = self._planned(task)
                todo.setdefault(task.seat.name, []).append(task)
            self.works[work.key] = work
        for mine in todo.values():
            require_program(self.around, mine[0], self.name, self.agent)
        for target in {task.seat.name for task in asked}:
            self._save(target)
        for target in self.held.keys() - todo.keys():
            self.held[target].close()
        return {target: self._lane(mine) for target, mine in todo.items()}

    def watch(self, running: Sequence[Running], show: Watch) -> None:
        """Stop those that somebody asked to stop, and show what is under way."""
        for one in running:
            target = one.job.unit.split("/")[1]
            if one.job.unit not in self.told_to_stop and assignments.is_to_stop(self.around.home.state, target):
                self.told_to_stop.add(one.job.unit)
                one.cancel()
        show(running)

    def _planned(self, task: Task) -> Work:
        state, target = self.around.home.state, task.seat.name
        folder = state.folder / "logs" / target
        folder.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
        return Work(
            target=target,
            task=task.name,
            agent=self.name,
            kind=self.agent.kind,
            outcome=Outcome.WAITING,
            branch=task.seat.branch,
            unit=self.around.home.unit(target, task.name),
            log=str(folder / f"agent-{task.name}.log"),
            since=time.time(),
        )

    def _over(self, task: Task, outcome: Outcome, note: str) -> Work:
        """What is over without having begun."""
        return replace(self._planned(task), outcome=outcome, note=note, ended=time.time())

    def _already(self, task: Task, base: Oid) -> str:
        git, asked = self.around.home.git, str(task.asked)
        tip = git.commit(task.seat.ref)
        if tip and asked in git.subjects(base, tip):
            return "its commit is on the branch"
        return "it has landed" if git.has_subject(base, asked) else ""

    def _is_passed_over(self, key: str) -> bool:
        return key in self.works and self.works[key].outcome is Outcome.ALREADY

    def _save(self, target: str) -> None:
        """Keep this tree's works, those that this command was not asked for, and what became of those done before."""
        everything = {**self.known, **self.works}
        everything |= {key: work for key, work in self.known.items() if work.outcome.well and self._is_passed_over(key)}
        mine = [work for work in everything.values() if work.target == target]
        assignments.save(self.around.home.state, target, mine)
        register(self.around.home.git, self.around.home.state)

    def _note(self, work: Work) -> Work:
        self.works[work.key] = work
        self._save(work.target)
        return work

    def _lane(self, mine: Sequence[Task]) -> Lane:
        with self.held[mine[0].seat.name]:
            for at, task in enumerate(mine):
                work = yield from self._work(task)
                self.tell(f"{work.key}: {work.outcome}, {work.note or 'nothing to tell'} ({work.seconds:.1f} s)")
                if work.outcome is Outcome.STOPPED:
                    for rest in mine[at + 1 :]:
                        self._note(self._over(rest, Outcome.STOPPED, "not begun"))
                    return

    def _work(self, task: Task) -> Generator[Job | None, Ended | None, Work]:
        work, target = self._over(task, Outcome.STOPPED, "not begun"), task.seat.name
        for attempt in range(1, 2 + self.agent.retries):
            while not (told := assignments.is_to_stop(self.around.home.state, target)) and self._is_full():
                yield None
            if told:
                return self._note(work)
            self.working.add(target)
            try:
                work = yield from self._attempt(task, replace(self._planned(task), attempt=attempt))
            finally:
                self.working.discard(target)
            if work.outcome not in AGAIN:
                break
        return work

    def _is_full(self) -> bool:
        return len(self.working) >= (self.at_once or default_slots())

    def _attempt(self, task: Task, planned: Work) -> Generator[Job | None, Ended | None, Work]:
        since, before = time.time(), look(self.around.home)
        if not is_seated(before, task.seat):  # an agent before it left the tree like that
            note = f"not begun: {task.seat.folder} is not on {task.seat.branch}"
            return self._note(self._over(task, Outcome.FAILED, note))
        session, resuming = self._session(planned)
        begun = before.refs.get(task.seat.ref, "")
        work = self._note(replace(planned, outcome=Outcome.WORKING, since=since, begun=begun, session=session))
        try:
            job = self._job(task, work, resuming)
        except Refused as error:  # what is wrong with this tree is not to end the others' agents
            return self._note(self._over(task, Outcome.FAILED, f"not begun: {error.what}"))
        end = yield job
        if end is None:
            raise RuntimeError("an agent was started and its end was not told")
        return self._note(self._judged(task, work, before, end))

    def _session(self, work: Work) -> tuple[str, bool]:
        """The id of the session to take up, or of a new one where the program takes one."""
        earlier = self.known.get(work.key)
        if self.resuming and work.attempt == 1 and earlier and earlier.session and earlier.kind == work.kind:
            return earlier.session, True
        kind = KINDS.get(self.agent.kind)
        return (str(uuid.uuid4()) if kind and kind.new else ""), False

    def _job(self, task: Task, work: Work, resuming: bool) -> Job:
        seat, values = task.seat, brace_values(self.around, task)
        if resuming:
            values["prompt"] = GO_ON + task.text
            values["prompt_file"] = str(task.file.with_suffix(".again.md"))
        put_prompt(Path(values["prompt_file"]), values["prompt"])  # an agent before it may have been at the file
        _usage(work).unlink(missing_ok=True)
        how = start_of(self.agent, values | {"usage": str(_usage(work))}, session=work.session, resuming=resuming)
        fenced = fence.variables(self.around.home.state, seat.ref, Path(values["git_dir"]))
        own = {**own_variables(self.around, seat), **how.env, **fenced, "STADDLE_AGENT": self.name}
        return Job(
            unit=work.unit,
            argv=how.argv,
            cwd=seat.folder,
            env=environment(own, seat.folder, with_tools=True),
            stdin=Path(values["prompt_file"]) if how.reads_prompt else None,
            log=Path(work.log),
            limit=float(self.agent.limit),
        )

    def _judged(self, task: Task, work: Work, before: Sight, end: Ended) -> Work:
        site = self.around.home
        for lock in assignments.unlock(site.git, work):
            self.tell(f"{work.key}: took away {lock.name}, which its git had left")
        plan = self.around.workspace.plan if self.around.workspace else None
        found = judge(site, plan, task.seat, before, end, asked=task.asked, others=self._others(work))
        said = told(work.kind, _text(end.log), _text(_usage(work)))
        outcome, note = outcome_of(end.reason, end.rc, len(found.commits), found.strays)
        if outcome is Outcome.TIMEOUT:
            note = f"ended after its limit of {end.seconds:.0f} s"
        tip = site.git.commit(task.seat.ref) or ""
        return replace(
            work,
            outcome=outcome,
            ended=time.time(),
            seconds=end.seconds,
            note=note or end.message or (tip[:10] if outcome is Outcome.DONE else ""),
            strays=found.strays,
            commits=found.commits,
            tests=found.tests._asdict() if found.tests else None,
            session=said.session or work.session,
            digest=digest(said.last),
            tokens=said.tokens,
            cost=said.cost,
        )

    def _others(self, mine: Work) -> list[str]:
        """The branches of the other trees in which agents worked since this one began."""
        state = self.around.home.state
        works = [work for target in assignments.targets(state) for work in assignments.load(state, target)]
        return [
            f"refs/heads/{work.branch}"
            for work in works
            if work.target != mine.target and (work.outcome.under_way or work.ended >= mine.since)
        ]


def _usage(work: Work) -> Path:
    return Path(work.log).with_suffix(".usage.json")


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
