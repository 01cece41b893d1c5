"""The forge, through every gh at hand: what is there, what is made and changed, and what is said when that fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from staddle.core.errors import Refused, UsageError, WorkFailed
from staddle.core.model import Plan
from staddle.core.names import Oid
from staddle.edges.forge import Checks, Forge, Request, Review, Stage
from staddle.edges.git import Git
from staddle.edges.plans import load_plan
from staddle.edges.state import State
from staddle.guard import fetching
from tests.forge import REMOTE, Hub
from tests.kit import Repository, write_plan

BRANCH = "feat/venture-m1-part"
FORGE = Forge("github.com", "acme", "venture")


@pytest.fixture
def plan(repository: Repository) -> Plan:
    """A plan of one milestone, whose branch has a commit here and on the remote."""
    write_plan(repository.main / "milestones.yaml", 1)
    repository.git("switch", "--quiet", "-c", BRANCH)
    repository.commit(repository.main, "part.txt", "1\n", "feat(part1): FR-X-001 part one")
    repository.git("push", "--quiet", "origin", BRANCH)
    return load_plan(repository.main / "milestones.yaml").plan


@pytest.fixture
def opened(hub: Hub, plan: Plan) -> Request:
    """An open pull request of that branch."""
    return FORGE.create(BRANCH, "main", "feat: one", "why\n")


def tip(repository: Repository) -> Oid:
    return Oid(repository.git("rev-parse", BRANCH))


def test_a_remote_on_the_forge_is_seen_through_what_rewrites_it(hub: Hub, repository: Repository, plan: Plan) -> None:
    assert Forge.of(Git.open(repository.main), plan) == FORGE


def test_an_abbreviation_of_ones_own_is_spelled_out(repository: Repository, plan: Plan) -> None:
    repository.git("remote", "set-url", "origin", "gh:acme/venture")
    repository.git("config", "url.git@github.com:.insteadOf", "gh:")
    assert Forge.of(Git.open(repository.main), plan) == FORGE


def test_another_remote_is_on_no_forge(repository: Repository, plan: Plan) -> None:
    assert Forge.of(Git.open(repository.main), plan) is None


def test_a_forge_of_ones_own_is_named_by_gh(
    repository: Repository, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("remote", "set-url", "origin", REMOTE.replace("github.com", "git.corp.example"))
    assert Forge.of(Git.open(repository.main), plan) is None
    monkeypatch.setenv("GH_HOST", "git.corp.example")
    assert Forge.of(Git.open(repository.main), plan) == replace(FORGE, host="git.corp.example")


def test_what_was_opened_is_found(repository: Repository, opened: Request) -> None:
    assert (opened.number, opened.state, opened.base, opened.title) == (1, Stage.OPEN, "main", "feat: one")
    assert (opened.head, opened.body, opened.fits, opened.checks) == (tip(repository), "why\n", True, Checks.NONE)
    assert opened.url == "https://github.com/acme/venture/pull/1"
    assert FORGE.find(BRANCH) == opened


def test_a_branch_without_a_pull_request_has_none(hub: Hub, plan: Plan) -> None:
    assert FORGE.find(BRANCH) is None


def test_to_open_what_is_open_finds_it(hub: Hub, opened: Request) -> None:
    assert FORGE.create(BRANCH, "main", "feat: another", "") == opened
    assert len(hub.pulls) == 1


def test_the_open_one_comes_before_a_later_one_that_ended(hub: Hub, opened: Request) -> None:
    hub.pulls.append(replace(hub.pulls[0], number=2, state="CLOSED", head=opened.head))
    assert FORGE.find(BRANCH) == opened


def test_a_stranger_s_branch_of_the_same_name_is_passed_over(hub: Hub, opened: Request) -> None:
    hub.pulls.append(replace(hub.pulls[0], number=2, fork=True))
    assert FORGE.find(BRANCH) == opened


def test_texts_are_replaced_as_they_are(hub: Hub, opened: Request) -> None:
    FORGE.update(1, "main", "feat: ünlike", "@/etc/passwd\n$(x) `y`\n")
    assert (hub.pulls[0].title, hub.pulls[0].body) == ("feat: ünlike", "@/etc/passwd\n$(x) `y`\n")


@pytest.mark.parametrize(
    ("checks", "state", "red", "waiting"),
    [
        ({"unit": "success", "docs": "skipped"}, Checks.PASSED, (), ()),
        ({"unit": "success", "e2e": "pending"}, Checks.PENDING, (), ("e2e",)),
        ({"unit": "failure", "e2e": "pending"}, Checks.FAILED, ("unit",), ("e2e",)),
        ({"unit": "timed_out"}, Checks.FAILED, ("unit",), ()),
    ],
)
def test_checks_are_told_apart(
    hub: Hub, opened: Request, checks: dict[str, str], state: Checks, red: tuple[str, ...], waiting: tuple[str, ...]
) -> None:
    hub.checks = checks
    found = FORGE.state(1)
    assert (found.checks, found.red, found.waiting) == (state, red, waiting)


def test_reviews_are_told_apart(hub: Hub, opened: Request) -> None:
    said = {"": Review.NONE, "REVIEW_REQUIRED": Review.REQUIRED, "CHANGES_REQUESTED": Review.CHANGES}
    for hub.review, review in (said | {"APPROVED": Review.APPROVED}).items():
        assert FORGE.state(1).review is review


def test_a_merge_is_one_commit_with_the_texts_given(hub: Hub, repository: Repository, opened: Request) -> None:
    FORGE.merge(1, "feat: one", "why\n\nMilestone: M1\n", opened.head)
    found = FORGE.state(1)
    assert (found.state, found.head, found.merge_commit) == (Stage.MERGED, opened.head, hub.tip("main"))
    assert hub.git("log", "-1", "--format=%B", "main") == "feat: one\n\nwhy\n\nMilestone: M1"
    assert hub.tip(BRANCH) == tip(repository) == opened.head


def test_what_is_merged_already_is_not_merged_again(hub: Hub, opened: Request) -> None:
    FORGE.merge(1, "feat: one", "", opened.head)
    merged = hub.tip("main")
    FORGE.merge(1, "feat: one", "", opened.head)
    assert hub.tip("main") == merged


def test_another_head_than_the_one_looked_at_is_not_merged(hub: Hub, repository: Repository, opened: Request) -> None:
    repository.commit(repository.main, "late.txt", "1\n", "feat: late")
    repository.git("push", "--quiet", "origin", BRANCH)
    with pytest.raises(WorkFailed, match="modified"):
        FORGE.merge(1, "feat: one", "", opened.head)


@pytest.mark.parametrize(("when", "state"), [("before", Stage.OPEN), ("after", Stage.MERGED)])
def test_the_state_tells_what_a_lost_connection_does_not(hub: Hub, opened: Request, when: str, state: Stage) -> None:
    hub.drop = when
    with pytest.raises(WorkFailed):
        FORGE.merge(1, "feat: one", "", opened.head)
    assert FORGE.state(1).state is state


def test_without_gh_it_is_named(hub: Hub, gh: Path, opened: Request) -> None:
    (gh / "gh").unlink()
    with pytest.raises(UsageError, match="gh is not installed"):
        FORGE.state(1)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_who_is_not_logged_in_is_told_how(
    hub: Hub, opened: Request, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("GH_TOKEN", token)
    with pytest.raises(WorkFailed, match=r"gh is not logged in at github\.com") as caught:
        FORGE.state(1)
    assert caught.value.hint == "gh auth login --hostname github.com"


def test_a_forge_that_has_had_enough_says_so(hub: Hub, opened: Request) -> None:
    hub.limited = True
    with pytest.raises(WorkFailed, match="rate limit") as caught:
        FORGE.state(1)
    assert "gh api rate_limit" in caught.value.hint


# --- pushing -----------------------------------------------------------------------------------------------------


def offer(repository: Repository) -> None:
    git = Git.open(repository.main)
    state = State(git.common)
    state.prepare()
    fetching.offer(git, state, "origin", BRANCH, tip(repository))


def test_a_branch_that_was_rebased_replaces_what_it_was(hub: Hub, repository: Repository, plan: Plan) -> None:
    repository.git("commit", "--quiet", "--amend", "-m", "feat(part1): FR-X-001 said better")
    offer(repository)
    assert hub.tip(BRANCH) == tip(repository) == repository.git("rev-parse", f"origin/{BRANCH}")


def test_a_branch_that_the_forge_has_deleted_is_made_again(hub: Hub, repository: Repository, plan: Plan) -> None:
    hub.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    offer(repository)
    assert hub.tip(BRANCH) == tip(repository)


@pytest.mark.parametrize("fetched", [True, False])
def test_somebody_else_s_commits_are_not_pushed_over(
    hub: Hub, repository: Repository, plan: Plan, fetched: bool
) -> None:
    theirs = hub.git("commit-tree", f"{BRANCH}^{{tree}}", "-p", BRANCH, "-m", "theirs")
    hub.git("update-ref", f"refs/heads/{BRANCH}", theirs)
    if fetched:
        repository.git("fetch", "--quiet")
    repository.git("commit", "--quiet", "--amend", "-m", "feat(part1): FR-X-001 mine")
    with pytest.raises(Refused) as caught:
        offer(repository)
    assert (caught.value.code, hub.tip(BRANCH)) == ("foreign-push", theirs)


def test_the_repository_s_own_hook_sees_what_is_pushed(hub: Hub, repository: Repository, plan: Plan) -> None:
    hook = repository.main / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    repository.commit(repository.main, "more.txt", "1\n", "feat: more")
    with pytest.raises(WorkFailed, match=": no\n"):
        offer(repository)
