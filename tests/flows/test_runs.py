"""Runs: spawn, reconcile, sweep and undo, as an operator sees them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit import Repository

from .running import assert_clean, tree, work


def test_the_worked_example(repository: Repository) -> None:
    said = repository.staddle("spawn", "run42", "3").stdout
    assert said.splitlines() == [str(tree(repository, number)) for number in (1, 2, 3)]
    assert repository.git("status", "--porcelain") == ""
    old, tip = repository.git("rev-parse", "main"), work(repository, 2, "new.txt", "b2\n")
    assert repository.staddle("reconcile", "run42", "pqa/run42-b2").stdout == "reconciled run run42\n"
    assert repository.git("log", "-1", "--format=%P") == f"{old} {tip}"
    assert (repository.main / "new.txt").read_text() == "b2\n"
    assert repository.git("status", "--porcelain") == ""
    assert_clean(repository)


def test_the_mid_run_kill_drill_leaves_nothing_and_again_is_a_no_op(run42: Repository) -> None:
    before = run42.git("rev-parse", "main")
    assert run42.staddle("reconcile", "run42").stdout == "reconciled run run42\n"
    assert_clean(run42)
    assert "nothing to do" in run42.staddle("reconcile", "run42").stderr
    assert run42.git("rev-parse", "main") == before


def test_the_conflict_drill_preserves_the_survivor_and_touches_nothing(run42: Repository) -> None:
    main = run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    for _ in range(2):
        said = run42.staddle("reconcile", "run42", "b2", code=1).stdout
        assert said == "merge conflict: aborted. Survivor branch 'pqa/run42-b2' preserved.\n"
        assert run42.git("rev-parse", "main") == main
        assert run42.git("status", "--porcelain") == ""
        assert_clean(run42, "pqa/run42-b2")


def test_a_preserved_survivor_merged_by_hand_is_recognised(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    run42.git("merge", "--quiet", "--no-ff", "-X", "theirs", "-m", "by hand", "pqa/run42-b2")
    assert run42.staddle("reconcile", "run42").stdout == "reconciled run run42\n"
    assert_clean(run42)


@pytest.mark.parametrize("spelling", ["b2", "2", "run42-b2", "pqa/run42-b2", "refs/heads/pqa/run42-b2"])
def test_the_survivor_may_be_spelled_as_one_thinks_of_it(run42: Repository, spelling: str) -> None:
    run42.staddle("reconcile", "run42", spelling)
    assert (run42.main / "README.md").read_text() == "candidate 2\n"


def test_unrelated_dirty_staged_and_untracked_files_stay_as_they_are(run42: Repository) -> None:
    (run42.main / "app" / "core.py").write_text("dirty\n")
    (run42.main / "staged.txt").write_text("staged\n")
    run42.git("add", "staged.txt")
    (run42.main / "untracked.txt").write_text("untracked\n")
    before = run42.git("status", "--porcelain")
    run42.staddle("reconcile", "run42", "b1")
    assert run42.git("status", "--porcelain") == before
    assert (run42.main / "README.md").read_text() == "candidate 1\n"


def test_an_edit_where_the_survivor_changes_too_is_refused_and_kept(run42: Repository) -> None:
    (run42.main / "README.md").write_text("mine\n")
    before = run42.state()
    assert "README.md" in run42.staddle("reconcile", "run42", "b1", code=3).stderr
    assert run42.state() == before
    assert (run42.main / "README.md").read_text() == "mine\n"


@pytest.mark.parametrize("ignored", [False, True])
def test_a_file_in_the_way_is_refused_and_kept_even_if_ignored(repository: Repository, ignored: bool) -> None:
    repository.staddle("spawn", "run42", "1")
    work(repository, 1, "new.txt", "theirs\n")
    (repository.main / "new.txt").write_text("mine\n")
    if ignored:
        (repository.main / ".git" / "info" / "exclude").write_text("new.txt\n")
    repository.staddle("reconcile", "run42", "b1", code=3)
    assert (repository.main / "new.txt").read_text() == "mine\n"
    assert tree(repository, 1).is_dir()


def test_a_survivor_with_uncommitted_work_is_refused(run42: Repository) -> None:
    (tree(run42, 2) / "more.txt").write_text("more")
    assert "more.txt" in run42.staddle("reconcile", "run42", "b2", code=3).stderr
    assert tree(run42, 1).is_dir()


def test_a_taken_name_is_refused_at_spawn_and_its_commit_survives(repository: Repository) -> None:
    repository.git("switch", "--quiet", "-c", "pqa/f5-b2")
    only = repository.commit(repository.main, "only.txt", "only", "feat: only here")
    repository.git("switch", "--quiet", "main")
    repository.staddle("spawn", "f5", "3", code=3)
    assert repository.git("branch", "--list", "pqa/*", "--format=%(refname:short)") == "pqa/f5-b2"
    repository.staddle("reconcile", "f5", code=3)
    assert repository.git("rev-parse", "pqa/f5-b2") == only


def test_look_alikes_and_neighbouring_runs_are_not_touched(repository: Repository) -> None:
    for name in ("pqa/x-bonus", "pqa/x-b1x", "pqa/X-b1", "pqa/x"):
        repository.git("branch", name)
    repository.git("branch", "-D", "pqa/x")
    repository.staddle("spawn", "x", "2")
    repository.staddle("spawn", "x-a", "2")
    repository.staddle("reconcile", "x")
    left = repository.git("branch", "--list", "pqa/*", "--format=%(refname:short)").split()
    assert left == ["pqa/X-b1", "pqa/x-a-b1", "pqa/x-a-b2", "pqa/x-b1x", "pqa/x-bonus"]


@pytest.mark.parametrize(
    "name", ["a b", "..", "-x", "$(touch PWN)", "a\nb", "x" * 300, "ünï", "x.lock", "x-b1", "", "a/b"]
)
def test_names_that_cannot_be_a_runs_are_refused_with_the_reason(repository: Repository, name: str) -> None:
    before = repository.state()
    assert repository.staddle("spawn", "--", name, "2", code=2).stderr
    assert repository.state() == before


def test_a_home_that_is_a_link_is_refused(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repository.main / ".pqa_worktrees").symlink_to(tmp_path / "elsewhere")
    repository.staddle("spawn", "run42", "2", code=3)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_candidate_replaced_by_a_link_costs_the_link_alone(run42: Repository, tmp_path: Path) -> None:
    tree(run42, 1).rename(tmp_path / "precious")
    tree(run42, 1).symlink_to(tmp_path / "precious")
    run42.staddle("reconcile", "run42")
    assert (tmp_path / "precious" / "README.md").exists()


def test_a_candidate_deleted_by_hand_is_no_hindrance(run42: Repository) -> None:
    subprocess.run(["rm", "-rf", str(tree(run42, 3))], check=True)
    run42.staddle("reconcile", "run42", "b1")
    assert_clean(run42)


def test_losers_come_back_by_undo_with_their_uncommitted_work(run42: Repository) -> None:
    (tree(run42, 1) / "wip.txt").write_text("half done\n")
    committed = run42.git("rev-parse", "pqa/run42-b1")
    run42.staddle("reconcile", "run42", "b2")
    assert "uncommitted" in run42.staddle("undo", "run42", "b1").stdout
    assert run42.git("show", "pqa/run42-b1:wip.txt") == "half done"
    assert run42.git("rev-parse", "pqa/run42-b1^") == committed


def test_spawning_again_gives_the_same_trees(run42: Repository) -> None:
    before = run42.state()
    run42.staddle("spawn", "run42", "3")
    assert run42.state() == before
    run42.staddle("spawn", "run42", "2", code=3)


def test_two_spawns_of_one_run_at_once_make_it_once(repository: Repository) -> None:
    argv = [sys.executable, "-m", "staddle", "spawn", "run42", "3"]
    both = [subprocess.Popen(argv, cwd=repository.main, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0][0] == said[1][0]
    repository.staddle("reconcile", "run42")
    assert_clean(repository)


def test_four_runs_reconciled_at_once_all_land(repository: Repository) -> None:
    for number in range(1, 5):
        repository.staddle("spawn", f"r{number}", "2")
        repository.commit(tree(repository, 1, f"r{number}"), f"r{number}.txt", "x", f"feat: r{number}")
    argv = [sys.executable, "-m", "staddle", "reconcile"]
    running = [
        subprocess.Popen([*argv, f"r{n}", "b1"], cwd=repository.main, stdout=subprocess.DEVNULL) for n in range(1, 5)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    assert {path.name for path in repository.main.glob("r?.txt")} == {"r1.txt", "r2.txt", "r3.txt", "r4.txt"}
    assert repository.git("status", "--porcelain") == ""
    assert_clean(repository)


def test_a_survivor_that_equals_main_lands_nothing(repository: Repository) -> None:
    before = repository.git("rev-parse", "main")
    repository.staddle("spawn", "run42", "2")
    repository.staddle("reconcile", "run42", "b1")
    assert repository.git("rev-parse", "main") == before
    assert_clean(repository)


def test_a_recorded_choice_binds(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    run42.staddle("reconcile", "run42", "b1", code=3)


def test_a_foreign_repository_in_a_candidates_place_is_refused_and_kept(run42: Repository) -> None:
    subprocess.run(["rm", "-rf", str(tree(run42, 1))], check=True)
    subprocess.run(["git", "init", "--quiet", str(tree(run42, 1))], check=True)
    assert "another repository" in run42.staddle("reconcile", "run42", code=3).stderr
    assert (tree(run42, 1) / ".git" / "HEAD").exists()


def test_sweep_leaves_a_run_that_waits_for_a_choice(run42: Repository) -> None:
    assert run42.staddle("sweep").stdout == "nothing to sweep\n"
    assert tree(run42, 1).is_dir()


def test_the_registry_tells_people_what_runs_there_are(run42: Repository) -> None:
    registry = run42.main / ".pqa" / "state.json"
    told = json.loads(registry.read_text())["runs"]["run42"]
    assert (told["stage"], told["target"]) == ("ready", "refs/heads/main")
    assert told["candidates"]["b2"]["tree"] == str(tree(run42, 2))
    assert run42.git("status", "--porcelain") == ""
    registry.unlink()
    run42.staddle("reconcile", "run42", "b2")
    assert json.loads(registry.read_text())["runs"] == {}


def test_a_preserved_survivor_that_a_person_went_on_with_is_not_deleted(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    run42.git("merge", "--quiet", "--no-ff", "-X", "theirs", "-m", "by hand", "pqa/run42-b2")
    run42.git("worktree", "add", "--quiet", "../mine", "pqa/run42-b2")
    more = run42.commit(run42.main.parent / "mine", "more.txt", "more", "feat: more")
    run42.staddle("reconcile", "run42", code=3)
    assert run42.git("rev-parse", "pqa/run42-b2") == more


def test_a_preserved_survivor_resolved_on_its_branch_lands(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    run42.git("worktree", "add", "--quiet", "../mine", "pqa/run42-b2")
    run42.git("merge", "--quiet", "-X", "ours", "-m", "resolve", "main", at=run42.main.parent / "mine")
    run42.git("worktree", "remove", "../mine")
    run42.staddle("reconcile", "run42")
    assert (run42.main / "README.md").read_text() == "candidate 2\n"
    assert_clean(run42)


def test_a_preserved_survivor_whose_branch_was_deleted_ends_the_run(run42: Repository) -> None:
    run42.commit(run42.main, "README.md", "main went on\n", "fix: main went on")
    run42.staddle("reconcile", "run42", "b2", code=1)
    run42.git("branch", "-D", "pqa/run42-b2")
    run42.staddle("reconcile", "run42")
    run42.staddle("spawn", "run42", "1")


def test_a_choice_that_could_not_land_binds_nobody(run42: Repository) -> None:
    run42.git("config", "--global", "commit.gpgsign", "true")
    run42.git("config", "--global", "gpg.program", "false")
    run42.staddle("reconcile", "run42", "b2", code=1)
    run42.git("config", "--global", "commit.gpgsign", "false")
    other = work(run42, 1, "later.txt", "later\n")
    run42.staddle("reconcile", "run42", "b1")
    assert run42.git("rev-parse", "main^2") == other


def test_a_second_run_of_the_same_name_does_not_cost_the_first_ones_losers(repository: Repository) -> None:
    for text in ("first", "second"):
        repository.staddle("spawn", "r", "1")
        repository.commit(tree(repository, 1, "r"), "x.txt", text, f"feat: {text}")
        repository.staddle("reconcile", "r")
    repository.staddle("undo", "r", "b1")
    assert repository.git("show", "pqa/r-b1:x.txt") == "second"


def test_what_git_cannot_carry_is_kept_as_a_folder(run42: Repository) -> None:
    subprocess.run(["git", "init", "--quiet", str(tree(run42, 1) / "inner")], check=True)
    (tree(run42, 1) / "inner" / "file").write_text("inner\n")
    said = run42.staddle("reconcile", "run42").stderr
    folder = Path(next(line for line in said.splitlines() if "folder is kept" in line).rpartition(" ")[2])
    assert (folder / "inner" / "file").read_text() == "inner\n"
    assert_clean(run42)


def test_commits_on_a_detached_head_are_kept(run42: Repository) -> None:
    run42.git("switch", "--quiet", "--detach", at=tree(run42, 1))
    lost = work(run42, 1, "lost.txt", "lost\n")
    run42.staddle("reconcile", "run42", "b2")
    run42.staddle("undo", "run42", "b1")
    assert run42.git("rev-parse", "pqa/run42-b1") == lost


def test_a_loser_reset_to_an_older_commit_is_no_hindrance(run42: Repository) -> None:
    run42.git("reset", "--quiet", "--hard", "main~1", at=tree(run42, 1))
    run42.staddle("reconcile", "run42", "b2")
    assert_clean(run42)


def test_unrelated_histories_are_a_conflict(run42: Repository) -> None:
    run42.git("checkout", "--quiet", "--orphan", "other", at=tree(run42, 2))
    orphan = work(run42, 2, "orphan.txt", "orphan\n")
    run42.git("switch", "--quiet", "--detach", at=tree(run42, 2))
    run42.git("branch", "--force", "pqa/run42-b2", orphan)
    run42.git("switch", "--quiet", "pqa/run42-b2", at=tree(run42, 2))
    run42.git("branch", "-D", "other")
    assert "preserved" in run42.staddle("reconcile", "run42", "b2", code=1).stdout


def test_a_tag_named_like_the_branch_confuses_nothing(repository: Repository) -> None:
    repository.git("tag", "main")
    repository.staddle("spawn", "r", "1")
    repository.commit(tree(repository, 1, "r"), "x.txt", "x", "feat: x")
    repository.staddle("reconcile", "r", "b1")
    assert (repository.main / "x.txt").exists()


def test_a_file_that_becomes_a_folder_lands(repository: Repository) -> None:
    repository.staddle("spawn", "r", "1")
    (tree(repository, 1, "r") / "README.md").unlink()
    repository.git("rm", "--quiet", "--cached", "README.md", at=tree(repository, 1, "r"))
    repository.commit(tree(repository, 1, "r"), "README.md/inside", "x", "feat: folder")
    repository.staddle("reconcile", "r", "b1")
    assert (repository.main / "README.md" / "inside").read_text() == "x"
    assert repository.git("status", "--porcelain") == ""


def test_an_ended_run_is_not_ended_twice_and_an_unknown_one_is_named(run42: Repository) -> None:
    run42.staddle("reconcile", "run42", "b2")
    assert "nothing to do" in run42.staddle("reconcile", "run42", "b2").stderr
    assert "b2 landed" in run42.staddle("reconcile", "run42", "b1", code=2).stderr
    assert "no run run43" in run42.staddle("reconcile", "run43", "b1", code=2).stderr
