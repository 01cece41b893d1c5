"""The hooks of milestones' trees: real commits in real trees, held to the plan, beside the repository's own hooks."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.edges.git import Git
from staddle.guard import trust
from tests.kit import Repository

Planned = Callable[..., Repository]
WELL = "chore: spell out the sample data"


@pytest.fixture
def standing(planned: Planned) -> Repository:
    """Trees of two milestones; the first owns app/one, app/events is the schema."""
    repository = planned(2, schema={"paths": ["app/events/**"]}, first={"owns": ["app/one/**"]})
    (repository.main / ".git" / "info" / "exclude").write_text("milestones.yaml\n")
    repository.commit(repository.main, "app/events/models.py", "1\n", "chore: models")
    repository.git("push", "--quiet", "origin", "main")
    repository.staddle("worktrees")
    return repository


def commit(at: Path, *argv: str, **env: str) -> tuple[int, str]:
    """A person's `git commit` and what it says."""
    done = subprocess.run(
        ["git", "commit", *argv], cwd=at, capture_output=True, text=True, check=False, env=os.environ | env
    )
    return done.returncode, done.stderr


def write(at: Path, name: str, text: str = "x\n") -> None:
    (at / name).parent.mkdir(parents=True, exist_ok=True)
    (at / name).write_text(text)
    subprocess.run(["git", "add", "--", name], cwd=at, check=True)


def own_hook(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_message_that_breaks_the_rules_stops_the_commit(standing: Repository) -> None:
    code, said = commit(standing.tree(1), "--allow-empty", "-m", "did things")
    assert code == 1
    assert "message: it begins with no type [type]" in said
    assert commit(standing.tree(1), "--allow-empty", "-m", WELL)[0] == 0


@pytest.mark.parametrize("text", [f"fixup! {WELL}", 'Revert "feat: x"', "Merge branch 'main' into x"])
def test_messages_that_git_writes_itself_pass(standing: Repository, text: str) -> None:
    assert commit(standing.tree(1), "--allow-empty", "-m", text)[0] == 0


def test_the_editor_is_not_opened_for_paths_that_cannot_be_committed(standing: Repository, tmp_path: Path) -> None:
    own_hook(tmp_path / "bin", "editor", f"touch {tmp_path}/opened; printf '{WELL}\\n# comment\\n' > \"$1\"")
    editor = str(tmp_path / "bin" / "editor")
    write(standing.tree(1), "app/events/models.py")
    code, said = commit(standing.tree(1), GIT_EDITOR=editor)
    assert (code, (tmp_path / "opened").exists()) == (1, False)
    assert "app/events/models.py is of the schema" in said
    standing.git("reset", "--hard", "--quiet", at=standing.tree(1))
    write(standing.tree(1), "app/one/a.py")
    assert commit(standing.tree(1), GIT_EDITOR=editor)[0] == 0


@pytest.mark.parametrize(
    "how", [("--all",), ("app/events/models.py",), ("--only", "app/events/models.py"), ("-i", ".")]
)
def test_what_is_committed_past_the_index_is_seen(standing: Repository, how: tuple[str, ...]) -> None:
    (standing.tree(2) / "app/events/models.py").write_text("2\n")
    code, said = commit(standing.tree(2), "-m", WELL, *how)
    assert (code, "schema-first" in said) == (1, True)


def test_a_partial_commit_is_judged_by_what_it_holds(standing: Repository) -> None:
    write(standing.tree(1), "app/events/models.py", "2\n")
    write(standing.tree(1), "app/one/a.py")
    assert commit(standing.tree(1), "-m", WELL, "--only", "app/one/a.py")[0] == 0
    assert standing.git("status", "--porcelain", at=standing.tree(1)) == "M  app/events/models.py"


def test_an_amended_commit_is_judged_again(standing: Repository) -> None:
    assert commit(standing.tree(1), "--allow-empty", "-m", WELL)[0] == 0
    assert commit(standing.tree(1), "--amend", "-m", "WIP")[0] == 1
    write(standing.tree(1), "app/events/models.py", "2\n")
    assert commit(standing.tree(1), "--amend", "--no-edit")[0] == 1


def test_what_another_milestone_owns_is_red_and_what_nobody_owns_is_told(standing: Repository) -> None:
    write(standing.tree(2), "app/one/a.py")
    code, said = commit(standing.tree(2), "-m", WELL)
    assert (code, "m2: app/one/a.py is M1's [ownership]" in said) == (1, True)
    standing.git("reset", "--hard", "--quiet", at=standing.tree(2))
    write(standing.tree(2), "notes.txt")
    code, said = commit(standing.tree(2), "-m", WELL)
    assert (code, "warning: notes.txt is nobody's" in said) == (0, True)


def test_taking_a_schema_change_back_is_no_change_of_the_schema(standing: Repository) -> None:
    write(standing.tree(2), "app/events/models.py", "2\n")
    assert commit(standing.tree(2), "--no-verify", "-m", WELL)[0] == 0
    write(standing.tree(2), "app/events/models.py", "1\n")
    assert commit(standing.tree(2), "-m", "chore: take the models back")[0] == 0


def test_a_merge_of_the_base_brings_its_schema_along(standing: Repository) -> None:
    standing.commit(standing.main, "app/events/models.py", "2\n", "chore: models again")
    standing.commit(standing.main, "README.md", "main\n", "chore: readme")
    standing.commit(standing.tree(2), "README.md", "m2\n", WELL)
    subprocess.run(["git", "merge", "--quiet", "main"], cwd=standing.tree(2), capture_output=True, check=False)
    write(standing.tree(2), "README.md", "both\n")
    assert commit(standing.tree(2), "--no-edit")[0] == 0


def test_a_rebase_in_a_tree_goes_through(standing: Repository) -> None:
    standing.commit(standing.tree(1), "app/one/a.py", "1\n", WELL)
    standing.commit(standing.main, "news.txt", "1\n", "chore: news")
    standing.git("rebase", "--quiet", "main", at=standing.tree(1))
    assert standing.git("log", "--format=%s", "main..", at=standing.tree(1)) == WELL


def test_no_verify_goes_past_it_and_lint_tells_later(standing: Repository) -> None:
    assert commit(standing.tree(1), "--no-verify", "--allow-empty", "-m", "did things")[0] == 0
    assert "[type]" in standing.staddle("lint", "m1", code=1).stdout


def test_a_plan_may_do_without(standing: Repository) -> None:
    plan = standing.main / "milestones.yaml"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"hooks": False}))
    assert commit(standing.tree(1), "--allow-empty", "-m", "did things")[0] == 0


def test_nothing_but_milestones_trees_is_touched(standing: Repository, tmp_path: Path) -> None:
    standing.git("worktree", "add", "--quiet", "-b", "mine", str(tmp_path / "mine"))
    for place in (standing.main, tmp_path / "mine"):
        assert commit(place, "--allow-empty", "-m", "did things")[0] == 0


def test_every_hook_of_the_repository_goes_on_working(standing: Repository, tmp_path: Path) -> None:
    log, names = tmp_path / "log", ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push")
    for name in names:
        own_hook(standing.main / ".git" / "hooks", name, f"echo {name} >> {log}; cat >> {log}.in")
    assert commit(standing.tree(1), "--allow-empty", "-m", WELL)[0] == 0
    standing.git("push", "--quiet", "origin", "HEAD", at=standing.tree(1))
    assert log.read_text().split() == list(names)
    assert standing.branch(1) in Path(f"{log}.in").read_text()


def test_tracked_hooks_run_from_the_tree_and_may_refuse(standing: Repository) -> None:
    standing.git("config", "core.hooksPath", ".husky")
    own_hook(standing.tree(1) / ".husky", "pre-commit", "echo no from $PWD >&2; exit 7")
    code, said = commit(standing.tree(1), "--allow-empty", "-m", WELL)
    assert (code, said) == (1, f"no from {standing.tree(1)}\n")
    assert commit(standing.tree(2), "--allow-empty", "-m", "did things")[0] == 1


def test_what_their_hook_makes_of_the_message_is_what_is_judged(standing: Repository) -> None:
    own_hook(standing.main / ".git" / "hooks", "commit-msg", f'echo "{WELL}" > "$1"')
    assert commit(standing.tree(1), "--allow-empty", "-m", "did things")[0] == 0


def test_a_staddle_that_is_gone_does_not_stop_commits(standing: Repository) -> None:
    script = standing.main / ".git" / "staddle-hooks" / "script"
    script.write_text(script.read_text().replace("python=/", "python=/gone/"))
    code, said = commit(standing.tree(1), "--allow-empty", "-m", "did things")
    assert (code, "is not linted" in said) == (0, True)
    standing.staddle("worktrees")
    assert commit(standing.tree(1), "--allow-empty", "-m", "did things")[0] == 1


def test_a_broken_plan_does_not_stop_commits(standing: Repository) -> None:
    (standing.main / "milestones.yaml").write_text("{")
    code, said = commit(standing.tree(1), "--allow-empty", "-m", "did things")
    assert (code, "this commit is not linted" in said) == (0, True)


def test_modules_of_the_tree_are_not_imported(standing: Repository) -> None:
    for name in ("json.py", "yaml.py", "staddle/__init__.py"):
        write(standing.tree(1), name, "raise SystemExit(9)\n")
    code, said = commit(standing.tree(1), "-m", "did things", PYTHONPATH=str(standing.tree(1)), PYTHONHOME="/none")
    assert (code, "begins with no type" in said) == (1, True)


def test_the_last_tree_takes_the_hooks_with_it_and_undo_brings_them_back(planned: Planned) -> None:
    repository = planned(1)
    config = (repository.main / ".git" / "config").read_text()
    repository.staddle("worktrees")
    assert (repository.main / ".git" / "config").read_text() != config
    repository.staddle("remove", "m1")
    assert (repository.main / ".git" / "config").read_text() == config
    assert not (repository.main / ".git" / "staddle-hooks").exists()
    repository.staddle("undo", "m1")
    assert commit(repository.tree(1), "--allow-empty", "-m", "did things")[0] == 1


def test_worktrees_run_again_repairs_them_and_changes_nothing_else(standing: Repository) -> None:
    folder, config = standing.main / ".git" / "staddle-hooks", standing.main / ".git" / "config"
    before = config.read_text()
    (folder / "commit-msg").unlink()
    standing.git("config", "--unset", "include.path")
    standing.staddle("worktrees")
    assert config.read_text() == before
    assert commit(standing.tree(1), "--allow-empty", "-m", "did things")[0] == 1
    state = {path.name: path.lstat().st_mtime_ns for path in folder.iterdir()}
    standing.staddle("worktrees")
    assert {path.name: path.lstat().st_mtime_ns for path in folder.iterdir()} == state


def test_an_adopted_tree_gets_them_too(planned: Planned) -> None:
    repository = planned(1)
    repository.git("worktree", "add", "--quiet", "-b", repository.branch(1), str(repository.tree(1)))
    repository.staddle("worktrees")
    assert commit(repository.tree(1), "--allow-empty", "-m", "did things")[0] == 1


def test_a_run_lands_though_hooks_were_installed_meanwhile_but_not_if_they_say_more(planned: Planned) -> None:
    repository = planned(1)
    git = Git.open(repository.main)
    before = trust.digests(git)
    repository.staddle("worktrees")
    assert trust.digests(git) == before
    with (repository.main / ".git" / "staddle-hooks" / "config").open("a") as file:
        file.write("[core]\n\tfsmonitor = /tmp/evil\n")
    assert trust.digests(git) != before


def test_verify_is_red_for_a_tree_with_a_path_that_is_not_its_own(standing: Repository, tmp_path: Path) -> None:
    assert standing.staddle("verify", "m1", "m2").stdout.splitlines()[1:] == []
    (standing.tree(1) / "app/events/new.py").write_text("1\n")
    done = standing.staddle("verify", "m1", "m2", "--json", "--junit", str(tmp_path / "all.xml"), code=1)
    (judged,) = json.loads(done.stdout)
    assert (judged["target"], judged["check"], judged["verdict"]) == ("m1", "policy", "fail")
    assert "app/events/new.py" in judged["reason"] and "split-schema m1" in judged["reason"]
    assert "app/events/new.py" in (tmp_path / "all.xml").read_text()
