"""land: one squash commit for each requirement, proven as it lands, all or nothing."""

from collections.abc import Callable

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]
CHECK = {"unit": {"run": "sh -c '! test -e broken.txt'", "evidence": "exit-code"}}
REQUIREMENTS = [
    {"id": "FR-X-001", "title": "ledger of spends", "issue": 42},
    {"id": "FR-X-002", "title": "ceiling of amounts"},
]
OTHERS = [{"id": "FR-Y-001", "title": "report of spends"}]


@pytest.fixture
def built(planned: Planned) -> Repository:
    """Three trees; m1's branch has three commits for two requirements, m2's one."""
    repository = planned(3, first={"requirements": REQUIREMENTS, "checks": CHECK})
    repository.staddle("worktrees")
    work(repository, "ledger.txt", "1\n", "test(part1): FR-X-001 the ledger adds up\n\nIt has to.")
    body = "feat(part1): FR-X-001 a ledger\n\nSimple.\n\nCo-Authored-By: Ann Other <ann@example.org>"
    work(repository, "ledger.txt", "2\n", body)
    work(repository, "ceiling.txt", "3\n", "feat(part1): FR-X-002 a ceiling")
    repository.commit(repository.tree(2), "two.txt", "2\n", "feat(part2): FR-Y-001 the second part")
    return repository


def work(repository: Repository, name: str, text: str, message: str) -> str:
    """A commit on m1's branch."""
    return repository.commit(repository.tree(1), name, text, message)


def subjects(repository: Repository, *argv: str) -> list[str]:
    """The first lines of the newest commits of the remote's base."""
    return repository.git("log", "--format=%s", *argv, "origin/main").splitlines()


def test_a_branch_lands_as_one_commit_a_requirement_in_order(built: Repository) -> None:
    built.staddle("land", "m1")
    assert subjects(built, "-2") == [
        "feat(part1): FR-X-002 ceiling of amounts",
        "feat(part1): FR-X-001 ledger of spends",
    ]
    assert subjects(built, "--merges") == []
    assert built.git("rev-parse", "main") == built.git("rev-parse", "origin/main")
    assert (built.main / "ledger.txt").read_text() == "2\n"
    assert built.git("status", "--porcelain", "--untracked-files=no") == ""
    assert_no_stumps(built)


def test_the_message_says_what_was_squashed_and_where_it_came_from(built: Repository) -> None:
    tip = built.git("rev-parse", f"{built.branch(1)}~1")
    built.staddle("land", "m1")
    assert built.git("log", "-1", "--format=%B", "origin/main~1") == (
        "feat(part1): FR-X-001 ledger of spends\n\n"
        "- test(part1): FR-X-001 the ledger adds up\n\n  It has to.\n\n"
        "- feat(part1): FR-X-001 a ledger\n\n  Simple.\n\n"
        "Fixes: #42\nCo-Authored-By: Ann Other <ann@example.org>\n"
        f"Milestone: M1\nVerified: unit\nLanded-From: {tip}"
    )


def test_what_landed_keeps_the_rules_that_lint_holds_it_to(built: Repository) -> None:
    begun = built.git("rev-parse", "origin/main")
    built.staddle("land", "m1", "m2")
    built.staddle("lint", "--range", f"{begun}..origin/main")


def test_its_own_branch_and_the_others_follow(built: Repository) -> None:
    built.staddle("land", "m1")
    base = built.git("rev-parse", "origin/main")
    assert built.git("rev-parse", built.branch(1)) == base
    assert built.git("merge-base", built.branch(2), base) == base


def test_up_to_a_requirement_the_rest_stays_on_the_branch(built: Repository) -> None:
    built.staddle("land", "m1", "--upto", "FR-X-001")
    assert subjects(built, "-1") == ["feat(part1): FR-X-001 ledger of spends"]
    assert built.git("log", "--format=%s", f"origin/main..{built.branch(1)}") == "feat(part1): FR-X-002 a ceiling"
    built.staddle("land", "m1")
    assert subjects(built, "-1") == ["feat(part1): FR-X-002 ceiling of amounts"]


def test_landing_twice_lands_once(built: Repository) -> None:
    built.staddle("land", "m1")
    base = built.git("rev-parse", "origin/main")
    assert "m1: nothing" in built.staddle("land", "m1").stdout
    assert built.git("rev-parse", "origin/main") == base


def test_a_red_check_lands_nothing(built: Repository) -> None:
    work(built, "broken.txt", "", "feat(part1): FR-X-002 a broken ceiling")
    before = built.git("rev-parse", "origin/main")
    said = built.staddle("land", "m1", code=1)
    assert "m1: red, unit: fail" in said.stdout
    assert built.git("rev-parse", "origin/main") == before
    assert_no_stumps(built)


def test_no_gate_lands_it_all_the_same_and_says_so(built: Repository) -> None:
    work(built, "broken.txt", "", "feat(part1): FR-X-002 a broken ceiling")
    built.staddle("land", "m1", "--no-gate")
    assert "Verified: none, --no-gate" in built.git("log", "-1", "--format=%B", "origin/main")


def test_what_was_proven_in_the_tree_is_not_proven_again(built: Repository) -> None:
    built.staddle("verify", "m1")
    assert "cached" in built.staddle("land", "m1").stderr


def test_a_conflict_leaves_everything_as_it_was(built: Repository) -> None:
    built.commit(built.main, "ledger.txt", "other\n", "feat: another ledger")
    built.git("push", "--quiet", "origin", "main")
    before = built.state()
    said = built.staddle("land", "m1", code=1)
    assert "m1: conflict, ledger.txt, in " in said.stdout
    assert built.state() == before


def test_dry_run_shows_the_commits_and_moves_nothing(built: Repository) -> None:
    before = built.state()
    shown = built.staddle("land", "m1", "--dry-run").stdout
    assert shown.splitlines()[0] == "m1: would land"
    assert "feat(part1): FR-X-001 ledger of spends" in shown
    assert built.state() == before


def test_commits_that_name_no_requirement_are_refused_with_their_list(built: Repository) -> None:
    oid = work(built, "tidy.txt", "", "chore(part1): tidy the ledger's folder")
    said = built.staddle("land", "m1", code=3).stderr
    assert f"{oid[:10]} chore(part1): tidy the ledger's folder" in said
    assert "names no requirement" in said


def test_interleaved_requirements_are_refused_with_their_list(built: Repository) -> None:
    work(built, "ledger.txt", "4\n", "fix(part1): FR-X-001 the ledger rounds up")
    said = built.staddle("land", "m1", code=3).stderr
    assert "interleaved" in said
    assert said.count("FR-X-00") == 4


def test_a_broken_rule_is_refused_with_the_finding(built: Repository) -> None:
    work(built, "x.txt", "", "feat(part1): FR-X-002 WIP")
    assert "[wip]" in built.staddle("land", "m1", code=3).stderr


def test_a_milestone_waits_for_those_that_it_needs(planned: Planned) -> None:
    needed = {"requirements": [{"id": "FR-X-001", "title": "ledger of spends"}]}
    repository = planned(2, first=needed)
    plan = (repository.main / "milestones.yaml").read_text()
    (repository.main / "milestones.yaml").write_text(plan.replace('"id": "M2",', '"id": "M2", "needs": ["M1"],'))
    repository.staddle("worktrees")
    repository.commit(repository.tree(1), "one.txt", "1\n", "feat(part1): FR-X-001 the first part")
    repository.commit(repository.tree(2), "two.txt", "2\n", "feat(part2): FR-Y-001 the second part")
    assert "M2 needs M1, which has not landed" in repository.staddle("land", "m2", code=3).stderr
    repository.staddle("land", "m1", "m2")
    assert subjects(repository, "-2") == [
        "feat(part2): FR-Y-001 the second part",
        "feat(part1): FR-X-001 ledger of spends",
    ]


def test_remove_takes_away_what_is_done(built: Repository) -> None:
    built.staddle("land", "m1", "--remove")
    assert not built.tree(1).exists()
    assert built.git("branch", "--list", built.branch(1)) == ""
    assert_no_stumps(built)


def test_without_a_remote_it_lands_here(built: Repository) -> None:
    built.git("remote", "remove", "origin")
    built.staddle("land", "m1")
    assert built.git("log", "-1", "--format=%s", "main") == "feat(part1): FR-X-002 ceiling of amounts"
    assert (built.main / "ceiling.txt").exists()


def test_a_local_base_with_commits_of_its_own_is_left_and_told_of(built: Repository) -> None:
    oid = built.commit(built.main, "mine.txt", "", "feat: mine")
    said = built.staddle("land", "m1").stderr
    assert "git rebase origin/main" in said
    assert built.git("rev-parse", "main") == oid
    assert subjects(built, "-1") == ["feat(part1): FR-X-002 ceiling of amounts"]


def test_an_edit_in_the_way_leaves_the_local_base_and_says_so(built: Repository) -> None:
    (built.main / "ledger.txt").write_text("mine\n")
    said = built.staddle("land", "m1").stderr
    assert "your main stays at" in said
    assert (built.main / "ledger.txt").read_text() == "mine\n"


def test_a_remote_that_moves_meanwhile_is_landed_on_where_it_is_now(built: Repository) -> None:
    """The check pushes somebody else's commit the first time it runs."""
    other = built.main.parent / "other"
    built.git("clone", "--quiet", built.git("remote", "get-url", "origin"), str(other))
    built.commit(other, "theirs.txt", "", "feat: theirs")
    script = f"test -e {other}/pushed || (touch {other}/pushed && git -C {other} push -q origin HEAD:main)"
    plan = (built.main / "milestones.yaml").read_text()
    (built.main / "milestones.yaml").write_text(plan.replace("sh -c '! test -e broken.txt'", f"sh -c '{script}'"))
    built.staddle("land", "m1")
    assert subjects(built, "-3") == [
        "feat(part1): FR-X-002 ceiling of amounts",
        "feat(part1): FR-X-001 ledger of spends",
        "feat: theirs",
    ]


def test_a_remote_that_refuses_is_quoted(built: Repository) -> None:
    from pathlib import Path

    hook = Path(built.git("remote", "get-url", "origin")) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho main is protected\nexit 1\n")
    hook.chmod(0o755)
    said = built.staddle("land", "m1", code=3).stderr
    assert "main is protected" in said


def test_a_path_of_the_schema_is_refused_with_the_way_out(built: Repository) -> None:
    import json

    path = built.main / "milestones.yaml"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": {"paths": ["events/**"]}}))
    work(built, "events/payout.py", "", "feat(part1): FR-X-002 payout events")
    said = built.staddle("land", "m1", code=3).stderr
    assert "[schema-first] events/payout.py" in said
    assert "staddle split-schema m1" in said


def test_whose_tree_will_conflict_is_told(built: Repository) -> None:
    built.commit(built.tree(2), "ledger.txt", "other\n", "feat(part2): FR-Y-001 another ledger")
    assert "m1 and m2 both change ledger.txt" in built.staddle("land", "m1").stderr


def test_a_push_that_another_one_overtakes_is_made_again(built: Repository) -> None:
    """The hook runs when git has already been told where the remote's base is."""
    other, hook = built.main.parent / "other", built.main / ".git" / "hooks" / "pre-push"
    built.git("clone", "--quiet", built.git("remote", "get-url", "origin"), str(other))
    built.commit(other, "theirs.txt", "", "feat: theirs")
    push = f"touch {other}/pushed && env -u GIT_DIR git -C {other} push -q origin HEAD:main"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntest -e {other}/pushed || ({push})\n")
    hook.chmod(0o755)
    built.staddle("land", "m2")
    assert subjects(built, "-2") == ["feat(part2): FR-Y-001 the second part", "feat: theirs"]


def test_a_hook_that_refuses_the_push_is_named(built: Repository) -> None:
    hook = built.main / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
    hook.chmod(0o755)
    said = built.staddle("land", "m2", code=1).stderr
    assert "not on a Friday" in said
    assert f"see what {hook} wants" in said


def test_what_landed_before_a_refusal_is_told(built: Repository) -> None:
    built.commit(built.tree(2), "x.txt", "", "feat(part2): FR-Y-001 WIP")
    said = built.staddle("land", "m1", "m2", code=3)
    assert said.stdout.startswith("m1: landed\n")
    assert "[wip]" in said.stderr
    assert built.git("rev-parse", built.branch(1)) == built.git("rev-parse", "origin/main")


def test_there_has_to_be_a_forge_to_wait_for(built: Repository) -> None:
    for verb in (("land", "m2"), ("train",)):
        assert "no forge to wait for" in built.staddle(*verb, "--wait", "5", code=2).stderr


def test_what_was_taken_off_the_base_does_not_come_back_with_another(built: Repository) -> None:
    before = built.git("rev-parse", "origin/main")
    built.staddle("land", "m1")
    built.git("push", "--quiet", "--force", "origin", f"{before}:main")
    said = built.staddle("land", "m2", code=3).stderr
    assert "was taken off the base again, and would come back: feat(part1): FR-X-002 ceiling of amounts" in said
    drop = said.partition("to drop it: ")[2].partition(";")[0]
    built.git(*drop.split()[1:], at=built.tree(2))
    built.staddle("land", "m2")
    assert subjects(built, f"^{before}") == ["feat(part2): FR-Y-001 the second part"]


def test_what_was_taken_off_the_base_lands_again_when_that_is_meant(built: Repository) -> None:
    before = built.git("rev-parse", "origin/main")
    built.staddle("land", "m1")
    built.git("push", "--quiet", "--force", "origin", f"{before}:main")
    keep = built.staddle("land", "m1", code=3).stderr.partition("to keep it: ")[2].strip()
    later = ("-c", "user.name=Grace")  # else the same commits come out within the same second
    built.git(*later, "-c", "core.hooksPath=/dev/null", *keep.split()[1:], at=built.tree(1))
    built.staddle("land", "m1")
    assert subjects(built, f"^{before}") == [
        "feat(part1): FR-X-002 ceiling of amounts",
        "feat(part1): FR-X-001 ledger of spends",
    ]


@pytest.fixture
def remembered(planned: Planned) -> Repository:
    """m1 is in conflict with the base, in a way that has been resolved once."""
    repository = planned(1)
    repository.git("config", "rerere.enabled", "true")
    repository.staddle("worktrees")
    before = work(repository, "shared.txt", "mine\n", "feat(part1): FR-X-001 the shared part")
    repository.commit(repository.main, "shared.txt", "base\n", "feat: shared")
    repository.git("push", "--quiet", "origin", "main")
    repository.staddle("sync", "m1", "--manual", code=1)
    (repository.tree(1) / "shared.txt").write_text("both\n")
    repository.staddle("sync", "m1", "--continue")
    repository.git("reset", "--quiet", "--hard", before, at=repository.tree(1))
    return repository


def test_what_git_resolves_from_memory_lands_only_when_proven_or_looked_at(remembered: Repository) -> None:
    assert "from memory, and no check proves" in remembered.staddle("land", "m1", code=3).stderr
    assert remembered.staddle("train", "--json", code=1).stdout.count('"refused"') == 1
    remembered.staddle("sync", "m1")
    remembered.staddle("land", "m1")
    assert remembered.git("show", "origin/main:shared.txt") == "both"


# --- what is done --------------------------------------------------------------------------------------------------


@pytest.fixture
def gone(built: Repository) -> Repository:
    """m1 has landed, and its tree is gone."""
    built.staddle("land", "m1", "--remove")
    return built


def test_what_is_done_and_gone_has_no_next_step(gone: Repository) -> None:
    row = gone.json("status", "m1")[0]
    assert (row["standing"], row["next_step"]) == ("landed", "-")
    assert gone.json("plan", "m1")["milestones"][0]["note"] == "all of it is on origin/main"


def test_sync_says_of_what_is_done_and_gone_that_it_landed(gone: Repository) -> None:
    done = {one["name"]: (one["did"], one["note"]) for one in gone.json("sync")}
    assert done["m1"] == ("absent", "all of it is on origin/main")


def test_what_is_done_and_gone_is_made_again_only_when_it_is_named(gone: Repository) -> None:
    assert [one["did"] for one in gone.json("worktrees")] == ["landed", "ok", "ok"]
    assert not gone.tree(1).exists()
    assert [one["did"] for one in gone.json("worktrees", "m1")] == ["created"]


@pytest.mark.parametrize("argv", [("verify",), ("verify", "--all"), ("prompts",)])
def test_who_means_all_does_not_mean_what_is_done_and_gone(gone: Repository, argv: tuple[str, ...]) -> None:
    gone.staddle(*argv)
    assert "m1 has no tree" in gone.staddle(argv[0], "m1", code=2).stderr


def test_what_is_done_is_not_stale_when_the_base_moves_on(built: Repository) -> None:
    built.staddle("land", "m1")
    assert built.json("status", "m1")[0]["checks"] == {"unit": "pass"}
    built.commit(built.main, "other.txt", "1\n", "chore: another")
    built.git("push", "--quiet", "origin", "main")
    built.staddle("sync")
    (row,) = built.json("status", "m1")
    assert (row["checks"], row["next_step"]) == ({"unit": "-"}, "landed: remove m1")


def test_what_is_done_comes_back_by_undo(gone: Repository) -> None:
    gone.staddle("undo", "m1")
    assert gone.json("status", "m1")[0]["next_step"] == "landed: remove m1"


def test_a_tree_with_uncommitted_work_is_not_called_done(built: Repository) -> None:
    (built.tree(1) / "new.txt").write_text("new\n")
    assert "can go" not in built.staddle("land", "m1", "--remove").stderr
    assert (built.tree(1) / "new.txt").exists()


# --- the next step is what land would ask for ------------------------------------------------------------------------


def test_what_waits_for_another_milestone_is_told_to_land_that_first(planned: Planned) -> None:
    repository = planned(2, first={"needs": ["M2"], "requirements": REQUIREMENTS}, milestone={"requirements": OTHERS})
    repository.staddle("worktrees")
    work(repository, "one.txt", "1\n", "feat(part1): FR-X-001 ledger of spends")
    assert repository.json("status", "m1")[0]["next_step"] == "land m2"


def test_what_breaks_a_rule_is_told_to_ask_lint(built: Repository) -> None:
    built.commit(built.tree(2), "two.txt", "3\n", "Feat: whatever")
    assert built.json("status", "m2")[0]["next_step"] == "lint m2"


def test_what_is_behind_is_told_to_sync_by_hand_where_that_conflicts(built: Repository) -> None:
    work(built, "two.txt", "1\n", "feat(part1): FR-X-002 another two")
    built.staddle("land", "m1")
    assert built.json("status", "m2")[0]["next_step"] == "sync m2 --manual"
