"""worktrees: what a person sees before and after, on real repositories."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


def test_every_milestone_gets_its_tree_on_its_branch_from_the_remote_base(planned: Planned) -> None:
    repository = planned(3)
    repository.staddle("worktrees")
    base = repository.git("rev-parse", "origin/main")
    for number in (1, 2, 3):
        tree = repository.tree(number)
        assert repository.git("branch", "--show-current", at=tree) == repository.branch(number)
        assert repository.git("rev-parse", "HEAD", at=tree) == base
        assert repository.git("status", "--porcelain", at=tree) == ""
    assert_no_stumps(repository)


def test_twice_is_once(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees")
    before = repository.state()
    again = repository.staddle("worktrees")
    assert "creating" not in again.stderr
    assert repository.state() == before


def test_the_trees_files_are_those_of_git_itself(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("worktrees")
    plain = repository.main.parent / "plain"
    repository.git("worktree", "add", "--quiet", "--detach", str(plain))
    kept = [".git", ".staddle"]

    def files(top: Path) -> dict[str, object]:
        found = [path for path in top.rglob("*") if path.relative_to(top).parts[0] not in kept]
        return {
            str(path.relative_to(top)): path.readlink()
            if path.is_symlink()
            else (path.stat().st_mode, path.read_bytes())
            for path in found
            if path.is_symlink() or path.is_file()
        }

    assert files(repository.tree(1)) == files(plain)


def test_it_fetches_before_it_bases_anything_on_the_remote(planned: Planned, tmp_path: Path) -> None:
    repository = planned(1)
    other = tmp_path / "other"
    repository.git("clone", "--quiet", str(tmp_path / "origin.git"), str(other))
    newest = repository.commit(other, "new.txt", "new", "chore: newest")
    repository.git("push", "--quiet", "origin", "main", at=other)
    repository.staddle("worktrees")
    assert repository.git("rev-parse", "HEAD", at=repository.tree(1)) == newest


def test_an_existing_branch_is_checked_out_as_it_is(planned: Planned) -> None:
    repository = planned(1)
    repository.git("switch", "--quiet", "-c", repository.branch(1))
    tip = repository.commit(repository.main, "mine.txt", "mine", "feat: mine")
    repository.git("switch", "--quiet", "main")
    repository.staddle("worktrees")
    assert repository.git("rev-parse", "HEAD", at=repository.tree(1)) == tip


def test_a_branch_of_the_remote_is_tracked(planned: Planned) -> None:
    repository = planned(1)
    repository.git("push", "--quiet", "origin", f"main:refs/heads/{repository.branch(1)}")
    repository.git("fetch", "--quiet")
    repository.staddle("worktrees")
    upstream = repository.git("rev-parse", "--abbrev-ref", "@{upstream}", at=repository.tree(1))
    assert upstream == f"origin/{repository.branch(1)}"
    assert_no_stumps(repository)


def test_a_tree_made_by_hand_is_adopted_and_not_touched(planned: Planned) -> None:
    repository = planned(1)
    tree = repository.tree(1)
    repository.git("worktree", "add", "--quiet", "-b", repository.branch(1), str(tree))
    (tree / "draft.txt").write_text("draft")
    inode = tree.stat().st_ino
    done = repository.staddle("worktrees")
    assert "adopted" in done.stdout
    assert (tree / "draft.txt").read_text() == "draft"
    assert tree.stat().st_ino == inode


def test_a_foreign_folder_at_the_place_is_reported_and_the_others_are_made(planned: Planned) -> None:
    repository = planned(2)
    repository.tree(1).mkdir()
    (repository.tree(1) / "precious").write_text("mine")
    done = repository.staddle("worktrees", code=1)
    assert "m1  foreign" in done.stdout
    assert (repository.tree(1) / "precious").read_text() == "mine"
    assert repository.tree(2).is_dir()
    assert repository.branch(1) not in repository.git("branch", "--list")
    assert_no_stumps(repository)


def test_one_branch_that_cannot_be_made_stops_no_other_tree(planned: Planned) -> None:
    repository = planned(3)
    repository.git("branch", f"{repository.branch(2)}/deeper")
    done = repository.staddle("worktrees", code=1)
    assert "m2  failed" in done.stdout
    assert repository.tree(1).is_dir()
    assert repository.tree(3).is_dir()
    assert not repository.tree(2).exists()
    assert_no_stumps(repository)


def test_a_tree_deleted_by_hand_is_made_again_on_its_branch(planned: Planned) -> None:
    repository = planned(1)
    repository.staddle("worktrees")
    tip = repository.commit(repository.tree(1), "work.txt", "work", "feat: work")
    repository.git("clean", "-qffdx", at=repository.tree(1))
    repository.tree(1).rename(repository.main / "gone")
    repository.staddle("worktrees")
    assert repository.git("rev-parse", "HEAD", at=repository.tree(1)) == tip
    assert_no_stumps(repository)


def test_a_branch_checked_out_elsewhere_is_drift_and_nothing_moves(planned: Planned) -> None:
    repository = planned(1)
    repository.git("worktree", "add", "--quiet", "-b", repository.branch(1), "../elsewhere")
    done = repository.staddle("worktrees", code=1)
    assert "drift" in done.stdout
    assert "elsewhere" in done.stdout
    assert not repository.tree(1).exists()


def test_without_a_remote_the_base_is_the_local_branch_and_plan_says_so(planned: Planned) -> None:
    repository = planned(1)
    repository.git("remote", "remove", "origin")
    assert "there is no remote origin" in repository.staddle("plan").stderr
    repository.staddle("worktrees")
    assert repository.git("rev-parse", "HEAD", at=repository.tree(1)) == repository.git("rev-parse", "main")


def test_set_up_runs_once_in_each_tree_with_its_own_environment(planned: Planned) -> None:
    setup = [{"shell": "echo $STADDLE_MILESTONE $STADDLE_PORT_BASE >> .staddle/setup-log; pwd"}]
    repository = planned(2, setup=setup)
    repository.staddle("worktrees")
    repository.staddle("worktrees")
    said = [(repository.tree(n) / ".staddle" / "setup-log").read_text().split() for n in (1, 2)]
    assert [words[0] for words in said] == ["M1", "M2"]
    assert said[0][1] != said[1][1]
    assert [len(words) for words in said] == [2, 2]


def test_an_environment_that_an_interrupted_set_up_left_half_made_is_not_installed_into(planned: Planned) -> None:
    """uv takes such a folder for an environment, and installs into the Python that it links to."""
    half = "mkdir -p .venv/bin && ln -s /usr/bin/python3 .venv/bin/python && false"
    repository = planned(1, setup=[{"shell": f"test -e .staddle/once || {{ touch .staddle/once; {half}; }}"}])
    repository.staddle("worktrees", code=1)
    assert (repository.tree(1) / ".venv").exists()
    repository.staddle("worktrees")
    assert not (repository.tree(1) / ".venv").exists()


def test_a_failing_set_up_names_its_command_and_log_keeps_the_tree_and_is_run_again(planned: Planned) -> None:
    repository = planned(1, setup=[{"shell": "echo broken; test -e .staddle/mended"}])
    done = repository.staddle("worktrees", code=1)
    assert "exit code 1" in done.stdout
    log = Path(done.stdout.split("see ")[1].split()[0])
    assert log.read_text() == "broken\n"
    (repository.tree(1) / ".staddle" / "mended").touch()
    repository.staddle("worktrees")


def test_the_env_file_reserves_ports_that_no_other_tree_has(planned: Planned) -> None:
    repository = planned(3, surroundings={"ports": 7, "copy": [".env"], "env": {"APP_ENV": "test"}})
    (repository.main / ".env").write_text("SECRET=1\n")
    repository.staddle("worktrees")
    texts = [(repository.tree(n) / ".staddle" / "env").read_text() for n in (1, 2, 3)]
    variables = [dict(line.split("=", 1) for line in text.splitlines()) for text in texts]
    starts = sorted(int(found["STADDLE_PORT_BASE"]) for found in variables)
    assert all(second - first >= 7 for first, second in pairwise(starts))
    assert {found["STADDLE_DATABASE"] for found in variables} == {"venture_m1", "venture_m2", "venture_m3"}
    assert variables[0]["APP_ENV"] == "test"
    assert (repository.tree(2) / ".env").read_text() == "SECRET=1\n"


def test_plan_changes_nothing(planned: Planned) -> None:
    repository = planned(2)
    before = repository.state()
    assert [row["state"] for row in repository.json("plan")["milestones"]] == ["create", "create"]
    assert repository.state() == before
    assert not (repository.main / ".git" / "staddle").exists()


def test_a_new_milestone_in_the_plan_is_all_that_onboarding_takes(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees")
    planned(3)
    repository.staddle("worktrees")
    assert repository.tree(3).is_dir()


def test_a_milestone_taken_out_of_the_plan_is_shown_as_undeclared(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees")
    planned(1)
    assert [row["name"] for row in repository.json("plan")["undeclared"]] == ["m2"]


def test_the_plan_is_the_main_trees_from_whichever_tree_one_stands_in(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees")
    inside = repository.staddle("path", "m2", at=repository.tree(1) / "app")
    assert inside.stdout == f"{repository.tree(2)}\n"


def test_unreachable_remote_is_an_error_with_a_way_on(planned: Planned) -> None:
    repository = planned(1)
    repository.git("remote", "set-url", "origin", "/nowhere.git")
    done = repository.staddle("worktrees", code=1)
    assert "--no-fetch" in done.stderr
    repository.staddle("worktrees", "--no-fetch")


def test_json_answers_are_data(planned: Planned) -> None:
    repository = planned(1)
    answer = json.loads(repository.staddle("worktrees", "--json").stdout)
    assert [(row["name"], row["did"], row["well"]) for row in answer] == [("m1", "created", True)]
