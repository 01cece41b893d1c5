"""pr: a milestone's next requirement as one pull request, and never two."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forge import Hub
from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]
CHECK = {"unit": {"run": [sys.executable, "-c", ""], "evidence": "exit-code"}}
REQUIREMENTS = [
    {"id": "FR-X-001", "title": "ledger of spends", "issue": 42},
    {"id": "FR-X-002", "title": "ceiling of amounts"},
]
URL = "https://github.com/acme/venture/pull/1"


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


def test_it_offers_the_branch_up_to_its_first_requirement(hub: Hub, built: Repository) -> None:
    assert built.staddle("pr", "m1").stdout == f"{URL}\n"
    (pull,) = hub.pulls
    assert (pull.title, pull.base) == ("feat(part1): FR-X-001 ledger of spends", "main")
    assert hub.tip(built.branch(1)) == built.git("rev-parse", f"{built.branch(1)}~1")
    assert_no_stumps(built)


def test_the_text_says_what_changes_what_proves_it_and_what_it_closes(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    body = hub.pulls[0].body
    for line in ("FR-X-001", "a ledger", "Closes #42", "| unit | none yet |", "Milestone: M1"):
        assert line in body


def test_the_verdicts_are_those_on_just_this_content(hub: Hub, built: Repository) -> None:
    built.git("reset", "--quiet", "--hard", "HEAD~1", at=built.tree(1))
    built.staddle("verify", "m1")
    built.staddle("pr", "m1")
    assert "| unit | pass | 0 | 0 |" in hub.pulls[0].body
    work(built, "ledger.txt", "4\n", "feat(part1): FR-X-001 rounding of spends")
    built.staddle("pr", "m1")
    assert "| unit | none yet |" in hub.pulls[0].body


def test_twice_is_once(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    before, hub.asked[:] = built.state(), []
    assert built.json("pr", "m1")[0]["did"] == "current"
    assert len(hub.pulls) == 1
    assert built.state() == before
    assert not [name for name in hub.asked if "PATCH" in name or "Create" in name]


def test_an_open_one_is_brought_up_to_date(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    built.git("reset", "--quiet", "--hard", "HEAD~1", at=built.tree(1))
    tip = work(built, "ledger.txt", "5\n", "feat(part1): FR-X-001 rounding of spends")
    assert built.json("pr", "m1")[0]["did"] == "updated"
    assert hub.tip(built.branch(1)) == tip
    assert "rounding of spends" in hub.pulls[0].body


def test_what_people_wrote_around_our_part_stays(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    hub.pulls[0].body = f"Please look at the ledger.\r\n{hub.pulls[0].body}Thanks!"
    hub.pulls[0].title = "another"
    built.staddle("pr", "m1")
    assert hub.pulls[0].body.startswith("Please look at the ledger.\n<!-- staddle")
    assert hub.pulls[0].body.endswith("Thanks!")
    assert hub.pulls[0].title == "feat(part1): FR-X-001 ledger of spends"


def test_a_text_of_ones_own_is_left_alone(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    hub.pulls[0].body = "All mine."
    built.staddle("pr", "m1")
    assert hub.pulls[0].body == "All mine."


def test_a_template_beside_the_plan_comes_first(hub: Hub, built: Repository) -> None:
    (built.main / "templates").mkdir()
    (built.main / "templates" / "pr.md.j2").write_text("For {{ requirement }} only.\n")
    built.staddle("pr", "m1")
    assert "\nFor FR-X-001 only.\n" in hub.pulls[0].body


def test_a_rehearsal_shows_the_text_and_pushes_nothing(hub: Hub, built: Repository) -> None:
    said = built.staddle("pr", "m1", "--dry-run")
    assert "would open: feat(part1): FR-X-001 ledger of spends" in said.stderr
    assert "Closes #42" in said.stdout
    assert (hub.pulls, hub.tip(built.branch(1))) == ([], "")


def test_a_draft_is_one(hub: Hub, built: Repository) -> None:
    assert built.json("pr", "m1", "--draft")[0]["request"]["is_draft"] is True


def test_uncommitted_work_is_told_of(hub: Hub, built: Repository) -> None:
    (built.tree(1) / "draft.txt").write_text("half\n")
    assert "1 uncommitted change in" in built.staddle("pr", "m1").stderr


def test_a_broken_rule_keeps_it_here(hub: Hub, built: Repository) -> None:
    work(built, "x.txt", "x\n", "stuff")
    assert "breaks the plan's rules" in built.staddle("pr", "m1", code=3).stderr
    assert (hub.pulls, hub.tip(built.branch(1))) == ([], "")


def test_a_branch_that_is_behind_the_base_is_to_be_synced_first(hub: Hub, built: Repository) -> None:
    built.commit(built.main, "news.txt", "1\n", "chore: news")
    built.git("push", "--quiet", "origin", "main")
    assert "try: staddle sync m1" in built.staddle("pr", "m1", code=3).stderr
    built.staddle("sync", "m1")
    built.staddle("pr", "m1")


def test_a_branch_without_work_has_nothing_to_offer(hub: Hub, built: Repository) -> None:
    built.git("reset", "--quiet", "--hard", "origin/main", at=built.tree(1))
    assert "nothing that has not landed" in built.staddle("pr", "m1", code=3).stderr


def test_what_somebody_closed_is_not_opened_behind_their_back(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    hub.close(hub.pulls[0])
    assert "try: gh pr reopen 1 --repo github.com/acme/venture" in built.staddle("pr", "m1", code=3).stderr
    assert len(hub.pulls) == 1


def test_somebody_else_s_push_is_not_overwritten(hub: Hub, built: Repository) -> None:
    built.staddle("pr", "m1")
    theirs = hub.git("commit-tree", f"{built.branch(1)}^{{tree}}", "-p", built.branch(1), "-m", "theirs")
    hub.git("update-ref", f"refs/heads/{built.branch(1)}", theirs)
    assert "another pushed it" in built.staddle("pr", "m1", code=3).stderr
    assert hub.tip(built.branch(1)) == theirs


def test_without_a_forge_it_says_where_it_looked(planned: Planned) -> None:
    repository = planned(1)
    assert "is not on GitHub" in repository.staddle("pr", "m1", code=2).stderr


def test_without_gh_nothing_is_pushed(hub: Hub, gh: Path, built: Repository) -> None:
    (gh / "gh").unlink()
    assert "gh is not installed" in built.staddle("pr", "m1", code=2).stderr
    assert hub.tip(built.branch(1)) == ""


def test_without_a_login_nothing_is_pushed_and_no_token_is_shown(hub: Hub, built: Repository) -> None:
    said = built.staddle("pr", "m1", code=1, GH_TOKEN="ghp_secret").stderr
    assert "try: gh auth login --hostname github.com" in said
    assert "ghp_secret" not in said
    assert hub.tip(built.branch(1)) == ""


def test_the_answer_as_json_has_a_fixed_shape(hub: Hub, built: Repository) -> None:
    (said,) = json.loads(built.staddle("pr", "m1", "--json").stdout)
    assert said.keys() == {"name", "did", "title", "body", "request"}
    assert (said["request"]["number"], said["request"]["url"], said["request"]["checks"]) == (1, URL, "none")


def test_status_knows_it_without_asking(hub: Hub, built: Repository) -> None:
    assert built.json("status", "m1")[0]["request"] == {}
    built.staddle("pr", "m1")
    asked = len(hub.asked)
    known = built.json("status", "m1")[0]["request"]
    assert (known["number"], known["state"], known["url"], known["seen"] > 0) == (1, "open", URL, True)
    assert "(#1 open)" in built.staddle("status", "m1").stdout
    assert len(hub.asked) == asked
