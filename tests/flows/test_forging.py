"""land on a forge: a pull request for each requirement, merged once, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.forge import Hub
from tests.kit import SECONDS, STADDLE, Repository, assert_no_stumps

Planned = Callable[..., Repository]
CHECK = {"unit": {"run": [sys.executable, "-c", ""], "evidence": "exit-code"}}
REQUIREMENTS = [
    {"id": "FR-X-001", "title": "ledger of spends", "issue": 42},
    {"id": "FR-X-002", "title": "ceiling of amounts"},
]
LANDED = ["feat(part1): FR-X-002 ceiling of amounts", "feat(part1): FR-X-001 ledger of spends"]


@pytest.fixture
def built(hub: Hub, planned: Planned) -> Repository:
    """m1's tree with two commits for its first requirement and one for its second."""
    repository = planned(1, first={"requirements": REQUIREMENTS, "checks": CHECK})
    repository.staddle("worktrees")
    work(repository, "ledger.txt", "1\n", "test(part1): FR-X-001 the ledger adds up")
    work(repository, "ledger.txt", "2\n", "feat(part1): FR-X-001 a ledger\n\nSimple.")
    work(repository, "ceiling.txt", "3\n", "feat(part1): FR-X-002 a ceiling")
    return repository


def work(repository: Repository, name: str, text: str, message: str) -> str:
    """A commit on m1's branch."""
    return repository.commit(repository.tree(1), name, text, message)


def landed(hub: Hub) -> list[str]:
    """The first lines of what the forge's base has gained, newest first."""
    return hub.git("log", "--format=%s", "main", "--grep=FR-X").splitlines()


def finish(hub: Hub, repository: Repository) -> None:
    """Land what is left, and see that it all landed once and is here."""
    repository.staddle("land", "m1")
    assert landed(hub) == LANDED
    assert hub.tip("main") == repository.git("rev-parse", "main")
    assert (repository.main / "ledger.txt").read_text() == "2\n"
    assert_no_stumps(repository)


def test_each_requirement_lands_by_a_pull_request_of_its_own(hub: Hub, built: Repository) -> None:
    finish(hub, built)
    assert [(pull.title, pull.state) for pull in hub.pulls] == [(title, "MERGED") for title in reversed(LANDED)]
    assert hub.git("rev-list", "--count", "--merges", "main") == "0"
    assert built.git("rev-parse", built.branch(1)) == built.git("rev-parse", "main")


def test_the_squashed_commit_says_where_it_came_from(hub: Hub, built: Repository) -> None:
    tip = built.git("rev-parse", f"{built.branch(1)}~1")
    built.staddle("land", "m1")
    assert hub.git("log", "-1", "--format=%B", "main~1") == (
        "feat(part1): FR-X-001 ledger of spends\n\n"
        "- test(part1): FR-X-001 the ledger adds up\n\n- feat(part1): FR-X-001 a ledger\n\n  Simple.\n\n"
        f"Fixes: #42\nMilestone: M1\nVerified: unit\nLanded-From: {tip}"
    )


def test_landing_what_has_landed_does_nothing(hub: Hub, built: Repository) -> None:
    finish(hub, built)
    assert built.json("land", "m1")[0]["did"] == "nothing"
    assert len(hub.pulls) == 2


def test_up_to_a_requirement_the_rest_stays(hub: Hub, built: Repository) -> None:
    built.staddle("land", "m1", "--upto", "FR-X-001")
    assert landed(hub) == LANDED[1:]
    assert built.git("log", "--format=%s", "origin/main..", at=built.tree(1)) == "feat(part1): FR-X-002 a ceiling"


def test_pending_checks_refuse_and_are_named(hub: Hub, built: Repository) -> None:
    hub.checks = {"unit": "success", "e2e": "pending"}
    said = built.staddle("land", "m1", code=3).stderr
    assert "cannot be merged yet: checks pending: e2e" in said
    assert "try: staddle land m1 --wait" in said
    assert (landed(hub), len(hub.pulls)) == ([], 1)
    hub.checks = {"unit": "success", "e2e": "success"}
    finish(hub, built)


@pytest.mark.parametrize(
    ("review", "words"),
    [("REVIEW_REQUIRED", "an approval is required"), ("CHANGES_REQUESTED", "a reviewer wants changes")],
)
def test_a_missing_approval_refuses(hub: Hub, built: Repository, review: str, words: str) -> None:
    hub.review = review
    assert words in built.staddle("land", "m1", code=3).stderr
    assert landed(hub) == []


def test_a_rule_of_the_forge_refuses(hub: Hub, built: Repository) -> None:
    hub.blocked = True
    assert "a rule of the base branch stands against it" in built.staddle("land", "m1", code=3).stderr


def test_waiting_goes_on_once_it_is_green_and_approved(hub: Hub, built: Repository) -> None:
    hub.checks, hub.review = {"e2e": "pending"}, "REVIEW_REQUIRED"
    done = waiting(built)
    hub.await_asked("PullRequestByNumber", 3)
    hub.checks, hub.review = {"e2e": "success"}, "APPROVED"
    assert done.wait(SECONDS) == 0
    assert landed(hub) == LANDED


def test_waiting_ends_at_once_when_a_check_is_red(hub: Hub, built: Repository) -> None:
    hub.checks = {"e2e": "pending", "unit": "failure"}
    assert "m1: unit failed on https://github.com" in built.staddle("land", "m1", "--wait", "999", code=1).stderr
    assert landed(hub) == []


def test_waiting_ends_with_its_time(hub: Hub, built: Repository) -> None:
    hub.checks = {"e2e": "pending"}
    assert "checks pending: e2e" in built.staddle("land", "m1", "--wait", "1", code=3).stderr


def test_waiting_needs_a_forge(planned: Planned) -> None:
    assert "no forge to wait for" in planned(1).staddle("land", "m1", "--wait", "9", code=2).stderr


def waiting(repository: Repository) -> "subprocess.Popen[bytes]":
    """The command that waits, under way."""
    return subprocess.Popen([*STADDLE, "land", "m1", "--wait", "99"], cwd=repository.main)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_connection_merges_nothing_twice(hub: Hub, built: Repository, when: str) -> None:
    hub.drop = when
    built.staddle("land", "m1", code=1 if when == "before" else 0)
    finish(hub, built)


def test_killed_while_it_waits_the_next_goes_on(hub: Hub, built: Repository) -> None:
    hub.checks = {"e2e": "pending"}
    done = waiting(built)
    hub.await_asked("PullRequestByNumber", 3)
    done.kill()
    done.wait(SECONDS)
    hub.checks = {}
    finish(hub, built)
    assert len(hub.pulls) == 2


def test_killed_when_the_forge_has_merged_the_next_goes_on(hub: Hub, built: Repository) -> None:
    killed: list[int] = []

    def kill() -> None:
        if not killed:
            killed.append(done.pid)
            os.kill(done.pid, signal.SIGKILL)

    hub.before_merge = kill
    done = waiting(built)
    assert done.wait(SECONDS) == -signal.SIGKILL
    hub.await_asked("PullRequestMerge", 1)
    finish(hub, built)
    assert len(hub.pulls) == 2


def test_what_somebody_merged_on_the_forge_is_recognised(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    hub.merge(hub.pulls[0], "feat(part1): FR-X-001 ledger of spends (#1)", "", None)
    built.staddle("land", "m1")
    assert landed(hub) == [LANDED[0], f"{LANDED[1]} (#1)"]
    assert [pull.title for pull in hub.pulls] == [*reversed(LANDED)]


def test_what_somebody_closed_is_refused(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    hub.close(hub.pulls[0])
    assert "was closed unmerged" in built.staddle("land", "m1", code=3).stderr
    assert landed(hub) == []


def test_a_head_that_moved_on_the_forge_is_not_merged(hub: Hub, built: Repository) -> None:
    branch = f"refs/heads/{built.branch(1)}"

    def push() -> None:
        theirs = hub.git("commit-tree", f"{branch}^{{tree}}", "-p", branch, "-m", "theirs")
        hub.git("update-ref", branch, theirs)

    hub.before_merge = push
    assert "modified" in built.staddle("land", "m1", code=1).stderr
    assert landed(hub) == []
    assert "another pushed it" in built.staddle("land", "m1", code=3).stderr


def test_a_base_that_moves_between_is_told_of(hub: Hub, built: Repository) -> None:
    def push() -> None:
        hub.before_merge = None
        blob = hub.git("hash-object", "-w", "--stdin")
        tree = hub.git("mktree", stdin=f"{hub.git('ls-tree', 'main')}\n100644 blob {blob}\tnew\n")
        hub.git("update-ref", "refs/heads/main", hub.git("commit-tree", tree, "-p", "main", "-m", "chore: news"))

    hub.before_merge = push
    assert "not the content that was proven" in built.staddle("land", "m1").stderr
    finish(hub, built)


def test_a_local_base_that_cannot_follow_is_told_of(hub: Hub, built: Repository) -> None:
    built.commit(built.main, "mine.txt", "1\n", "chore: mine")
    assert "your main has commits that origin/main has not" in built.staddle("land", "m1").stderr
    assert landed(hub) == LANDED


def test_a_red_check_here_opens_nothing(hub: Hub, built: Repository) -> None:
    plan = json.loads((built.main / "milestones.yaml").read_text())
    plan["milestones"][0]["checks"]["unit"]["run"] = [sys.executable, "-c", "raise SystemExit(1)"]
    (built.main / "milestones.yaml").write_text(json.dumps(plan))
    assert built.staddle("land", "m1", code=1)
    assert (hub.pulls, hub.tip(built.branch(1))) == ([], "")
