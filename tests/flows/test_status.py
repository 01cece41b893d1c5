"""status and path: milestones and candidates at a glance, by their names, without touching anything."""

import json
import os
import pty
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.core.names import Oid
from staddle.core.verdict import Judged, Verdict
from staddle.edges.state import State
from staddle.edges.verdicts import Store
from tests.kit import STADDLE, Repository

from .living import Mailbox
from .running import tree, work

Planned = Callable[..., Repository]


@pytest.fixture
def fresh(repository: Repository) -> Repository:
    """A run of two in which nothing has been done yet."""
    repository.staddle("spawn", "run42", "2")
    return repository


def steps(repository: Repository, *targets: str) -> dict[str, str]:
    """The next step of every row, by its name."""
    return {row["name"]: row["next_step"] for row in repository.json("status", *targets)}


def judge(repository: Repository, verdict: Verdict, finished: float) -> None:
    """Keep a verdict on what run42-b1 has committed."""
    state = State(repository.main / ".git")
    state.prepare()
    commit, content = repository.git("rev-parse", "pqa/run42-b1", "pqa/run42-b1^{tree}").split()
    one = Judged("run42-b1", "unit", verdict, "", Oid(content), Oid(commit), "key", 0.0, finished, "")
    Store(state).show(one)


# --- what is shown -----------------------------------------------------------------------------------------------


def test_a_run_is_shown_in_a_repository_without_a_plan(run42: Repository) -> None:
    first, *_ = rows = run42.json("status")
    assert [row["name"] for row in rows] == ["run42-b1", "run42-b2", "run42-b3"]
    told: dict[str, object] = {
        "kind": "candidate",
        "run": "run42",
        "stage": "ready",
        "mode": "worktree",
        "branch": "pqa/run42-b1",
    }
    told |= {"folder": str(tree(run42, 1)), "standing": "ok", "ahead": 1, "changed": 0, "untracked": 0}
    assert told.items() <= first.items()


def test_milestones_come_first_and_their_rows_say_what_they_are(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees", "m1")
    repository.staddle("spawn", "run42", "1")
    rows = repository.json("status")
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("milestone", "m1"),
        ("milestone", "m2"),
        ("candidate", "run42-b1"),
    ]
    assert (rows[0]["service"], rows[0]["behind"]) == ("part-1", 0)


def test_the_plan_does_not_take_candidates_for_milestones_that_left_it(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("spawn", "run42", "2")
    assert repository.json("plan")["undeclared"] == []


def test_tracked_and_untracked_changes_are_counted_apart(fresh: Repository) -> None:
    for name in ("README.md", "new.txt", "newer.txt"):
        (tree(fresh, 1) / name).write_text("changed\n")
    first, second = fresh.json("status")
    assert (first["changed"], first["untracked"]) == (1, 2)
    assert (second["changed"], second["untracked"]) == (0, 0)


def test_a_verdict_is_shown_while_it_speaks_of_what_the_tree_holds(run42: Repository) -> None:
    judge(run42, Verdict.FAIL, time.time())
    (row,) = run42.json("status", "run42-b1")
    assert (row["checks"], row["verdict"], row["next_step"]) == ({"unit": "fail"}, "fail unit", "mend it")
    work(run42, 1, "README.md", "mended\n")
    (row,) = run42.json("status", "run42-b1")
    assert (row["verdict"], row["next_step"]) == ("stale", "reconcile run42 b1")


def test_a_verdict_on_a_run_of_that_name_that_has_ended_is_not_shown(run42: Repository) -> None:
    judge(run42, Verdict.FAIL, 0.0)
    assert run42.json("status", "run42-b1")[0]["checks"] == {}


def test_the_table_has_a_line_for_each_tree_in_a_narrow_terminal(planned: Planned) -> None:
    repository = planned(3)
    repository.staddle("worktrees", "m1", "m2")
    repository.staddle("spawn", "run42", "3")
    work(repository, 1, "README.md", "one\n")
    (tree(repository, 2) / "README.md").write_text("two\n")
    reader, writer = pty.openpty()
    subprocess.run(
        [*STADDLE, "status"],
        cwd=repository.main,
        stdout=writer,
        check=True,
        env=os.environ | {"TERM": "dumb", "COLUMNS": "80"},
    )
    os.close(writer)
    lines = [line.rstrip() for line in os.read(reader, 1 << 16).decode().splitlines()]
    os.close(reader)
    names = [
        line.split()[0] for line in lines if line and line.split()[0] not in ("service", "tree") and "─" not in line
    ]
    assert names == ["m1", "m2", "m3", "run42-b1", "run42-b2", "run42-b3"]
    assert max(map(len, lines)) <= 80


def test_without_a_plan_and_without_a_run_it_says_how_to_begin(repository: Repository) -> None:
    said = repository.staddle("status")
    assert (said.stdout, "staddle init" in said.stderr, "staddle spawn" in said.stderr) == ("", True, True)
    assert repository.json("status") == []


def test_a_wrong_plan_is_told_of(fresh: Repository) -> None:
    (fresh.main / "milestones.yaml").write_text("version: 2\n")
    assert "milestones.yaml:1" in fresh.staddle("status", code=2).stderr


# --- what is next ------------------------------------------------------------------------------------------------


def test_the_next_step_goes_from_work_by_a_commit_to_a_choice(fresh: Repository) -> None:
    assert steps(fresh, "run42-b1") == {"run42-b1": "work there, commit"}
    (tree(fresh, 1) / "README.md").write_text("done\n")
    assert steps(fresh, "run42-b1") == {"run42-b1": "commit"}
    work(fresh, 1, "README.md", "done\n")
    assert steps(fresh, "run42-b1") == {"run42-b1": "reconcile run42 b1"}


def test_a_tree_deleted_by_hand_can_be_chosen_by_its_branch(run42: Repository) -> None:
    subprocess.run(["rm", "-r", str(tree(run42, 1))], check=True)
    (row,) = run42.json("status", "run42-b1")
    assert (row["standing"], row["ahead"], row["next_step"]) == ("gone", 1, "reconcile run42 b1")


def test_a_tree_on_another_branch_is_told_the_way_back(run42: Repository) -> None:
    run42.git("switch", "--quiet", "-c", "mine", at=tree(run42, 1))
    (row,) = run42.json("status", "run42-b1")
    assert (row["standing"], row["next_step"]) == ("drift", "git switch pqa/run42-b1")


def test_a_branch_that_is_checked_out_elsewhere_is_told_of(run42: Repository) -> None:
    run42.git("switch", "--quiet", "--detach", at=tree(run42, 1))
    run42.git("switch", "--quiet", "pqa/run42-b1")
    assert steps(run42, "run42-b1")["run42-b1"] == f"pqa/run42-b1 is checked out in {run42.main}"


def test_a_merge_that_somebody_began_is_to_be_ended(run42: Repository) -> None:
    subprocess.run(["git", "merge", "--quiet", "pqa/run42-b2"], cwd=tree(run42, 1), capture_output=True, check=False)
    (row,) = run42.json("status", "run42-b1")
    assert (row["under_way"], row["next_step"]) == ("merge", "end the merge")


def test_a_branch_that_is_gone_leaves_the_others_to_choose_from(run42: Repository) -> None:
    run42.git("switch", "--quiet", "--detach", at=tree(run42, 1))
    run42.git("branch", "--quiet", "-D", "pqa/run42-b1")
    assert steps(run42)["run42-b1"] == "its branch is gone: choose another"


def test_what_is_no_tree_in_a_candidates_place_is_not_read(run42: Repository) -> None:
    tree(run42, 1).rename(run42.main.parent / "away")
    tree(run42, 1).mkdir()
    (row,) = run42.json("status", "run42-b1")
    assert (row["standing"], row["changed"]) == ("foreign", 0)


def test_a_preserved_survivor_is_what_is_left_of_its_run(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    assert steps(run42) == {"run42-b2": "merge or mend pqa/run42-b2 by hand, then: reconcile run42"}
    run42.git("branch", "--quiet", "-D", "pqa/run42-b2")
    assert steps(run42) == {"run42-b2": "reconcile run42 finishes it"}


def test_a_run_whose_end_is_under_way_is_shown_without_waiting_for_it(planned: Planned, tmp_path: Path) -> None:
    begun, go_on = Mailbox(tmp_path / "begun"), tmp_path / "go-on"
    os.mkfifo(go_on)
    script = f"echo begun > {begun.path}; read line < {go_on}"
    repository = planned(1, checks={"slow": {"run": {"shell": script}, "evidence": "exit-code"}})
    repository.staddle("spawn", "run42", "2")
    work(repository, 1, "new.txt", "new\n")
    with subprocess.Popen([*STADDLE, "reconcile", "run42", "b1"], cwd=repository.main, stdout=-3, stderr=-3) as ending:
        begun.line()
        assert set(steps(repository, "run42").values()) == {"reconcile run42 finishes it"}
        go_on.write_text("go on\n")
        assert ending.wait(60) == 0
    assert steps(repository).keys() == {"m1"}


def test_a_payload_is_to_be_filled_and_then_chosen(repository: Repository) -> None:
    repository.staddle("spawn", "run42", "2", "--mode", "context")
    (repository.main / ".pqa/branches/b1/files/new.txt").write_text("new\n")
    first, second = repository.json("status")
    assert (first["mode"], first["ahead"], first["untracked"]) == ("context", None, 1)
    assert first["next_step"] == "reconcile run42 b1"
    assert second["next_step"] == "fill .pqa/branches/b2, then: reconcile run42 b2"


# --- which, and from where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (["other"], ["other-b1"]),
        (["run42-b2", "run42"], ["run42-b1", "run42-b2"]),
        (["pqa/run42-b2", "M1"], ["m1", "run42-b2"]),
    ],
)
def test_targets_choose_milestones_runs_and_candidates(planned: Planned, targets: list[str], names: list[str]) -> None:
    repository = planned(2)
    repository.staddle("spawn", "run42", "2")
    repository.staddle("spawn", "other", "1")
    assert [row["name"] for row in repository.json("status", *targets)] == names


@pytest.mark.parametrize("verb", ["status", "path"])
def test_an_unknown_target_is_told_what_there_is(planned: Planned, verb: str) -> None:
    repository = planned(1)
    repository.staddle("spawn", "run42", "1")
    said = repository.staddle(verb, "run43", code=2).stderr
    assert "'run43' is no milestone, run or candidate here; did you mean 'run42'?" in said
    assert "one of: m1 run42 run42-b1" in said


def test_it_is_the_same_from_a_sub_folder_and_from_inside_a_tree(fresh: Repository) -> None:
    seen = [fresh.staddle("status", "--json", at=at).stdout for at in (fresh.main, fresh.main / "app", tree(fresh, 1))]
    assert json.loads(seen[0])[0]["name"] == "run42-b1"
    assert seen == [seen[0]] * 3


def test_a_bare_repository_shows_its_runs(repository: Repository, tmp_path: Path) -> None:
    bare = Repository(tmp_path / "origin.git")
    assert bare.json("status") == []
    bare.staddle("spawn", "run42", "1")
    assert steps(bare) == {"run42-b1": "work there, commit"}
    assert bare.staddle("path", "run42-b1").stdout == f"{tree(bare, 1)}\n"


def test_a_plan_outside_of_any_repository_shows_the_one_it_names(planned: Planned, tmp_path: Path) -> None:
    repository = planned(1, repo="parpour")
    (tmp_path / "plans").mkdir()
    plan = (repository.main / "milestones.yaml").rename(tmp_path / "milestones.yaml")
    repository.staddle("spawn", "run42", "1")
    for argv, at in ((("status",), plan.parent), (("status", "--plan", str(plan)), tmp_path / "plans")):
        rows = json.loads(repository.staddle(*argv, "--json", at=at).stdout)
        assert [row["name"] for row in rows] == ["m1", "run42-b1"]


def test_looking_writes_nothing(repository: Repository) -> None:
    before = sorted((repository.main / ".git").rglob("*"))
    repository.staddle("status")
    repository.staddle("path", "run42-b1", code=2)
    assert sorted((repository.main / ".git").rglob("*")) == before


# --- path --------------------------------------------------------------------------------------------------------


def test_path_gives_a_candidates_tree_and_a_payloads_folder(fresh: Repository) -> None:
    assert fresh.staddle("path", "run42-b2").stdout == f"{tree(fresh, 2)}\n"
    fresh.staddle("spawn", "words", "1", "--mode", "context")
    assert fresh.staddle("path", "words-b1").stdout == f"{fresh.main / '.pqa/branches/b1'}\n"


def test_path_of_a_run_names_its_candidates(fresh: Repository) -> None:
    assert "one of: run42-b1 run42-b2" in fresh.staddle("path", "run42", code=2).stderr


def test_path_of_a_tree_that_is_gone_says_what_to_look_at(fresh: Repository) -> None:
    subprocess.run(["rm", "-r", str(tree(fresh, 1))], check=True)
    assert "try: staddle status run42" in fresh.staddle("path", "run42-b1", code=2).stderr


# --- completion --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("status ", ["m1", "run42", "run42-b1", "run42-b2"]),
        ("path run42-", ["run42-b1", "run42-b2"]),
        ("verify ", ["m1", "run42", "run42-b1", "run42-b2"]),
        ("agents ", ["m1", "run42", "run42-b1", "run42-b2"]),
    ],
)
def test_the_shell_is_offered_what_there_is(planned: Planned, line: str, offered: list[str]) -> None:
    repository = planned(1)
    repository.staddle("spawn", "run42", "2")
    done = repository.staddle(_STADDLE_COMPLETE="complete_bash", COMP_WORDS=f"staddle {line}", COMP_CWORD="2")
    assert done.stdout.split() == offered
