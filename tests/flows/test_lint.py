"""lint over real branches, trees and ranges: what stands against the plan's rules, and what is merely told."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import STADDLE, Repository

Planned = Callable[..., Repository]
WELL = "chore: spell out the sample data"
SCHEMA = {"paths": ["app/events/**"]}
OWNING = {"owns": ["app/one/**"], "requirements": [{"id": "FR-X-001", "title": "first thing"}]}


@pytest.fixture
def standing(planned: Planned) -> Repository:
    """Trees of three milestones; the first owns app/one, and app/events is the schema."""
    repository = planned(3, schema=SCHEMA, first=OWNING)
    (repository.main / ".git" / "info" / "exclude").write_text("milestones.yaml\n")
    repository.staddle("worktrees")
    return repository


def found(repository: Repository, *argv: str) -> list[tuple[str, str]]:
    """Which rules are broken where; the exit code says whether one of them is an error."""
    done = subprocess.run(
        [*STADDLE, "lint", *argv, "--json"], cwd=repository.main, capture_output=True, text=True, check=False
    )
    findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    assert done.returncode == any(one["level"] == "error" for one in findings)
    return [(one["where"], one["rule"]) for one in findings]


def test_what_keeps_the_rules_is_counted_and_nothing_is_changed(standing: Repository) -> None:
    message = "feat(part1): FR-X-001 first thing"
    standing.commit(standing.tree(1), "app/one/a.py", "1\n", message)
    before = standing.state()
    assert standing.staddle("lint").stdout == "3 branches, 1 commit: no findings\n"
    assert standing.state() == before


def test_a_milestones_messages_are_judged_as_its_own(standing: Repository) -> None:
    oid = standing.commit(standing.tree(2), "app/one.py", "2\n", "feat(part2): FR-X-001 take the first thing too")
    done = standing.staddle("lint", "m2", code=1)
    assert done.stdout.splitlines() == [
        f"{oid[:8]} feat(part2): FR-X-001 take th...: FR-X-001 is M1's, and this is the branch of M2 [requirement]",
        "  try: commit it on feat/venture-m1-part",
        "m2: warning: app/one.py is nobody's [unowned]",
        "  try: name it in M2's owns: in the plan",
        "1 branch, 1 commit: 2 findings",
    ]
    assert done.stderr == "error: 1 rule broken\n"


def test_warnings_alone_do_not_fail(standing: Repository) -> None:
    standing.commit(standing.tree(2), "notes.txt", "x", WELL)
    assert found(standing) == [("m2", "unowned")]


def test_a_schema_file_on_a_milestones_branch_is_red_before_it_is_committed(standing: Repository) -> None:
    schema = standing.tree(1) / "app" / "events"
    schema.mkdir()
    (schema / "models.py").write_text("x")
    assert found(standing) == [("m1", "schema-first")]
    standing.git("add", ".", at=standing.tree(1))
    standing.git("commit", "--quiet", "--no-verify", "-m", WELL, at=standing.tree(1))
    assert found(standing, "m1") == [("m1", "schema-first")]
    assert "staddle split-schema m1" in standing.staddle("lint", "m1", code=1).stdout


def test_a_renamed_file_counts_at_both_its_ends(standing: Repository) -> None:
    standing.commit(standing.tree(1), "app/one/a.py", "the same text\n" * 9, WELL)
    standing.git("reset", "--hard", standing.branch(1), at=standing.tree(2))
    standing.git("mv", "app/one/a.py", "b.py", at=standing.tree(2))
    assert ("m2", "ownership") in found(standing, "m2")
    standing.git("commit", "--quiet", "--no-verify", "-m", WELL, at=standing.tree(2))
    assert found(
        standing, "--range", f"{standing.branch(1)}..{standing.branch(2)}", "--branch", standing.branch(2)
    ) == [
        ("m2", "ownership"),
        ("m2", "unowned"),
    ]


def test_another_milestones_branch_in_a_tree_is_red(standing: Repository) -> None:
    standing.git("switch", "--quiet", "--detach", at=standing.tree(3))
    standing.git("switch", "--quiet", standing.branch(3), at=standing.tree(1))
    assert found(standing) == [("tree of m1", "checkout"), ("tree of m3", "checkout")]
    said = standing.staddle("lint", "m1", code=1).stdout
    assert "tree of m1: it is on M3's branch feat/venture-m3-part [checkout]" in said


def test_uncommitted_work_is_looked_for_where_the_branch_is_checked_out(standing: Repository) -> None:
    standing.git("switch", "--quiet", "--detach", at=standing.tree(3))
    standing.git("switch", "--quiet", standing.branch(3), at=standing.tree(1))
    (standing.tree(1) / "app" / "events").mkdir()
    (standing.tree(1) / "app" / "events" / "a.py").write_text("x")
    assert found(standing, "m3") == [("tree of m3", "checkout"), ("m3", "schema-first")]


def test_a_range_passes_over_merges_and_stops_fixups(standing: Repository) -> None:
    standing.commit(standing.tree(1), "app/one/a.py", "1", WELL)
    fixup = standing.commit(standing.tree(2), "b", "2", f"fixup! {WELL}")
    standing.git("merge", "--quiet", "--no-edit", standing.branch(2), at=standing.tree(1))
    assert found(standing, "--range", f"main..{standing.branch(1)}") == [
        (f"{fixup[:8]} fixup! {WELL[:22]}...", "autosquash")
    ]


def test_a_schema_branch_carries_schema_files_alone(standing: Repository) -> None:
    branch = "chore/venture-schema-events"
    standing.git("switch", "--quiet", "-c", branch)
    standing.commit(standing.main, "app/events/models.py", "x", "feat(events): FR-X-009 model of spends")
    assert found(standing, "--range", "origin/main..", "--branch", f"refs/heads/{branch}") == []
    standing.commit(standing.main, "other.py", "x", WELL)
    assert found(standing, "--range", "origin/main..", "--branch", branch) == [(branch, "schema-only")]


def test_a_wrong_name_of_a_branch_is_found_with_its_range(standing: Repository) -> None:
    assert found(standing, "--range", "main..main", "--branch", "feature/part-1") == [("branch", "branch")]


def test_a_range_means_what_it_says_where_we_stand(standing: Repository) -> None:
    oid = standing.commit(standing.tree(2), "b", "2", "update code")
    done = standing.staddle("lint", "--range", "origin/main..HEAD", at=standing.tree(2), code=1)
    assert done.stdout.startswith(f"{oid[:8]} update code: it begins with no type [type]\n")
    assert found(standing, "--range", "origin/main..") == []
    assert standing.staddle("lint", "--range", "@~1..", at=standing.tree(2), code=1).stdout == done.stdout


def test_messages_of_a_range_are_read_by_one_call_of_git(standing: Repository, tmp_path: Path) -> None:
    trace, counts = tmp_path / "trace", []
    for number in (1, 9):
        for _ in range(number):
            standing.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", WELL, at=standing.tree(1))
        trace.write_text("")
        standing.staddle("lint", "m1", STADDLE_HOOKS="/dev/null", PATH=spy(tmp_path, trace))
        counts.append(len(trace.read_text().splitlines()))
    assert counts[0] == counts[1] > 0


def spy(folder: Path, trace: Path) -> str:
    """A PATH on which git notes each of its calls."""
    program = folder / "bin" / "git"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$*" >> {trace}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


def test_the_answer_as_json(standing: Repository) -> None:
    done = standing.staddle("lint", "--title", "WIP", "--json", code=1)
    wip = {"rule": "wip", "where": "title", "what": "what is in progress is not ready for production"}
    more = {"hint": "finish it, then say what it does", "level": "error"}
    assert json.loads(done.stdout) == {"seen": "1 title", "findings": [wip | more]}


def test_a_title_is_judged_as_what_will_land(standing: Repository) -> None:
    assert found(standing, "--title", "feat(part1): FR-X-001 first thing") == []
    assert found(standing, "--title", "WIP: first thing") == [("title", "wip")]
    title = "feat(part2): FR-X-001 first of all things"
    assert found(standing, "--title", title, "--branch", standing.branch(2)) == [("title", "requirement")]


def test_a_message_is_judged_as_git_will_commit_it(standing: Repository, tmp_path: Path) -> None:
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(
        f"{WELL}\n\nwhy\n# Please enter\n# ------------------------ >8 ------------------------\nFixes #4\n"
    )
    assert found(standing, "--message", str(file)) == []
    standing.git("config", "core.commentChar", ";")
    assert found(standing, "--message", str(file)) == [("message", "trailer")]


def test_a_message_belongs_to_the_branch_we_stand_on(standing: Repository) -> None:
    argv = [*STADDLE, "lint", "--message", "-"]
    text = "feat(part2): FR-X-001 first of all things"
    codes = [
        subprocess.run(argv, cwd=place, input=text, text=True, capture_output=True, check=False).returncode
        for place in (standing.tree(1), standing.tree(2), standing.main)
    ]
    assert codes == [0, 1, 0]


def test_control_characters_of_others_do_not_reach_the_terminal(standing: Repository) -> None:
    standing.commit(standing.tree(1), "app/one/a.py", "1", "\x1b[31mred alert for all")
    assert "\x1b" not in standing.staddle("lint", "m1", code=1).stdout


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("m1", "--title", "x"), "error: milestones, --range, --title and --message are four questions"),
        (("--branch", "x"), "error: a milestone's branch is in the plan"),
        (("--range", "main"), "error: 'main' is not a range of commits"),
        (("--range", "main...main"), "error: 'main...main' is not a range of commits"),
        (("--range", "-x..main"), "error: there is no commit '-x' here"),
        (("--message", "none"), "error: there is no message at none"),
        (("m9",), "error: 'm9' is no milestone of the plan"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(standing: Repository, argv: tuple[str, ...], what: str) -> None:
    assert standing.staddle("lint", *argv, code=2).stderr.startswith(what)


def test_without_a_plan_there_are_no_rules(repository: Repository) -> None:
    assert "staddle init" in repository.staddle("lint", code=2).stderr


def test_a_milestone_without_a_branch_is_passed_over_unless_it_is_named(planned: Planned) -> None:
    repository = planned(2)
    assert repository.staddle("lint").stdout == "0 branches, 0 commits: no findings\n"
    assert "staddle worktrees m2" in repository.staddle("lint", "m2", code=2).stderr


def test_a_shallow_clone_is_told_to_fetch_more(standing: Repository, tmp_path: Path) -> None:
    standing.commit(standing.tree(1), "app/one/a.py", "1", WELL)
    clone = Repository(tmp_path / "clone")
    source = f"file://{standing.main}"
    standing.git("clone", "--quiet", "--depth=1", "--no-single-branch", source, str(clone.main))
    plan = str(standing.main / "milestones.yaml")
    for commits in ("main~1..HEAD", f"origin/{standing.branch(1)}..HEAD"):
        done = clone.staddle("lint", "--plan", plan, "--range", commits, code=2)
        assert "fetch-depth: 0" in done.stderr
