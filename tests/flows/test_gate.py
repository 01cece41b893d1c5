"""The gate: what lands was proven as the commit it is, by the plan's checks and the repository's merge hooks."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import STADDLE, Repository, assert_no_stumps, write_plan

from .running import assert_clean, tree, work

Planned = Callable[..., Repository]
SAME = {"same": {"run": ["test", "!", "-e", "poison"], "evidence": "exit-code"}}


@pytest.fixture
def gated(planned: Planned) -> Repository:
    """A run of two in a repository whose plan's check fails where there is a file `poison`."""
    repository = planned(1, checks=SAME)
    repository.git("add", "milestones.yaml")
    repository.git("commit", "--quiet", "-m", "chore: plan")
    repository.staddle("spawn", "run42", "2")
    for number in (1, 2):
        work(repository, number, "new.txt", f"{number}\n")
    return repository


def message(repository: Repository) -> str:
    """The message of main's last commit."""
    return repository.git("log", "-1", "--format=%B", "main")


def hook(repository: Repository, name: str, script: str) -> None:
    """Put a hook into the repository."""
    path = repository.main / ".git" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_green_merge_lands_and_says_what_proved_it(gated: Repository) -> None:
    gated.staddle("reconcile", "run42", "b1")
    assert "Verified: same" in message(gated)
    assert_clean(gated)


def test_a_merge_that_is_red_though_both_sides_are_green_does_not_land(gated: Repository) -> None:
    gated.git("rm", "--quiet", "README.md", at=tree(gated, 1))
    gated.git("commit", "--quiet", "-m", "feat: no readme", at=tree(gated, 1))
    pair = {"pair": {"run": {"shell": "test -e README.md -o ! -e needs-readme"}, "evidence": "exit-code"}}
    write_plan(gated.main / "milestones.yaml", 1, checks=pair)
    gated.git("commit", "--quiet", "--all", "-m", "chore: another check")
    main = gated.commit(gated.main, "needs-readme", "x", "feat: needs the readme")
    said = gated.staddle("reconcile", "run42", "b1", code=1)
    assert said.stdout == "gate red: aborted. Survivor branch 'pqa/run42-b1' preserved.\n"
    assert "pair: fail" in said.stderr
    assert gated.git("rev-parse", "main") == main
    assert_clean(gated, "pqa/run42-b1")


def test_a_red_survivor_mended_on_its_branch_lands(gated: Repository) -> None:
    work(gated, 1, "poison", "x")
    gated.staddle("reconcile", "run42", "b1", code=1)
    gated.git("switch", "--quiet", "pqa/run42-b1")
    gated.git("rm", "--quiet", "poison")
    gated.git("commit", "--quiet", "-m", "fix: no poison")
    gated.git("switch", "--quiet", "main")
    gated.staddle("reconcile", "run42")
    assert (gated.main / "new.txt").read_text() == "1\n"
    assert_clean(gated)


def test_without_the_gate_it_lands_and_the_commit_says_so(gated: Repository) -> None:
    work(gated, 1, "poison", "x")
    gated.staddle("reconcile", "run42", "b1", "--no-gate")
    assert "Verified: none, --no-gate" in message(gated)


def test_without_checks_the_commit_says_that_nothing_verified_it(run42: Repository) -> None:
    run42.staddle("reconcile", "run42", "b1")
    assert message(run42).endswith("Run: run42\nSurvivor: b1\nVerified: none")


def test_a_wrong_plan_stops_the_landing_before_anything_is_touched(gated: Repository) -> None:
    (gated.main / "milestones.yaml").write_text("version: 2\n")
    before = gated.state()
    gated.staddle("reconcile", "run42", "b1", code=2)
    assert gated.state() == before


def test_the_target_moving_under_the_gate_is_merged_and_proven_again(planned: Planned) -> None:
    move = "test -e moved || { touch moved; git -C .. commit --quiet --allow-empty -m news; }"
    run = {"shell": f"cd {'$'}(git rev-parse --git-common-dir) && {move}"}
    repository = planned(1, checks={"move": {"run": run, "evidence": "exit-code"}})
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "new.txt", "1\n")
    assert "merging once more" in repository.staddle("reconcile", "run42", "b1").stderr
    assert repository.git("log", "-1", "--format=%s", "main^1") == "news"


def test_the_merge_hooks_of_the_repository_run_and_may_change_the_message(repository: Repository) -> None:
    hook(repository, "pre-merge-commit", "echo pre >> $(git rev-parse --git-common-dir)/ran")
    hook(repository, "commit-msg", 'echo "Signed-off-by: hook" >> "$1"')
    hook(repository, "post-merge", "echo post >> $(git rev-parse --git-common-dir)/ran")
    repository.staddle("spawn", "run42", "1")
    tip = work(repository, 1, "new.txt", "1\n").split()[0]
    repository.staddle("reconcile", "run42", "b1")
    assert (repository.main / ".git" / "ran").read_text() == "pre\npost\n"
    assert "Signed-off-by: hook" in message(repository)
    assert repository.git("rev-parse", "main^2") == tip
    assert_clean(repository)


def test_a_merge_hook_that_refuses_is_a_red_gate(repository: Repository) -> None:
    hook(repository, "pre-merge-commit", "echo not today; exit 1")
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "new.txt", "1\n")
    before = repository.git("rev-parse", "main")
    assert "gate red" in repository.staddle("reconcile", "run42", "b1", code=1).stdout
    assert repository.git("rev-parse", "main") == before
    assert_clean(repository, "pqa/run42-b1")


def test_a_gate_that_is_killed_leaves_no_stump_and_the_choice_is_finished(planned: Planned, tmp_path: Path) -> None:
    fifo, ran = tmp_path / "fifo", tmp_path / "ran"

    os.mkfifo(fifo)
    shell = f"test -e {ran} || {{ touch {ran}; echo > {fifo}; sleep 60; }}"
    repository = planned(1, checks={"slow": {"run": {"shell": shell}, "evidence": "exit-code"}})
    repository.staddle("spawn", "run42", "2")
    work(repository, 1, "new.txt", "1\n")
    argv = [*STADDLE, "reconcile", "run42", "b1"]
    with subprocess.Popen(argv, cwd=repository.main, stderr=subprocess.DEVNULL) as process:
        fifo.read_text()
        process.kill()
    repository.staddle("sweep")
    assert (repository.main / "new.txt").read_text() == "1\n"
    assert_clean(repository)
    assert_no_stumps(repository)
