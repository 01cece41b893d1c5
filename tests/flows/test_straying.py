"""Straying: what an agent must not do is found and named, whatever its exit code says."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Repository, assert_no_stumps

from .living import Mailbox, daemon

Planned = Callable[..., Repository]
MESSAGE = "feat(part1): FR-X-001 first thing"
COMMIT = f"git commit -q --allow-empty -m '{MESSAGE}'"
PUSH = "GIT_CONFIG_COUNT=0 git push -q origin HEAD"
MORE = "git commit -q --no-verify --allow-empty -m 'test(part1): FR-X-001 two parts'"
STADDLE = f"{sys.executable} -m staddle"
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing", "test": "tests/test_it.py::test_one"}]
TEST = "def test_one(): assert 1\ndef test_two(): assert 2\n"


def standing(planned: Planned, shell: str) -> Repository:
    """A tree with two tests, an agent that is this shell text, past its fence; a person's file in the main checkout."""
    agents = {"script": {"command": {"shell": f"unset STADDLE_FENCE; {shell}"}}}
    second = {"requirements": [{"id": "FR-X-002", "title": "second thing"}]}
    repository = planned(2, agents=agents, milestone=second, first={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    repository.commit(repository.tree(1), "tests/test_it.py", TEST, "test(part1): FR-X-000 two tests")
    (repository.main / "unsaved.txt").write_text("a person's\n")
    return repository


def verdict(repository: Repository, code: int) -> tuple[str, dict[str, str]]:
    """How the agent in the first tree is judged: its outcome, and what was found by rule."""
    (found,) = json.loads(repository.staddle("agents", "m1", "--json", code=code).stdout)
    assert_no_stumps(repository)
    strays = found["strays"]
    return found["outcome"], {
        rule: "; ".join(stray["what"] for stray in strays if stray["rule"] == rule)
        for rule in {stray["rule"] for stray in strays}
    }


def judged(planned: Planned, shell: str, code: int = 1) -> tuple[str, dict[str, str]]:
    """How an agent that is this shell text is judged."""
    return verdict(standing(planned, shell), code)


@pytest.mark.parametrize(
    ("shell", "rule", "says"),
    [
        ("git switch -qc other", "branch", "is no longer on feat/venture-m1-part"),
        ("git branch elsewhere", "refs", "refs/heads/elsewhere"),
        ("git tag v1", "refs", "refs/tags/v1"),
        ("git -C ../parpour commit -q --allow-empty -m 'chore: x'", "refs", "refs/heads/main"),
        ("git -C ../parpour switch -q --detach", "worktrees", "another tree's HEAD was moved"),
        ("git reset -q --hard HEAD~1", "rewritten", "was rewritten or is gone"),
        ("git commit -q --amend --no-verify -m x", "rewritten", "was rewritten or is gone"),
        ("echo x > ../parpour/new.txt", "main-checkout", "new.txt"),
        ("echo x >> ../parpour/README.md", "main-checkout", "README.md"),
        ("git worktree add -q ../mine HEAD", "worktrees", "mine"),
        ("echo x > f; git add f; git stash -q", "stash", "stash"),
        ("git config core.pager less", "settings", "core.pager=less"),
        ("git config --global alias.st '!echo'", "settings", ".gitconfig: alias.st=..."),
        ("echo 'exit 0' > ../parpour/.git/hooks/pre-push", "settings", "hooks/pre-push"),
        ("h=$(git rev-parse --git-path hooks); echo 'exit 0' > $h/pre-push", "settings", "/script"),
        (f"{COMMIT}; {PUSH}", "pushed", "refs/remotes/origin/feat/venture-m1-part"),
        (f"{COMMIT}; {PUSH}; {MORE}", "pushed", "refs/remotes/origin/feat/venture-m1-part"),
        (f"rm ../parpour/unsaved.txt; {COMMIT}", "main-checkout", "unsaved.txt"),
        ("cd ../parpour; git update-index --assume-unchanged README.md; echo >> README.md", "main-checkout", "README"),
        ("echo '*.py' >> ../parpour/.git/info/exclude; echo > ../parpour/new.py", "settings", "info/exclude"),
        ("rm -rf ../venture-wt-m2-part", "worktrees", "taken away"),
        (f"rm .git; git init -q; {COMMIT}", "branch", "is no longer on feat/venture-m1-part"),
    ],
)
def test_what_is_not_the_agents_own_is_named(planned: Planned, shell: str, rule: str, says: str) -> None:
    outcome, strays = judged(planned, shell)
    assert outcome == "strayed"
    assert says in strays[rule]


@pytest.mark.parametrize(
    ("shell", "rule", "says"),
    [
        ("git commit -qn --allow-empty -m 'update code'", "message", "committed as 'update code', not as asked"),
        (f"{COMMIT}; git commit -q --no-verify --allow-empty -m 'more'", "message", "more"),
        (f"{COMMIT}; echo > $(git rev-parse --git-path index)", "uncommitted", "git cannot read"),
        (f"{COMMIT}; echo x > left", "uncommitted", "left uncommitted: left"),
        (f"git rm -q tests/test_it.py; {COMMIT}", "tests", "tests removed: test_one, test_two"),
        (f"sed -i '1i import pytest\\n@pytest.mark.skip' tests/test_it.py; git add -u; {COMMIT}",
         "tests", "tests skipped or expected to fail now: test_one"),
        (f"sed -i 's/assert ./pass/' tests/test_it.py; git add -u; {COMMIT}",
         "tests", "tests that make fewer assertions now: test_one, test_two"),
        (f"sed -i 's/assert 1/assert 0 or 1/' tests/test_it.py; git add -u; {COMMIT}",
         "tests", "assertions changed in the test that is to turn green: test_one"),
    ],
)  # fmt: skip
def test_a_commit_that_is_not_as_it_should_be_is_named(planned: Planned, shell: str, rule: str, says: str) -> None:
    outcome, strays = judged(planned, shell)
    assert outcome == "strayed"
    assert says in strays[rule]


def test_a_clean_commit_leaves_nothing_to_name(planned: Planned) -> None:
    assert judged(planned, COMMIT, code=0) == ("done", {})


def test_a_tree_that_the_agent_deletes_is_named(planned: Planned) -> None:
    outcome, strays = judged(planned, 'rm -rf -- "$PWD"')
    assert outcome == "strayed"
    assert "is no longer on" in strays["branch"]


def test_a_daemon_that_was_left_behind_is_ended_and_named(planned: Planned, tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mailbox")
    words = " ".join(f"'{word}'" for word in daemon(mailbox, "leave"))
    outcome, strays = judged(planned, f"{COMMIT}; {words}")
    process = int(mailbox.line())
    assert not Path(f"/proc/{process}").exists()
    assert outcome == "strayed"
    assert f"({process})" in strays["processes"]


def test_what_staddle_does_meanwhile_is_held_against_nobody(planned: Planned) -> None:
    meanwhile = f"cd ../parpour && {STADDLE} spawn run7 2 && {STADDLE} reconcile run7"
    assert judged(planned, f"{COMMIT}; ({meanwhile})", code=0) == ("done", {})


def test_a_candidate_that_was_worked_on_and_taken_away_meanwhile_is_held_against_nobody(planned: Planned) -> None:
    work = "cd ../parpour/.pqa_worktrees/run7-b1 && git commit -q --allow-empty -m 'feat: an answer'"
    repository = standing(planned, f"{COMMIT}; ({work}); cd ../parpour && {STADDLE} reconcile run7")
    repository.staddle("spawn", "run7", "1")
    assert verdict(repository, 0) == ("done", {})


@pytest.mark.parametrize(
    ("end", "then"),
    [("", "agents m2"), ("; kill -9 $(awk '/PPid/ {print $2}' /proc/$PPID/status)", "agents --status")],
)
def test_what_an_agent_did_meanwhile_is_its_own_though_it_is_asked_again_or_lost(
    planned: Planned, end: str, then: str
) -> None:
    second = f"git commit -q --allow-empty -m 'feat(part2): FR-X-002 second thing'{end}"
    first = f"{COMMIT}; cd ../parpour; {STADDLE} agents m2; {STADDLE} {then}"
    shell = f"case $STADDLE_MILESTONE in M1) {first} ;; M2) {second} ;; esac"
    assert judged(planned, shell, code=0) == ("done", {})


@pytest.mark.parametrize("then", ["true", f"{STADDLE} sync m2 --take mine && {STADDLE} sync m2 --continue"])
def test_a_rebase_that_a_person_has_staddle_do_in_another_tree_is_held_against_nobody(
    planned: Planned, then: str
) -> None:
    repository = standing(planned, f"{COMMIT}; cd ../parpour; {STADDLE} sync m2 --manual; {then}")
    repository.commit(repository.tree(2), "README.md", "mine\n", "feat(part2): FR-X-002 second thing")
    repository.commit(repository.main, "README.md", "theirs\n", "chore: another beginning")
    repository.git("push", "--quiet", "origin", "main")
    assert verdict(repository, 0) == ("done", {})
