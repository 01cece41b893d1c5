"""conflicts: who will get in whose way, told without touching anything."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import STADDLE, Repository

from .living import SECONDS, Mailbox, gone
from .running import tree, work

Planned = Callable[..., Repository]
SCHEMA = {"schema": {"paths": ["schema/**"]}}
LINES = [str(number) for number in range(1, 31)]


@pytest.fixture
def trees(planned: Planned) -> Callable[[int], Repository]:
    """A repository with so many trees, and a file of thirty lines to change."""

    def make(count: int) -> Repository:
        repository = planned(count, **SCHEMA)
        repository.commit(repository.main, "shared.txt", text(), "chore: lines")
        repository.git("push", "--quiet", "origin", "main")
        repository.staddle("worktrees")
        return repository

    return make


def text(**changed: str) -> str:
    """The file with some of its lines changed: `text(l1="x")`."""
    return "".join(f"{changed.get(f'l{line}', line)}\n" for line in LINES)


def change(repository: Repository, number: int, **changed: str) -> None:
    """Commit such a change in a tree."""
    repository.commit(repository.tree(number), "shared.txt", text(**changed), f"feat: change of m{number}")


def told(repository: Repository, *argv: str, code: int = 0) -> Any:
    """What the verb answers with --json."""
    return json.loads(repository.staddle("conflicts", *argv, "--json", code=code).stdout)


def cells(matrix: Any, *kinds: str) -> dict[str, Any]:
    """What is known of each pair, by its names, of the kinds asked for: `conflict`, `shared`, `why`."""
    return {f"{one['one']} {one['other']}": one[kind] for one in matrix["cells"] for kind in kinds if one[kind]}


def everything(repository: Repository) -> dict[str, object]:
    """All that must stay: refs, the number of objects, and every tree's index and status."""
    admins = [repository.main / ".git", *sorted(repository.main.glob(".git/worktrees/*"))]
    statuses = [
        repository.git("--no-optional-locks", "status", "--porcelain", at=folder)
        for folder in sorted(repository.main.parent.glob("venture-wt-*"))
    ]
    return {
        "objects": repository.git("count-objects", "-v"),
        "indexes": [(admin / "index").read_bytes() for admin in admins],
        "statuses": statuses,
        **repository.state(),
    }


# --- what is found -----------------------------------------------------------------------------------------------


def test_nine_trees_are_36_pairs_and_fit_a_terminal(trees: Callable[[int], Repository]) -> None:
    repository = trees(9)
    for number in range(1, 10):
        change(repository, number, **{f"l{number * 3}": "changed", "l30": f"m{number}" if number in (2, 7) else "30"})
    done = repository.staddle("conflicts", code=1)
    assert sum(" m" in pair and "origin" not in pair for pair in pairs(repository)) == 36
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.splitlines()[-1] == "m2 and m7 conflict: shared.txt"
    assert done.stderr.startswith("45 pairs: 1 conflict\n")


def pairs(repository: Repository) -> list[str]:
    return [f"{one['one']} {one['other']}" for one in told(repository, code=1)["cells"]]


def test_more_trees_than_fit_are_listed_by_pairs(trees: Callable[[int], Repository]) -> None:
    repository = trees(14)
    for number in range(1, 15):
        change(repository, number, **{f"l{number * 2}": "changed", "l30": f"m{number}" if number in (3, 12) else "30"})
    head, *rows, last = repository.staddle("conflicts", code=1).stdout.splitlines()
    assert head.split() == ["with"]
    assert len(rows) == 14 * 13 / 2
    assert [row.split() for row in rows if "C" in row] == [["m3", "m12", "C", "1"]]
    assert last == "m3 and m12 conflict: shared.txt"


def test_work_that_is_not_committed_counts(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    (repository.tree(1) / "shared.txt").write_text(text(l1="one"))
    (repository.tree(2) / "shared.txt").write_text(text(l1="two"))
    (repository.tree(1) / "new.txt").write_text("one\n")
    (repository.tree(2) / "new.txt").write_text("two\n")
    assert cells(told(repository, code=1), "conflict") == {"m1 m2": ["new.txt", "shared.txt"]}


def test_a_change_in_the_second_in_which_a_tree_was_made_counts(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    for number in (1, 2):
        index = repository.main / ".git" / "worktrees" / repository.tree(number).name / "index"
        (repository.tree(number) / "shared.txt").write_text(text(l1=str(number + 1)))  # as long as it was
        made = index.stat().st_mtime_ns // 10**9 * 10**9
        os.utime(repository.tree(number) / "shared.txt", ns=(made, made))
    assert cells(told(repository, code=1), "conflict") == {"m1 m2": ["shared.txt"]}


def test_files_that_both_change_though_they_merge_are_told_apart(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    change(repository, 1, l1="one")
    change(repository, 2, l20="two")
    assert cells(told(repository), "shared") == {"m1 m2": ["shared.txt"]}
    assert repository.staddle("conflicts").stdout.splitlines()[1].split() == ["m1", "ok", "~", "1", "ok"]


def test_a_change_of_the_schema_is_marked_on_either_side(trees: Callable[[int], Repository]) -> None:
    repository = trees(3)
    repository.commit(repository.tree(1), "schema/one.sql", "x\n", "chore: schema")
    change(repository, 2, l1="two")
    change(repository, 3, l1="three")
    rows = [line.split() for line in repository.staddle("conflicts", code=1).stdout.splitlines()[1:4]]
    assert rows == [
        ["m1", "!", "!", "!", "ok"],
        ["m2", "ok", "!", "C", "1", "ok"],
        ["m3", "ok", "!", "C", "1", "C", "1"],
    ]


def test_a_conflict_with_the_base_is_one(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    change(repository, 1, l1="one")
    repository.commit(repository.main, "shared.txt", text(l1="main"), "feat: main")
    repository.git("push", "--quiet", "origin", "main")
    matrix = told(repository, code=1)
    assert cells(matrix, "conflict") == {"origin/main m1": ["shared.txt"]}
    assert matrix["turns"][0]["partners"] == []


def test_a_conflict_with_the_base_is_told_once_not_against_all_that_have_the_base(
    trees: Callable[[int], Repository],
) -> None:
    repository = trees(3)
    change(repository, 1, l1="one")
    repository.commit(repository.main, "shared.txt", text(l1="main"), "feat: main")
    repository.git("push", "--quiet", "origin", "main")
    repository.staddle("sync", code=1)
    for number in (2, 3):
        repository.commit(repository.tree(number), f"{number}.txt", "x", f"feat: change of m{number}")
    said = repository.staddle("conflicts", code=1)
    assert said.stdout.count("conflict:") == repository.staddle("status").stdout.count("conflict:") == 1
    assert "6 pairs: 1 conflict\nerror: " in said.stderr
    assert said.stderr.endswith("try: staddle sync m1 --manual\n")


def test_trees_without_changes_of_their_own_are_counted_not_shown(trees: Callable[[int], Repository]) -> None:
    repository = trees(3)
    change(repository, 2, l1="two")
    done = repository.staddle("conflicts")
    assert "m3" not in done.stdout
    assert done.stderr == "1 pair: no conflicts; without changes of their own: m1, m3\n"


def test_what_is_clean_in_pairs_may_conflict_in_turn(trees: Callable[[int], Repository]) -> None:
    repository = trees(5)
    repository.git("mv", "shared.txt", "moved.txt", at=repository.tree(1))
    repository.git("commit", "--quiet", "--no-verify", "-m", "refactor: moved", at=repository.tree(1))
    repository.commit(repository.tree(2), "other.txt", "x\n", "feat: other")
    change(repository, 3, **{f"l{line}": "rewritten so that nobody knows it as the same file" for line in range(1, 23)})
    change(repository, 4, l29="four")
    repository.commit(repository.tree(5), "more.txt", "x\n", "feat: more")
    matrix = told(repository, code=1)
    assert cells(matrix, "conflict", "why") == {}
    assert {one["name"]: one["partners"] for one in matrix["turns"] if one["conflict"]} == {"m4": ["m1", "m3"]}
    assert matrix["conflicts"] == 1
    last = repository.staddle("conflicts", code=1).stdout.splitlines()[-1]
    assert last == "m4 conflicts once m1 and m3 have landed: shared.txt"


def test_the_order_of_landing_is_that_of_needs(planned: Planned) -> None:
    repository = planned(2, first={"needs": ["M2"]})
    repository.staddle("worktrees")
    for number in (1, 2):
        repository.commit(repository.tree(number), "new.txt", f"{number}\n", "feat: new")
    turns = told(repository, code=1)["turns"]
    assert [(one["name"], one["partners"]) for one in turns] == [("m2", []), ("m1", ["m2"])]


# --- what git makes hard -----------------------------------------------------------------------------------------


def test_a_file_renamed_here_and_deleted_there_is_a_conflict(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    repository.git("mv", "shared.txt", "moved.txt", at=repository.tree(1))
    repository.git("rm", "--quiet", "shared.txt", at=repository.tree(2))
    assert cells(told(repository, code=1), "conflict") == {"m1 m2": ["moved.txt"]}


def test_binary_files_conflict(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    for number in (1, 2):
        (repository.tree(number) / "image.bin").write_bytes(bytes([0, 255, number]) * 99)
    assert cells(told(repository, code=1), "conflict") == {"m1 m2": ["image.bin"]}


def test_names_of_any_letters_are_told_whole(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    names = ["größe und maß.txt", "line\nbreak", "tab\there", "\udcff.raw"]
    for number in (1, 2):
        for name in names:
            (repository.tree(number) / name).write_text(f"{number}\n")
    said = repository.staddle("conflicts", code=1).stdout
    assert cells(told(repository, code=1), "conflict")["m1 m2"] == sorted(names)
    assert "größe und maß.txt" in said
    assert "\nbreak" not in said


def test_the_bases_own_attributes_decide_how_files_merge(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    repository.commit(repository.main, ".gitattributes", "*.log merge=union\n", "chore: attributes")
    repository.git("push", "--quiet", "origin", "main")
    for number in (1, 2):
        repository.commit(repository.tree(number), "new.log", f"{number}\n", "feat: log")
    assert cells(told(repository), "shared") == {"m1 m2": ["new.log"]}


def test_a_tree_amid_a_rebase_counts_by_its_branch(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    change(repository, 1, l1="one")
    change(repository, 2, l1="two")
    repository.commit(repository.main, "shared.txt", text(l1="main"), "feat: main")
    subprocess.run(["git", "rebase", "main"], cwd=repository.tree(1), capture_output=True, check=False)
    matrix = told(repository, code=1)
    assert cells(matrix, "conflict") == {"m1 m2": ["shared.txt"]}
    assert matrix["notes"] == {"m1": "a rebase is under way: its branch is compared, not its tree"}


# --- what cannot be told -----------------------------------------------------------------------------------------


def test_a_branch_at_a_commit_that_is_not_there_is_unknown_not_a_conflict(trees: Callable[[int], Repository]) -> None:
    repository = trees(3)
    for number in (1, 3):
        repository.commit(repository.tree(number), f"part{number}.txt", "x\n", "feat: part")
    (repository.main / ".git/refs/heads" / repository.branch(2)).write_text(f"{'ab' * 20}\n")
    matrix = told(repository, code=1)
    assert cells(matrix, "conflict") == {}
    assert [*cells(matrix, "why")] == ["origin/main m2", "m1 m2", "m2 m3"]
    assert "conflict:" not in repository.staddle("conflicts", code=1).stdout


def test_a_tree_that_cannot_be_read_is_unknown_with_its_reason(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    change(repository, 1, l1="one")
    (repository.main / ".git/worktrees" / repository.tree(2).name / "index").write_bytes(b"no index")
    said = repository.staddle("conflicts", code=1)
    assert "index file smaller than expected" in said.stdout
    assert "error: not all could be compared" in said.stderr


def test_a_tree_whose_branch_has_no_commit_is_unknown(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    repository.git("update-ref", "-d", f"refs/heads/{repository.branch(2)}")
    assert cells(told(repository, code=1), "why") == {"origin/main m2": f"{repository.branch(2)} has no commit"}


def test_histories_without_a_common_commit_are_unknown(trees: Callable[[int], Repository]) -> None:
    repository = trees(2)
    change(repository, 1, l1="one")
    repository.git("switch", "--quiet", "--orphan", "new", at=repository.tree(2))
    repository.commit(repository.tree(2), "a.txt", "a\n", "feat: new")
    repository.git("branch", "--quiet", "-M", "new", repository.branch(2), at=repository.tree(2))
    assert {*cells(told(repository, code=1), "why").values()} == {"fatal: refusing to merge unrelated histories"}


def test_without_a_commit_there_is_nothing_to_compare_with(planned: Planned) -> None:
    repository = planned(2)
    repository.git("update-ref", "-d", "refs/heads/main")
    repository.git("remote", "remove", "origin")
    assert "has no commit on a branch main" in repository.staddle("conflicts", code=2).stderr


# --- candidates --------------------------------------------------------------------------------------------------


def test_candidates_are_held_against_the_milestones_and_not_against_their_rivals(
    trees: Callable[[int], Repository],
) -> None:
    repository = trees(1)
    repository.staddle("spawn", "run42", "2")
    change(repository, 1, l1="one")
    for number in (1, 2):
        work(repository, number, "shared.txt", text(l1=f"candidate {number}"))
    assert [*cells(told(repository, "run42", code=1), "conflict")] == ["m1 run42-b1", "m1 run42-b2"]
    assert [*cells(told(repository, "run42-b2", code=1), "conflict")] == ["m1 run42-b2"]


def test_without_a_plan_candidates_are_held_against_their_target(run42: Repository) -> None:
    (tree(run42, 2) / "README.md").write_text("moved on\n")
    run42.commit(run42.main, "README.md", "main\n", "feat: main")
    assert [*cells(told(run42, "run42-b2", code=1), "conflict")] == ["main run42-b2"]


def test_without_plan_and_runs_there_is_nothing_to_compare(repository: Repository) -> None:
    assert "there is nothing here to compare" in repository.staddle("conflicts", code=2).stderr


# --- what it leaves ----------------------------------------------------------------------------------------------


def test_no_tree_no_index_and_no_object_is_changed(trees: Callable[[int], Repository]) -> None:
    repository = trees(3)
    for number in (1, 2, 3):
        (repository.tree(number) / "shared.txt").write_text(text(l1=f"m{number}"))
        (repository.tree(number) / "new.txt").write_text("new\n")
    before = everything(repository)
    assert len(cells(told(repository, code=1), "conflict")) == 3
    assert everything(repository) == before


def test_what_a_killed_one_leaves_the_next_removes(
    trees: Callable[[int], Repository], sealed: Path, tmp_path: Path
) -> None:
    repository, mailbox, gate = trees(1), Mailbox(tmp_path / "mailbox"), tmp_path / "gate"
    os.mkfifo(gate)
    (repository.tree(1) / ".gitattributes").write_text("new.txt filter=slow\n")
    (repository.tree(1) / "new.txt").write_text("new\n")
    repository.git("config", "filter.slow.clean", f"echo $PPID > {mailbox.path}; cat {gate}")
    killed = subprocess.Popen([*STADDLE, "conflicts"], cwd=repository.main)
    filtering = mailbox.process()
    killed.kill()
    assert killed.wait(SECONDS) == -signal.SIGKILL
    gate.write_text("")
    assert gone(filtering)
    shelves = sealed / "state" / "staddle" / "shelves"
    assert len([*shelves.glob("shelf-*")]) == 1
    repository.git("config", "--unset", "filter.slow.clean")
    repository.staddle("conflicts")
    assert not [*shelves.glob("shelf-*")]


def test_a_prompt_names_what_the_others_have_changed(planned: Planned) -> None:
    repository = planned(2, first={"requirements": [{"id": "FR-X-001", "title": "first thing"}]})
    repository.staddle("worktrees")
    (repository.tree(2) / "new.txt").write_text("new\n")
    prompt = Path(repository.staddle("prompts", "m1").stdout.strip()).read_text()
    assert f"- M2 part-2 in {repository.tree(2)} (has changed new.txt)\n" in prompt


def test_status_names_who_is_in_conflict_with_whom(trees: Callable[[int], Repository]) -> None:
    repository = trees(3)
    change(repository, 1, l1="one")
    (repository.tree(3) / "shared.txt").write_text(text(l1="three"))
    rows = {row["name"]: row["conflicts"] for row in repository.json("status")}
    assert rows == {"m1": {"m3": ["shared.txt"]}, "m2": {}, "m3": {"m1": ["shared.txt"]}}
    said = repository.staddle("status").stdout
    assert said.count("conflict") == 1
    assert "m1 and m3 conflict: shared.txt\n" in said
    assert repository.json("status", "m3")[0]["conflicts"] == {"m1": ["shared.txt"]}
