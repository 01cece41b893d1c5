"""train: what is ready lands together, what cannot go is named with its reason and its counterpart."""

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


def check(script: str, **keys: object) -> dict[str, object]:
    """A check that is green when the shell says so."""
    return {"unit": {"run": ["sh", "-c", script], "evidence": "exit-code", **keys}}


def change(repository: Repository, number: int, **keys: object) -> None:
    """Change what the plan says of a milestone."""
    path = repository.main / "milestones.yaml"
    plan = json.loads(path.read_text())
    plan["milestones"][number - 1] |= keys
    path.write_text(json.dumps(plan))


def work(repository: Repository, number: int, name: str, text: str = "done\n") -> str:
    """A commit on a milestone's branch."""
    message = f"feat(part{number}): FR-X-00{number} write {name}"
    return repository.commit(repository.tree(number), name, text, message)


@pytest.fixture
def eight(planned: Planned) -> Repository:
    """Eight trees, each with a commit and a check that is green."""
    repository = planned(8, milestone={"checks": check("true")})
    repository.staddle("worktrees")
    for number in range(1, 9):
        work(repository, number, f"part{number}.txt")
    return repository


def did(repository: Repository, *argv: str, code: int = 0) -> dict[str, str]:
    """What became of each milestone."""
    said = json.loads(repository.staddle("train", *argv, "--json", code=code).stdout)
    return {one["name"]: one["did"] for one in said}


def landed(repository: Repository, since: str) -> list[str]:
    """The first lines that the remote's base has gained, oldest first."""
    return repository.git("log", "--reverse", "--format=%s", f"{since}..origin/main").splitlines()


def test_what_somebody_works_in_stays_behind_and_the_others_land(eight: Repository) -> None:
    with (eight.main / ".git" / "staddle" / "tree-m3.mutex").open("r+") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        assert did(eight, code=1) == {f"m{n}": "busy" if n == 3 else "landed" for n in range(1, 9)}
        assert "held by" in eight.staddle("train", "m3", code=4).stderr
    assert did(eight, "m3") == {"m3": "landed"}


def test_eight_land_at_once_in_one_line_and_one_test_run(eight: Repository) -> None:
    begun = eight.git("rev-parse", "origin/main")
    said = eight.staddle("train")
    assert landed(eight, begun) == [f"feat(part{n}): FR-X-00{n} write part{n}.txt" for n in range(1, 9)]
    assert said.stderr.count("proving ") == 1
    assert eight.git("rev-parse", "main") == eight.git("rev-parse", "origin/main")
    assert_no_stumps(eight)


def test_a_conflict_and_a_pair_that_is_red_together_are_named_and_the_rest_lands(eight: Repository) -> None:
    work(eight, 3, "shared.txt", "three\n")
    work(eight, 6, "shared.txt", "six\n")
    change(eight, 2, checks=check("test ! -e part2.txt || test ! -e part7.txt", retries=0))
    said = eight.staddle("train", code=1)
    lines = {line.split(":")[0]: line for line in said.stdout.splitlines()}
    assert "m6: conflict, shared.txt, in " in lines["m6"] and "conflicts with m3" in lines["m6"]
    assert "m7: red, green alone, red together with m2: m2 unit: fail" in lines["m7"]
    assert [name for name in lines if lines[name] == f"{name}: landed"] == ["m1", "m2", "m3", "m4", "m5", "m8"]
    whole = [line for line in said.stderr.splitlines() if line.startswith("proving ") and " alone" not in line]
    assert len(whole) == 2


def test_a_pair_whose_later_one_is_red_is_named_too(eight: Repository) -> None:
    change(eight, 7, checks=check("test ! -e part2.txt || test ! -e part7.txt", retries=0))
    said = eight.staddle("train", code=1).stdout
    assert "m7: red, green alone, red together with m2: m7 unit: fail" in said
    assert said.count(": landed") == 7


def test_what_is_red_alone_stays_behind_with_what_needs_it(eight: Repository) -> None:
    change(eight, 2, checks=check("false"))
    change(eight, 5, needs=["M2"])
    change(eight, 8, needs=["M5", "M1"])
    expected = {f"m{n}": "landed" for n in (1, 3, 4, 6, 7)} | {"m2": "red", "m5": "blocked", "m8": "blocked"}
    assert did(eight, code=1) == expected


def test_what_needs_another_lands_after_it_whatever_their_numbers(eight: Repository) -> None:
    begun = eight.git("rev-parse", "origin/main")
    change(eight, 1, needs=["M8"])
    eight.staddle("train", "m1", "m8")
    assert landed(eight, begun) == ["feat(part8): FR-X-008 write part8.txt", "feat(part1): FR-X-001 write part1.txt"]


def test_a_check_that_fails_once_holds_nobody_up(eight: Repository, tmp_path: Path) -> None:
    once = tmp_path / "once"
    change(eight, 4, checks=check(f"test ! -e part5.txt || test -e {once} || (touch {once}; false)"))
    said = eight.staddle("train")
    assert "flaky" in said.stderr
    assert said.stdout.count(": landed") == 8


def test_somebody_elses_push_meanwhile_is_landed_on(eight: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    eight.git("clone", "--quiet", eight.git("remote", "get-url", "origin"), str(other))
    theirs = eight.commit(other, "theirs.txt", "", "feat: theirs")
    push = f"test ! -e part2.txt || test ! -e part1.txt || git -C {other} push -q origin HEAD:main"
    change(eight, 1, checks=check(push))
    eight.staddle("train", "m1", "m2")
    assert landed(eight, theirs) == ["feat(part1): FR-X-001 write part1.txt", "feat(part2): FR-X-002 write part2.txt"]


def test_a_base_that_turns_a_branch_red_keeps_it_back(eight: Repository) -> None:
    eight.commit(eight.main, "news.txt", "", "feat: news")
    eight.git("push", "--quiet", "origin", "main")
    change(eight, 3, checks=check("test ! -e part3.txt || test ! -e news.txt", retries=0))
    said = eight.staddle("train", "m3", "m4", code=1).stdout
    assert "m3: red, red on origin/main as it is now: m3 unit: fail" in said
    assert "m4: landed" in said


def test_unfinished_work_and_broken_rules_stay_behind(eight: Repository) -> None:
    (eight.tree(1) / "part1.txt").write_text("half done\n")
    eight.commit(eight.tree(2), "x.txt", "", "wip")
    expected = {f"m{n}": "landed" for n in range(3, 9)} | {"m1": "refused", "m2": "refused"}
    assert did(eight, code=1) == expected


def test_dry_run_says_who_could_go_and_moves_nothing(eight: Repository) -> None:
    before = eight.state()
    work(eight, 3, "shared.txt", "three\n")
    work(eight, 6, "shared.txt", "six\n")
    after = eight.state()
    done = did(eight, "--dry-run", code=1)
    assert done == {f"m{n}": "conflict" if n == 6 else "ready" for n in range(1, 9)}
    assert eight.state() == after != before


def test_nothing_ready_is_no_failure(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees")
    assert did(repository) == {"m1": "nothing", "m2": "nothing"}


def test_a_foreign_folder_in_a_trees_place_holds_nobody_up(planned: Planned) -> None:
    repository = planned(2)
    repository.staddle("worktrees", "m1")
    work(repository, 1, "part1.txt")
    repository.tree(2).mkdir()
    assert did(repository) == {"m1": "landed", "m2": "nothing"}
