"""Runs among people and programs: planted settings, runs of others, processes and trees in odd states."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.kit import STADDLE, Repository, write_plan

from .living import Mailbox, gone
from .running import assert_clean, tree


def plant_hook(repository: Repository) -> None:
    """A hook that leaves a trace when it runs."""
    hook = repository.main / ".git" / "hooks" / "post-merge"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository.main.parent}/planted\n")
    hook.chmod(0o755)


def plant_fsmonitor(repository: Repository) -> None:
    """A setting that makes every `git status` start a program."""
    repository.git("config", "core.fsmonitor", f"touch {repository.main.parent}/planted; false", at=tree(repository, 1))


def plant_attributes(repository: Repository) -> None:
    """Attributes for all trees at once."""
    (repository.main / ".git" / "info" / "attributes").write_text("* merge=ours\n")


@pytest.mark.parametrize(
    ("plant", "line"),
    [(plant_hook, "hooks/post-merge"), (plant_fsmonitor, "core.fsmonitor"), (plant_attributes, "info/attributes")],
)
def test_what_was_planted_since_the_spawn_is_named_and_nothing_lands(run42: Repository, plant, line: str) -> None:  # type: ignore[no-untyped-def]
    plant(run42)
    said = run42.staddle("reconcile", "run42", "b1", code=3).stderr
    assert line in said
    assert "--trust" in said
    assert tree(run42, 2).is_dir()
    assert not (run42.main.parent / "planted").exists()


def test_a_change_that_was_the_persons_own_is_accepted_on_request(run42: Repository) -> None:
    run42.git("config", "user.nickname", "Ada")
    run42.staddle("reconcile", "run42", "b1", code=3)
    run42.staddle("reconcile", "run42", "b1", "--trust")
    assert_clean(run42)


def test_what_a_branch_tracks_is_not_a_change_of_settings(run42: Repository) -> None:
    run42.git("branch", "--quiet", "--track", "mine", "origin/main")
    run42.staddle("reconcile", "run42", "b1")
    assert_clean(run42)


@pytest.fixture
def unknown(repository: Repository) -> Repository:
    """Two trees and branches that bear a run's names, made by plain git."""
    for number in (1, 2):
        repository.git("worktree", "add", "--quiet", "-b", f"pqa/old-b{number}", f".pqa_worktrees/old-b{number}")
        repository.commit(tree(repository, number, "old"), "new.txt", f"{number}\n", "feat: new")
    return repository


def test_a_run_that_no_journal_knows_is_left_alone_and_shown_on_request(unknown: Repository) -> None:
    before = unknown.state()
    assert "--claim" in unknown.staddle("reconcile", "old", code=3).stderr
    said = unknown.staddle("reconcile", "old", "--claim", "--dry-run").stdout
    assert said.splitlines()[:2] == ["old-b1: would be taken over", "old-b2: would be taken over"]
    assert unknown.state() == before


def test_a_claimed_run_is_reconciled_like_any_other(unknown: Repository) -> None:
    unknown.staddle("reconcile", "old", "b2", "--claim")
    assert (unknown.main / "new.txt").read_text() == "2\n"
    unknown.staddle("undo", "old", "b1")
    assert unknown.git("show", "pqa/old-b1:new.txt") == "1"


def test_a_claim_of_nothing_is_a_mistake(repository: Repository) -> None:
    repository.staddle("reconcile", "nothing", "--claim", code=2)


def test_a_preview_says_what_would_land_and_go_and_changes_nothing(run42: Repository) -> None:
    (tree(run42, 3) / "wip.txt").write_text("wip")
    before = run42.state()
    said = run42.staddle("reconcile", "run42", "b2", "--dry-run").stdout.splitlines()
    assert said[0] == "b2: would land on main, 1 file changed; verified: none"
    assert said[1] == "b1: tree and branch go: 1 commit; kept for 14 days"
    assert said[3] == "b3: tree and branch go: 1 commit, uncommitted work; kept for 14 days"
    assert run42.state() == before


def test_a_preview_of_a_spawn_names_the_trees_and_makes_none(repository: Repository) -> None:
    before = repository.state()
    said = repository.staddle("spawn", "run42", "1", "--dry-run").stdout
    assert said.splitlines() == [str(tree(repository, 1))]
    assert repository.state() == before


def test_a_shell_that_stands_in_a_tree_is_told_of_and_left_alive(run42: Repository) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=tree(run42, 1)) as shell:
        said = run42.staddle("reconcile", "run42").stderr
        assert f"sleep ({shell.pid}) stands in" in said
        assert shell.poll() is None
        shell.kill()
    assert_clean(run42)


def test_a_process_that_bears_the_candidates_mark_is_ended_with_it(run42: Repository, tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mail")
    mark = hashlib.sha256(os.fsencode(run42.main / ".git")).hexdigest()[:8]
    env = os.environ | {"STADDLE_UNIT": f"{mark}/run42-b1/agent"}
    shell = f"echo $$ > {mailbox.path}; exec sleep 60"
    with subprocess.Popen(["sh", "-c", shell], cwd=tree(run42, 1), env=env, start_new_session=True):
        process = mailbox.process()
        run42.staddle("reconcile", "run42")
        assert gone(process)


def test_a_tree_that_a_person_moved_is_theirs_now(run42: Repository) -> None:
    mine = run42.main.parent / "mine"
    run42.git("worktree", "unlock", str(tree(run42, 1)))
    run42.git("worktree", "move", str(tree(run42, 1)), str(mine))
    assert f"checked out in {mine} and stays" in run42.staddle("reconcile", "run42", "b2").stderr
    assert run42.git("branch", "--show-current", at=mine) == "pqa/run42-b1"
    assert run42.git("status", "--porcelain", at=mine) == ""


def test_an_entry_that_a_person_pruned_is_no_hindrance(run42: Repository) -> None:
    run42.git("worktree", "unlock", str(tree(run42, 3)))
    subprocess.run(["rm", "-rf", str(tree(run42, 3))], check=True)
    run42.git("worktree", "prune")
    run42.staddle("reconcile", "run42", "b1")
    assert_clean(run42)


def test_renamed_and_further_branches_stay(run42: Repository) -> None:
    run42.git("branch", "-m", "pqa/run42-b3", "rescued")
    run42.git("branch", "agents-own", at=tree(run42, 1))
    run42.staddle("reconcile", "run42", "b2")
    assert run42.git("branch", "--format=%(refname:short)").split() == ["agents-own", "main", "rescued"]


def test_a_linked_tree_inside_a_candidate_is_refused_before_anything_is_touched(run42: Repository) -> None:
    run42.git("worktree", "add", "--quiet", "-b", "nested", str(tree(run42, 3) / "nested"))
    before = run42.state()
    assert "worktree of its own" in run42.staddle("reconcile", "run42", "b1", code=3).stderr
    assert run42.state() == before
    run42.git("worktree", "remove", str(tree(run42, 3) / "nested"))
    run42.staddle("reconcile", "run42", "b1")
    assert_clean(run42)


def test_read_only_folders_and_many_files_go(run42: Repository) -> None:
    deep = tree(run42, 1) / "locked"
    deep.mkdir()
    for number in range(500):
        (deep / str(number)).write_text("x")
    deep.chmod(0o500)
    run42.staddle("reconcile", "run42")
    assert_clean(run42)


def test_runs_crossing_each_other_end_with_one_landing(run42: Repository) -> None:
    commands = [["reconcile", "run42", "b2"]] * 3 + [["reconcile", "run42", "b1"]]
    running = [
        subprocess.Popen([*STADDLE, *argv], cwd=run42.main, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for argv in commands
    ]
    codes = sorted(process.wait(60) for process in running)
    assert codes in ([0, 0, 0, 2], [0, 2, 2, 2])
    assert len(run42.git("log", "--merges", "--format=%h").split()) == 1
    assert_clean(run42)


def test_a_spawn_beside_gc_and_a_persons_commits_is_whole(repository: Repository) -> None:
    loop = "while :; do git gc --quiet --prune=now; git commit --quiet --allow-empty -m mine; done"
    with subprocess.Popen(["sh", "-c", loop], cwd=repository.main, stderr=subprocess.DEVNULL) as person:
        for number in range(3):
            repository.staddle("spawn", f"r{number}", "3")
        person.kill()
    for number in range(3):
        assert repository.git("status", "--porcelain", at=tree(repository, 2, f"r{number}")) == ""
        repository.staddle("reconcile", f"r{number}")
    assert repository.git("branch", "--list", "pqa/*") == ""


def test_a_whole_run_moves_its_own_refs_and_the_target_alone(run42: Repository, fence: Path) -> None:
    (tree(run42, 1) / "wip.txt").write_text("wip")
    run42.staddle("reconcile", "run42", "b2")
    run42.staddle("undo", "run42", "b1")
    moved = {line.split(" ", 2)[2] for line in fence.read_text().splitlines()}
    candidates = {f"refs/heads/pqa/run42-b{number}" for number in (1, 2, 3)}
    assert moved == {*candidates, "refs/heads/main", "HEAD", "refs/staddle/work/run42-b1"}  # HEAD is on main


def test_no_hook_of_the_repository_runs_on_our_own_calls(repository: Repository) -> None:
    hooks = repository.main / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {repository.main.parent}/ran\n")
        (hooks / name).chmod(0o755)
    repository.staddle("spawn", "run42", "2")
    repository.staddle("reconcile", "run42", "b1")
    assert not (repository.main.parent / "ran").exists()


def kept_run(repository: Repository) -> str:
    """Let b2 be preserved after a conflict, mend it on its branch, and give the commit of that."""
    repository.commit(repository.main, "README.md", "main went on\n", "fix: main went on")
    repository.staddle("reconcile", "run42", "b2", code=1)
    repository.git("worktree", "add", "--quiet", "../mine", "pqa/run42-b2")
    mine = repository.main.parent / "mine"
    repository.git("merge", "--quiet", "-X", "ours", "-m", "resolve", "main", at=mine)
    repository.git("worktree", "remove", "../mine")
    return repository.git("rev-parse", "pqa/run42-b2")


def test_a_mended_survivor_that_is_refused_once_more_stays_and_lands_later(run42: Repository) -> None:
    mended = kept_run(run42)
    (run42.main / "README.md").write_text("mine\n")
    run42.staddle("reconcile", "run42", code=3)
    assert run42.git("rev-parse", "pqa/run42-b2") == mended
    run42.git("checkout", "--quiet", "README.md")
    run42.staddle("reconcile", "run42")
    assert run42.git("rev-parse", "main^2") == mended


def test_a_mended_payload_that_is_refused_once_more_stays_and_lands_later(repository: Repository) -> None:
    repository.staddle("spawn", "run42", "2", "--mode", "context")
    (repository.main / ".pqa/branches/b2/files/README.md").write_text("candidate 2\n")
    mended = kept_run(repository)
    (repository.main / "README.md").write_text("mine\n")
    repository.staddle("reconcile", "run42", code=3)
    repository.git("checkout", "--quiet", "README.md")
    repository.staddle("reconcile", "run42")
    assert repository.git("rev-parse", "main^2") == mended


def test_a_survivor_without_work_is_refused_while_another_has_some(repository: Repository) -> None:
    repository.staddle("spawn", "run42", "2")
    repository.commit(tree(repository, 1), "new.txt", "x", "feat: x")
    said = repository.staddle("reconcile", "run42", "b2", code=3).stderr
    assert "b2 holds no commit of its own; b1 does" in said
    assert tree(repository, 1).is_dir()


@pytest.mark.parametrize("number", [1, 2])
def test_files_that_git_was_told_to_overlook_are_not_lost(run42: Repository, number: int) -> None:
    run42.git("update-index", "--assume-unchanged", "README.md", at=tree(run42, number))
    (tree(run42, number) / "README.md").write_text("precious\n")
    if number == 1:
        assert "overlook" in run42.staddle("reconcile", "run42", "b1", code=3).stderr
        assert (tree(run42, 1) / "README.md").read_text() == "precious\n"
    else:
        said = run42.staddle("reconcile", "run42", "b1").stderr
        folder = Path(next(line for line in said.splitlines() if "folder is kept" in line).rpartition(" ")[2])
        assert (folder / "README.md").read_text() == "precious\n"


def test_what_was_staged_and_then_changed_is_kept_as_well(run42: Repository) -> None:
    (tree(run42, 1) / "README.md").write_text("staged\n")
    run42.git("add", "README.md", at=tree(run42, 1))
    (tree(run42, 1) / "README.md").write_text("then changed\n")
    run42.staddle("reconcile", "run42")
    run42.staddle("undo", "run42-b1")
    assert run42.git("show", "pqa/run42-b1:README.md") == "then changed"
    assert run42.git("show", "pqa/run42-b1^:README.md") == "staged"


def test_a_head_that_left_its_branch_comes_back_beside_it(run42: Repository) -> None:
    branch = run42.git("rev-parse", "pqa/run42-b1")
    run42.git("switch", "--quiet", "--detach", "main", at=tree(run42, 1))
    apart = run42.commit(tree(run42, 1), "apart.txt", "x", "feat: apart")
    run42.staddle("reconcile", "run42", "b2")
    run42.staddle("undo", "run42-b1")
    assert run42.git("rev-parse", "pqa/run42-b1", "pqa/run42-b1-work").split() == [branch, apart]


def test_settings_planted_by_a_check_stop_the_landing(repository: Repository) -> None:
    check = {"run": ["git", "config", "core.sshCommand", "evil"], "evidence": "exit-code"}
    write_plan(repository.main / "milestones.yaml", 1, checks={"plant": check})
    repository.staddle("spawn", "run42", "1")
    repository.commit(tree(repository, 1), "new.txt", "x", "feat: x")
    before = repository.git("rev-parse", "main")
    assert "core.sshcommand" in repository.staddle("reconcile", "run42", "b1", code=3).stderr
    assert repository.git("rev-parse", "main") == before


def test_a_branch_named_like_the_folder_of_all_is_refused_and_wedges_nothing(repository: Repository) -> None:
    repository.git("branch", "pqa")
    assert "refs/heads/pqa" in repository.staddle("spawn", "run42", "2", code=3).stderr
    repository.staddle("sweep")


def test_a_branch_that_is_another_ones_name_is_no_target(run42: Repository) -> None:
    run42.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    before = run42.state()
    assert "other name" in run42.staddle("reconcile", "run42", "b1", "--target", "alias", code=3).stderr
    assert run42.state() == before


def test_a_checkout_that_lost_its_link_is_not_written_to(run42: Repository) -> None:
    run42.git("worktree", "add", "--quiet", "-b", "release", "../release")
    subprocess.run(["rm", "-rf", str(run42.main.parent / "release")], check=True)
    (run42.main.parent / "release").mkdir()
    assert "not there" in run42.staddle("reconcile", "run42", "b1", "--target", "release", code=3).stderr
    assert run42.git("status", "--porcelain") == ""


def test_sweep_goes_on_past_a_run_that_refuses(run42: Repository) -> None:
    run42.staddle("spawn", "other", "1")
    for name, survivor in (("run42", 1), ("other", 1)):
        journal = run42.main / ".git" / "staddle" / "runs" / f"{name}.json"
        record = json.loads(journal.read_text()) | {"stage": "chosen", "survivor": survivor}
        journal.write_text(json.dumps(record))
    (tree(run42, 1) / "dirty.txt").write_text("x")
    run42.commit(tree(run42, 1, "other"), "other.txt", "x", "feat: other")
    said = run42.staddle("sweep", code=3).stderr
    assert "run other, left chosen: landed" in said
    assert "run run42, left chosen:" in said


def test_an_interrupted_gate_takes_the_choice_back(repository: Repository, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    check = {"run": {"shell": f"echo > {fifo}; sleep 60"}, "evidence": "exit-code"}
    write_plan(repository.main / "milestones.yaml", 1, checks={"slow": check})
    repository.staddle("spawn", "run42", "2")
    repository.commit(tree(repository, 1), "new.txt", "x", "feat: x")
    with subprocess.Popen([*STADDLE, "reconcile", "run42", "b1"], cwd=repository.main, stderr=-3) as process:
        fifo.read_text()
        process.terminate()
    assert process.returncode == 128 + 15
    assert repository.staddle("sweep").stdout == "nothing to sweep\n"
    repository.staddle("reconcile", "run42")
    assert_clean(repository)
