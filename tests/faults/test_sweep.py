"""The sweep, and what it judges by: bystanders are pictured whole, every kind of stump is seen, harm is reported."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from staddle.faults.bystanders import CORNER, ENV, LOOK_ALIKES, build, git
from staddle.faults.cutter import Cut
from staddle.faults.picture import differences, leftovers, snapshot
from staddle.faults.seccomp import SUPPORTED
from staddle.faults.sweep import Case, Point, Sweep

BRANCH, TREE = "pqa/run42-b1", ".pqa_worktrees/run42-b1"
ADD = ["git", "worktree", "add", "-b", BRANCH, TREE, "HEAD"]
PLAIN_CLEANUP = f"git worktree remove --force {TREE}; git branch -D {BRANCH}; git worktree prune"
needs_seccomp = pytest.mark.skipif(not SUPPORTED, reason="needs seccomp user notification")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture
def main(built: Path) -> Iterator[Path]:
    """The checkout of a repository that the test may wreck."""
    spare = built.parent.with_suffix(".spare")
    subprocess.run(["cp", "-a", built.parent, spare], check=True)
    yield built
    shutil.rmtree(built.parent)
    spare.rename(built.parent)


def test_a_new_repository_is_whole_and_has_no_stumps(main: Path) -> None:
    facts = snapshot(main)
    assert facts["fsck"] == ""
    assert {f"ref refs/heads/{name}" for name in LOOK_ALIKES} < facts.keys()
    assert {"ref refs/stash", "entry unplugged/HEAD", "file ada/.drill/scratch.txt"} < facts.keys()
    assert "file parpour/.drill/key.local" in facts
    assert git(main, "status", "--short") == " M .drill/notes.txt\nA  .drill/staged.txt\n?? .drill/new.txt\n"
    assert leftovers(main, [BRANCH]) == []


def test_looking_changes_nothing(main: Path) -> None:
    assert differences(snapshot(main), snapshot(main)) == []


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (lambda main: git(main, "branch", "-D", "pqa/run1"), "lost: ref refs/heads/pqa/run1: "),
        (lambda main: git(main, "worktree", "prune"), "lost: entry unplugged/HEAD: "),
        (lambda main: git(main, "stash", "drop"), "lost: ref refs/stash: "),
        (lambda main: git(main, "config", "alias.lg", "log"), "changed: config: "),
        (lambda main: git(main, "reset", "-q", f"{CORNER}/staged.txt"), "changed: staged parpour: "),
        (lambda main: git(main, "clean", "-qfX"), "lost: file parpour/.drill/key.local: 644 'ignored\\n'"),
        (lambda main: (main.parent / "ada/.drill/README.md").chmod(0o600), "changed: file ada/.drill/README.md: 644 "),
        (lambda main: git(main, *ADD[1:]), f"new: ref refs/heads/{BRANCH}: "),
    ],
)
def test_harm_to_a_bystander_is_one_readable_line(main: Path, harm: Callable[[Path], object], line: str) -> None:
    before = snapshot(main)
    harm(main)
    assert any(difference.startswith(line) for difference in differences(before, snapshot(main)))


def test_what_is_set_apart_may_change(main: Path) -> None:
    before = snapshot(main)
    git(main, "branch", "pqa/run7")
    assert differences(before, snapshot(main), apart=["ref refs/heads/pqa/run7", "log *"]) == []


@pytest.mark.parametrize(
    ("stump", "line"),
    [
        (".git/index.lock", "lock: .git/index.lock"),
        (".git/packed-refs.new", "lock: .git/packed-refs.new"),
        (".git/staddle/new-1a2b-m1/HEAD", "staging: new-1a2b-m1"),
        (".git/staddle/.roster.json.17.new", "staging: .roster.json.17.new"),
        ("../.venture-wt-m1.staddle-1a2b/README.md", "staging: .venture-wt-m1.staddle-1a2b"),
        (f"{TREE}/README.md", "tree without entry: run42-b1"),
        (f".git/logs/refs/heads/{BRANCH}", f"log without branch: {BRANCH}"),
        (".git/worktrees/x/commondir", "half entry: x: no gitdir, HEAD, commondir, index"),
    ],
)
def test_a_file_left_behind_is_a_stump(main: Path, stump: str, line: str) -> None:
    (main / stump).parent.mkdir(parents=True, exist_ok=True)
    (main / stump).touch()
    assert leftovers(main, [BRANCH]) == [line]


def test_a_tree_and_a_branch_that_lost_each_other_are_stumps(main: Path) -> None:
    git(main, *ADD[1:])
    assert leftovers(main, [BRANCH]) == []
    shutil.rmtree(main / TREE)
    assert leftovers(main, [BRANCH]) == [f"entry without tree: run42-b1: {main / TREE}"]
    shutil.rmtree(main / ".git/worktrees/run42-b1")
    assert leftovers(main, [BRANCH]) == [f"branch without tree: {BRANCH}"]


def test_a_merge_under_way_is_a_stump(main: Path) -> None:
    (main / ".git/MERGE_HEAD").touch()
    assert leftovers(main) == [f"under way: {main}/.git/MERGE_HEAD"]


@pytest.mark.parametrize("marked", [True, False])
def test_a_living_process_is_a_stump(main: Path, marked: bool) -> None:
    env = ENV | ({"STADDLE_UNIT": str(main)} if marked else {})
    with subprocess.Popen(["sleep", "60"], cwd="/" if marked else main, env=env) as process:
        found = leftovers(main)
        process.kill()
    assert found == [f"process: {process.pid} sleep 60 "]


def case(folder: Path) -> Case:
    main = build(folder)
    before = snapshot(main)

    def check(recovery: Cut) -> list[str]:
        return differences(before, snapshot(main), apart=["log *"]) + leftovers(main, [BRANCH])

    return Case(main, check)


@needs_seccomp
def test_plain_git_leaves_stumps_and_harms_a_bystander(tmp_path: Path) -> None:
    result = Sweep(ADD, ["sh", "-c", PLAIN_CLEANUP], case, ENV).run(tmp_path, ["kill", "torn"], every=8)
    faults = [fault for failure in result.failures for fault in failure.faults]
    assert 14 <= len(result.tried) <= 26
    assert len(result.failures) == len(result.tried)  # prune drops the unplugged tree's entry at every point
    assert any(fault.startswith("lost: entry unplugged") for fault in faults)
    assert any(
        fault.startswith(("lock", "half entry", "entry without", "tree without", "branch without")) for fault in faults
    )


def small_case(folder: Path) -> Case:
    return Case(folder, lambda _: [path.name for path in folder.iterdir()])


@needs_seccomp
def test_a_recovery_that_is_right_passes_at_every_point_even_when_cut_itself(tmp_path: Path) -> None:
    sweep = Sweep(["mkdir", "a", "b", "c"], ["rm", "-rf", "a", "b", "c"], small_case, ENV)
    result = sweep.run(tmp_path, ["kill"], double=2)
    expected = {Point("kill", at, again) for at in (1, 2, 3) for again in (None, 1, 2)}
    assert expected | {Point("kill", 4)} == {point for point in result.tried if point.at <= 4}
    assert result.failures == []


@needs_seccomp
def test_a_recovery_that_misses_one_point_is_told_with_what_it_left(tmp_path: Path) -> None:
    result = Sweep(["mkdir", "a", "b"], ["rm", "-rf", "a"], small_case, ENV).run(tmp_path, ["kill"], jobs=1)
    assert result.table() == "mode      points  failures\nkill           3         1"
    assert str(result.failures[0]) == "kill at 3, before its end\n    b\n---\n"
