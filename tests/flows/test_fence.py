"""The fence: in an agent's process git moves its tree's branch and HEAD, and refuses every other ref, saying why."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import STADDLE, Repository

from .living import Mailbox, gone

Planned = Callable[..., Repository]
MESSAGE = "feat(part1): FR-X-001 first thing"
COMMIT = f"git commit -q --allow-empty -m '{MESSAGE}'"
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing"}]
MOVES = "this agent moves feat/venture-m1-part and its own tree's HEAD, nothing else"


@pytest.fixture
def standing(planned: Planned) -> Callable[[str], Repository]:
    """Trees of two milestones, and an agent that is this shell text."""

    def make(shell: str) -> Repository:
        agents = {"script": {"command": {"shell": shell}}}
        repository = planned(2, agents=agents, first={"requirements": REQUIREMENTS})
        repository.staddle("worktrees")
        return repository

    return make


Standing = Callable[[str], Repository]


def log_of(repository: Repository, target: str = "m1", task: str = "FR-X-001") -> str:
    return (repository.main / ".git/staddle/logs" / target / f"agent-{task}.log").read_text()


def refs(repository: Repository) -> str:
    return repository.git("for-each-ref", "--format=%(refname) %(objectname)")


STAYS = {
    "git branch elsewhere": "refs/heads/elsewhere stays as it is",
    "git switch -qc elsewhere": "refs/heads/elsewhere stays as it is",
    "git tag v1": "refs/tags/v1 stays as it is",
    "git update-ref refs/heads/main $(git commit-tree -m x HEAD:)": "refs/heads/main stays as it is",
    "git update-ref -d refs/heads/feat/venture-m2-part": "refs/heads/feat/venture-m2-part stays as it is",
    "git -C ../parpour commit -q --allow-empty -m 'chore: x'": "HEAD is of another tree",
    "git -C ../parpour switch -q --detach": "HEAD is of another tree",
    "git -C ../venture-wt-m2-part commit -q --no-verify --allow-empty -m x": "HEAD is of another tree",
    "git worktree add -q --detach ../mine HEAD": "HEAD is of another tree",
    "echo x > f; git add f; git stash -q": "refs/stash stays as it is",
    "git branch -m mine": "refs/heads/feat/venture-m1-part stays",
    "git -c remote.origin.pushurl=$(git remote get-url origin) push -q origin HEAD": "nothing is pushed from here",
    "git fetch -q origin +main:refs/remotes/origin/other": "refs/remotes/origin/other stays as it is",
    "git notes add -m x": "refs/notes/commits stays as it is",
}
"""What an agent tries, and how the line begins that it is answered."""

OWN = f"""
set -e
export GIT_EDITOR=true
echo 1 > one; git add one; git commit -qm 'test(part1): FR-X-000 part one'
git commit -q --amend -m 'test(part1): FR-X-000 part one amended'
echo 2 > two; git add two; git commit -qm 'test(part1): FR-X-000 part two'
git reset -q --hard HEAD~1
git reset -q --hard ORIG_HEAD
git rebase -q --force-rebase HEAD~2
git checkout -q --detach; echo 3 > three; git add three; git commit -qm 'test(part1): FR-X-000 part three'
three=$(git rev-parse HEAD); git checkout -q -
git merge -q --squash $three; git commit -qm 'test(part1): FR-X-000 part three'
git bisect start HEAD HEAD~2; git bisect reset
git update-ref refs/worktree/mark HEAD; git update-ref -d refs/worktree/mark
{COMMIT}
"""


def test_every_other_ref_is_refused_by_name(standing: Standing) -> None:
    repository = standing("; ".join(STAYS))
    before = refs(repository)
    repository.staddle("agents", "m1", code=1)
    told = [line for line in log_of(repository).splitlines() if line.startswith("staddle: ")]
    assert list(dict.fromkeys(told)) == list(dict.fromkeys(f"staddle: {why}: {MOVES}" for why in STAYS.values()))
    assert refs(repository) == before


@pytest.mark.parametrize("where", ["origin HEAD", "--no-verify origin HEAD", "--no-verify ../origin.git HEAD"])
def test_nothing_is_pushed_though_hooks_are_passed_over(standing: Standing, where: str) -> None:
    repository = standing(f"git push -q {where}")
    origin = Path(repository.git("remote", "get-url", "origin"))
    before = repository.git("for-each-ref", at=origin)
    repository.staddle("agents", "m1", code=1)
    assert "nothing is pushed from here" in log_of(repository)
    assert repository.git("for-each-ref", at=origin) == before


@pytest.mark.parametrize("verb", ["spawn run7 2", "worktrees", "sync m2", "land m2", "remove m2"])
def test_what_git_refuses_an_agent_staddle_refuses_it_too(standing: Standing, verb: str) -> None:
    repository = standing(f"cd ../parpour; {sys.executable} -m staddle {verb}")
    repository.commit(repository.tree(2), "x", "x", "feat(part2): FR-X-002 second thing")
    before = repository.state()
    repository.staddle("agents", "m1", code=1)
    assert "error: trees and branches are not an agent's to change" in log_of(repository)
    assert repository.state() == before


def test_work_on_its_own_branch_goes_on(standing: Standing) -> None:
    repository = standing(OWN)
    repository.staddle("agents", "m1")
    assert "staddle:" not in log_of(repository)
    assert repository.git("log", "--format=%s", "main..feat/venture-m1-part").splitlines() == [
        MESSAGE,
        *(f"test(part1): FR-X-000 part {which}" for which in ("three", "two", "one amended")),
    ]


def test_a_candidate_is_fenced_in_with_the_repositorys_own_hooks_at_work(planned: Planned) -> None:
    shell = "git tag v1; git commit -q --allow-empty -m 'chore: note the task down'"
    repository = planned(1, agents={"script": {"command": {"shell": shell}}})
    for name in ("post-commit", "reference-transaction"):
        hook = repository.main / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\necho own {name} $1 $(grep -c refs/heads/) >&2\n")
        hook.chmod(0o755)
    repository.staddle("spawn", "run42", "1")
    repository.staddle("prompts", "run42", "--task", "do it")
    repository.staddle("agents", "run42")
    said = log_of(repository, "run42-b1", "task")
    assert "refs/tags/v1 stays as it is: this agent moves pqa/run42-b1 and its own tree's HEAD, nothing else" in said
    assert "own reference-transaction prepared 1" in said
    assert "own post-commit" in said


def test_the_rules_of_a_milestones_tree_hold_behind_the_fence(standing: Standing) -> None:
    repository = standing(f"git commit -q --allow-empty -m 'did things'; {COMMIT}")
    repository.staddle("agents", "m1")
    assert "it begins with no type [type]" in log_of(repository)


def test_other_repositories_are_none_of_the_fences_business(standing: Standing, tmp_path: Path) -> None:
    other = f"git init -q -b main {tmp_path}/scratch && cd {tmp_path}/scratch"
    repository = standing(f"({other} && git commit -q --allow-empty -m x && git branch more); {COMMIT}")
    repository.staddle("agents", "m1")
    assert repository.git("branch", "--format=%(refname:short)", at=tmp_path / "scratch") == "main\nmore"


def test_a_kill_leaves_no_fence_around_people(standing: Standing, tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mailbox")
    repository = standing(f"echo $$ > {mailbox.path}; sleep 60")
    config = (repository.main / ".git/config").read_text()
    with subprocess.Popen([*STADDLE, "agents", "m1"], cwd=repository.main, stderr=subprocess.DEVNULL) as killed:
        agent = mailbox.process()
        os.kill(killed.pid, signal.SIGKILL)
    assert gone(agent)
    assert (repository.main / ".git/config").read_text() == config
    repository.git("branch", "elsewhere", at=repository.tree(1))
    repository.git("tag", "v1")
