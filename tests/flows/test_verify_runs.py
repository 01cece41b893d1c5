"""verify of candidates: the plan's own checks, in every tree of a run, or on the commit of a payload."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.core.errors import Held
from staddle.edges.state import locked
from tests.kit import STADDLE, Repository, assert_no_stumps, write_plan

from .running import assert_clean, tree, work

Planned = Callable[..., Repository]
NUMBER = {"number": {"run": ["grep", "-q", "NUMBER = 1", "app/new.py"], "evidence": "exit-code"}}


@pytest.fixture
def judged(planned: Planned) -> Repository:
    """A run of two in a repository whose plan's check holds for the first alone."""
    repository = planned(1, checks=NUMBER)
    repository.staddle("spawn", "run42", "2")
    for number in (1, 2):
        work(repository, number, "app/new.py", f"NUMBER = {number}\n")
    return repository


def verdicts(repository: Repository, *argv: str, code: int = 0) -> dict[str, str]:
    """The verdict on each target."""

    said = repository.staddle("verify", *argv, "--json", code=code).stdout
    return {row["target"]: row["verdict"] + " cached" * row["cached"] for row in json.loads(said)}


def test_every_candidate_of_a_run_is_judged_in_its_tree(judged: Repository) -> None:
    assert verdicts(judged, "run42", code=1) == {"run42-b1": "pass", "run42-b2": "fail"}


def test_one_candidate_is_judged_alone_and_once(judged: Repository) -> None:
    assert verdicts(judged, "run42-b1") == {"run42-b1": "pass"}
    assert verdicts(judged, "run42-b1") == {"run42-b1": "pass cached"}


def test_a_candidate_that_was_proven_lands_without_running_its_checks_again(judged: Repository, tmp_path: Path) -> None:
    check = {"run": {"shell": f"echo ran >> {tmp_path}/runs"}, "evidence": "exit-code"}

    write_plan(judged.main / "milestones.yaml", 1, checks={"count": check})
    judged.staddle("verify", "run42-b1")
    judged.staddle("reconcile", "run42", "b1")
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert_clean(judged)


def test_a_payload_is_judged_as_the_commit_it_will_be(planned: Planned) -> None:
    repository = planned(1, checks=NUMBER)
    repository.staddle("spawn", "run42", "2", "--mode", "context")
    for number in (1, 2):
        path = repository.main / ".pqa" / "branches" / f"b{number}" / "files" / "app" / "new.py"
        path.parent.mkdir()
        path.write_text(f"NUMBER = {number}\n")
    assert verdicts(repository, "run42", code=1) == {"run42-b1": "pass", "run42-b2": "fail"}
    assert_no_stumps(repository)
    assert list((repository.main / ".pqa_worktrees").glob("run42*")) == []


def test_without_checks_of_its_own_the_plan_is_named(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("spawn", "run42", "1")
    assert "checks" in repository.staddle("verify", "run42", code=2).stderr


def test_of_those_who_shared_a_lock_one_that_holds_it_still_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run-run42.mutex"
    with locked(path, 0, "agents", shared=True):
        with locked(path, 0, "verify", shared=True):
            pass
        with pytest.raises(Held, match="run-run42 is held by agents, process"), locked(path, 0, "reconcile"):
            pass


def test_a_run_is_not_taken_away_while_its_candidates_are_judged(planned: Planned, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    check = {"run": {"shell": f"echo begun > {fifo}; cat {fifo}"}, "evidence": "exit-code"}
    repository = planned(1, checks={"slow": check})
    repository.staddle("spawn", "run42", "1")
    with subprocess.Popen([*STADDLE, "verify", "run42"], cwd=repository.main, stdout=-3, stderr=-3) as running:
        assert fifo.read_text() == "begun\n"
        assert "held by verify run42" in repository.staddle("reconcile", "run42", code=4).stderr
        assert tree(repository, 1).is_dir()
        fifo.write_text("end\n")
    assert running.returncode == 0
    repository.staddle("reconcile", "run42")
    assert_clean(repository)
