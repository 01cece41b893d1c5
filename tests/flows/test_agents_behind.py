"""agents in the background: closed terminals, kills, stopping, following, resuming; nothing outlives its end."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import SECONDS, STADDLE, Repository, assert_no_stumps

from .living import Mailbox, gone

Planned = Callable[..., Repository]
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing"}]
COMMIT = "git commit -q --allow-empty -m 'feat(part1): FR-X-001 first thing'"
LASTING = "echo begun; setsid sleep 60 & printf '%s\\n%s\\n%s\\n' $! $$ $PPID > {mail}; wait"
"""An agent with a tool in a session of its own; it mails the tool's number, its own and its supervisor's."""


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox")


def lasting(planned: Planned, mailbox: Mailbox, count: int = 1) -> Repository:
    """Milestones with trees, and an agent that lasts, or commits at once when `quick` exists."""
    shell = f"test -e {mailbox.path.parent}/quick && exec {COMMIT}; {LASTING.format(mail=mailbox.path)}"
    agents = {"script": {"command": {"shell": shell}}}
    more = {"requirements": [{"id": "FR-X-002", "title": "second thing"}]}
    repository = planned(count, agents=agents, milestone=more, first={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    return repository


def processes(mailbox: Mailbox) -> list[int]:
    """Descriptors of the three processes that an agent mails the numbers of."""
    return [mailbox.process() for _ in range(3)]


def orchestrator(repository: Repository) -> int:
    """The number of the process that holds the agents."""
    return int((repository.main / ".git/staddle/agent-m1.mutex").read_text().split()[-1])


def states(repository: Repository) -> dict[str, str]:
    return {work["target"]: work["outcome"] for work in repository.json("agents", "--status")}


def assert_gone(found: list[int]) -> None:
    assert [gone(process) for process in found] == [True] * len(found)


def test_agents_outlive_the_terminal_that_they_were_started_from(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(repository.main)
        os.execv(STADDLE[0], [*STADDLE, "agents", "--detach"])
    found = processes(mailbox)
    os.waitpid(child, 0)
    os.close(terminal)  # hangs up
    assert states(repository) == {"m1": "working"}
    assert not gone(found[1], within=0)
    repository.staddle("agents", "--stop")
    assert_gone(found)


def test_stop_ends_all_that_an_agent_started_and_says_how_it_stands(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    repository.staddle("agents", "--detach")
    found = processes(mailbox)
    assert "m1/FR-X-001: stopped" in repository.staddle("agents", "--stop").stdout
    assert [gone(process, within=0) for process in found] == [True] * 3
    assert states(repository) == {"m1": "stopped"}
    assert_no_stumps(repository)


def test_one_is_stopped_while_the_others_work_on(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox, 2)
    repository.staddle("agents", "--detach", "--jobs", "2")
    found = processes(mailbox) + processes(mailbox)
    repository.staddle("agents", "--stop", "m1")
    assert states(repository) == {"m1": "stopped", "m2": "working"}
    (mailbox.path.parent / "quick").touch()
    repository.staddle("agents", "m1", "--resume")
    repository.staddle("agents", "--stop")
    assert_gone(found)


def test_one_that_waits_for_its_turn_is_stopped_before_it_begins(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox, 2)
    repository.staddle("agents", "--detach", "--jobs", "1")
    found = processes(mailbox)
    (waiting,) = [name for name, state in states(repository).items() if state == "waiting"]
    assert "stopped" in repository.staddle("agents", "--stop", waiting).stdout
    repository.staddle("agents", "--stop")
    assert_gone(found)
    assert set(states(repository).values()) == {"stopped"}


def test_a_second_agent_in_the_same_tree_is_held(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    repository.staddle("agents", "--detach")
    found = processes(mailbox)
    for how in ((), ("--detach",), ("--resume",)):
        said = repository.staddle("agents", "m1", *how, code=4).stderr
        assert "an agent is at work in m1 already\n  try: staddle agents m1 --follow" in said
    repository.staddle("agents", "--stop")
    assert_gone(found)


def test_a_sweep_ends_what_a_killed_command_left_at_work(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    repository.staddle("agents", "--detach")
    found = processes(mailbox)
    assert repository.staddle("sweep").stdout == "nothing to sweep\n"
    os.kill(orchestrator(repository), signal.SIGKILL)
    assert "agent of m1/FR-X-001: the command behind it was killed" in repository.staddle("sweep").stdout
    assert [gone(process, within=0) for process in found] == [True] * 3
    assert repository.staddle("sweep").stdout == "nothing to sweep\n"


@pytest.mark.parametrize(("victim", "state"), [(0, "idle"), (1, "failed"), (2, "lost"), (3, "lost")])
def test_kill_9_of_anyone_leaves_no_process_and_harms_nothing(
    planned: Planned, mailbox: Mailbox, victim: int, state: str
) -> None:
    repository = lasting(planned, mailbox)
    before = repository.state()
    repository.staddle("agents", "--detach")
    numbers = [int(mailbox.line()) for _ in range(3)] + [orchestrator(repository)]
    found = [os.pidfd_open(number) for number in numbers]
    os.kill(numbers[victim], signal.SIGKILL)
    assert gone(found[3])  # whoever it was, the agents of this command are over
    assert states(repository) == {"m1": state}
    assert_gone(found)
    assert repository.state() == before
    (mailbox.path.parent / "quick").touch()
    repository.staddle("agents", "--resume")
    assert states(repository) == {"m1": "done"}
    assert_no_stumps(repository)


def test_kill_9_of_orchestrator_and_supervisor_at_once_leaves_no_process(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    repository.staddle("agents", "--detach")
    numbers = [int(mailbox.line()) for _ in range(3)]
    tool = os.pidfd_open(numbers[0])
    for number in (orchestrator(repository), numbers[2]):
        os.kill(number, signal.SIGKILL)
    assert states(repository) == {"m1": "lost"}
    assert gone(tool, within=0)


def test_who_asks_after_a_kill_waits_for_an_agent_that_will_not_go(planned: Planned, mailbox: Mailbox) -> None:
    shell = f"trap '' TERM; printf '%s\\n' $$ > {mailbox.path}; while :; do sleep 60; done"
    repository = planned(1, agents={"script": {"command": {"shell": shell}}}, first={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    repository.staddle("agents", "--detach")
    agent = mailbox.process()
    os.kill(orchestrator(repository), signal.SIGKILL)
    assert states(repository) == {"m1": "lost"}
    assert gone(agent, within=0)


def test_follow_shows_each_line_with_its_tree_until_the_last_has_ended(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    repository.staddle("agents", "--detach")
    found = processes(mailbox)
    argv = [*STADDLE, "agents", "--follow"]
    with subprocess.Popen(argv, cwd=repository.main, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as following:
        assert following.stdout
        assert following.stdout.readline() == b"m1 | begun\n"
        repository.staddle("agents", "--stop")
        assert b"m1/FR-X-001: stopped" in following.communicate(timeout=SECONDS)[1]
    assert_gone(found)


def test_a_bad_wish_is_told_before_anything_goes_on_behind(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    assert "no agent 'nobody'" in repository.staddle("agents", "--detach", "--agent", "nobody", code=2).stderr
    assert "stands alone" in repository.staddle("agents", "--stop", "--detach", code=2).stderr
    assert "no agent is at work" in repository.staddle("agents", "--stop", code=2).stderr
    assert states(repository) == {}


def test_status_tells_of_the_agent_at_work(planned: Planned, mailbox: Mailbox) -> None:
    repository = lasting(planned, mailbox)
    repository.staddle("agents", "--detach")
    found = processes(mailbox)
    (row,) = repository.json("status")
    assert (row["agent"], row["next_step"]) == ("working", "agents --follow m1")
    said = repository.staddle("agents", "--status").stdout
    assert "working" in said and "begun" in said
    assert max(map(len, said.splitlines())) <= 80
    repository.staddle("agents", "--stop")
    assert_gone(found)


# --- runs ----------------------------------------------------------------------------------------------------------

CLAUDE = """#!/bin/sh
printf '%s\\n' "$@" > .staddle/words
cat > .staddle/stdin
echo '{"type": "system", "session_id": "my-session"}'
test -e .staddle/fail && exit 1
echo x > answer; git add answer; git commit -qm 'feat: an answer'
echo '{"type": "result", "result": "An answer is there.", "session_id": "my-session", "total_cost_usd": 0.25,'\
 '"usage": {"input_tokens": 7, "output_tokens": 5}}'
"""


@pytest.fixture
def claude(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A run of two candidates, a plan-less repository, and a `claude` that fails where there is `.staddle/fail`."""
    (tmp_path / "bin").mkdir()
    for name in ("claude", "copilot"):
        (tmp_path / "bin" / name).write_text(CLAUDE)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path / "bin"), os.environ["PATH"])))
    repository.staddle("spawn", "run42", "2")
    (tmp_path / "task").write_text("Find the answer.\n")
    return repository


def tree(repository: Repository, number: int) -> Path:
    return repository.main / ".pqa_worktrees" / f"run42-b{number}"


def registered(repository: Repository) -> Any:
    runs = json.loads((repository.main / ".pqa/state.json").read_text())["runs"]
    return {name: one["agent"] for name, one in runs["run42"]["candidates"].items()}


def test_every_candidate_of_a_run_gets_the_task_without_any_plan(claude: Repository, tmp_path: Path) -> None:
    done = json.loads(claude.staddle("agents", "run42", "--task", str(tmp_path / "task"), "--json").stdout)
    assert [(work["target"], work["outcome"]) for work in done] == [("run42-b1", "done"), ("run42-b2", "done")]
    words = (tree(claude, 2) / ".staddle/words").read_text()
    assert words.startswith(f"-C\n{tree(claude, 2)}\n")
    assert "Find the answer." in words and "pqa/run42-b2" in words
    assert registered(claude)["b1"]["state"] == "done"


def test_a_digest_with_tokens_and_cost_comes_back_through_the_registry(claude: Repository, tmp_path: Path) -> None:
    (claude.main / "milestones.yaml").write_text(json.dumps(plan_with("claude")))
    claude.staddle("agents", "run42-b1", "--task", str(tmp_path / "task"), code=1)  # its message is not by the plan
    told = registered(claude)["b1"]
    assert (told["digest"], told["tokens"], told["cost"]) == ("An answer is there.", 12, 0.25)
    assert registered(claude)["b2"] is None


def plan_with(kind: str) -> dict[str, object]:
    milestone = {"id": "M1", "service": "part-1", "track": "A", "description": "Part", "scope": "part1"}
    places = {"branch": "feat/venture-m1-part", "tree": "../venture-wt-m1-part"}
    return {"version": 1, "project": "venture", "agents": {"it": {"kind": kind}}, "milestones": [milestone | places]}


def test_resume_takes_the_session_up_that_the_agent_named(claude: Repository, tmp_path: Path) -> None:
    (claude.main / "milestones.yaml").write_text(json.dumps(plan_with("claude")))
    (tree(claude, 1) / ".staddle").mkdir(exist_ok=True)
    (tree(claude, 1) / ".staddle/fail").touch()
    claude.staddle("agents", "run42-b1", "--task", str(tmp_path / "task"), code=1)
    (tree(claude, 1) / ".staddle/fail").unlink()
    claude.staddle("agents", "run42-b1", "--resume", code=1)
    words = (tree(claude, 1) / ".staddle/words").read_text().splitlines()
    assert words[words.index("--resume") + 1] == "my-session"
    assert "Go on where you were stopped" in (tree(claude, 1) / ".staddle/stdin").read_text()


def test_candidates_without_a_task_are_refused(claude: Repository) -> None:
    said = claude.staddle("agents", "run42", code=2).stderr
    assert "run42 has no task yet" in said
    assert "--task" in said


def test_a_run_that_is_over_takes_what_was_known_of_its_agents_along(claude: Repository, tmp_path: Path) -> None:
    claude.staddle("agents", "run42", "--task", str(tmp_path / "task"))
    claude.staddle("reconcile", "run42", "b1")
    assert claude.json("agents", "--status") == []
    assert_no_stumps(claude)
