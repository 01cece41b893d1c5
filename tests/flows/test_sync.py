"""sync: every branch on the base, or exactly as it was."""

import fcntl
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]


@pytest.fixture
def eight(planned: Planned) -> Repository:
    """Eight trees with a commit each, m3's in the way of what has come to the base since."""
    repository = planned(8)
    repository.staddle("worktrees")
    for number in range(1, 9):
        name = "shared.txt" if number == 3 else f"part{number}.txt"
        repository.commit(repository.tree(number), name, f"{number}\n", f"feat(part): FR-X-00{number} part {number}")
    news(repository, "shared.txt", "base\n")
    return repository


def news(repository: Repository, name: str, text: str) -> None:
    """A commit that the remote's base gains."""
    repository.commit(repository.main, name, text, f"feat: {name}")
    repository.git("push", "--quiet", "origin", "main")


def tips(repository: Repository) -> dict[int, str]:
    """Where each branch is."""
    return {number: repository.git("rev-parse", repository.branch(number)) for number in range(1, 9)}


def did(repository: Repository, *argv: str, code: int = 0) -> dict[str, str]:
    """What became of each tree."""
    said = json.loads(repository.staddle("sync", *argv, "--json", code=code).stdout)
    return {one["name"]: one["did"] for one in said}


def test_a_conflict_in_one_of_eight_leaves_it_untouched_and_moves_the_others(eight: Repository) -> None:
    before, status = tips(eight), eight.git("status", "--porcelain", at=eight.tree(3))
    done = did(eight, code=1)
    assert done == {f"m{number}": "conflict" if number == 3 else "moved" for number in range(1, 9)}
    assert eight.git("rev-parse", eight.branch(3)) == before[3]
    assert eight.git("status", "--porcelain", at=eight.tree(3)) == status
    for number in (1, 8):
        assert (eight.tree(number) / "shared.txt").read_text() == "base\n"
        assert eight.git("status", "--porcelain", at=eight.tree(number)) == ""
        assert eight.git("log", "--format=%s", "origin/main..", at=eight.tree(number)).startswith("feat(part)")
    assert list(eight.main.glob(".git/worktrees/*/rebase-*")) == []
    assert_no_stumps(eight)


def test_the_files_in_conflict_and_the_commit_are_named(eight: Repository) -> None:
    said = eight.staddle("sync", "m3", code=1).stdout
    assert "shared.txt, in " in said
    assert "part 3" in said


def test_author_date_and_message_stay(eight: Repository) -> None:
    eight.git(
        "commit", "--quiet", "--no-verify", "--amend", "--author=Bo <bo@example.invalid>", "--no-edit", at=eight.tree(1)
    )
    fields = ("log", "-1", "--format=%an %ae %ad %B", eight.branch(1))
    before = eight.git(*fields)
    eight.staddle("sync", "m1")
    assert eight.git(*fields) == before


def test_uncommitted_work_moves_along_when_it_is_not_in_the_way(eight: Repository) -> None:
    (eight.tree(1) / "part1.txt").write_text("half done\n")
    (eight.tree(1) / "new.txt").write_text("new\n")
    assert did(eight, "m1") == {"m1": "moved"}
    assert (eight.tree(1) / "part1.txt").read_text() == "half done\n"
    assert eight.git("status", "--porcelain", at=eight.tree(1)).splitlines() == ["M part1.txt", "?? new.txt"]


def test_uncommitted_work_in_the_way_keeps_the_tree_as_it_is(eight: Repository) -> None:
    before = tips(eight)
    (eight.tree(1) / "shared.txt").write_text("mine\n")
    assert did(eight, "m1", "m2", code=1) == {"m1": "refused", "m2": "moved"}
    assert eight.git("rev-parse", eight.branch(1)) == before[1]
    assert (eight.tree(1) / "shared.txt").read_text() == "mine\n"


def test_what_has_landed_squashed_is_left_out(eight: Repository) -> None:
    landed = eight.git("rev-parse", eight.branch(1))
    eight.commit(eight.tree(1), "later.txt", "later\n", "feat(part): FR-X-009 later")
    (eight.main / "part1.txt").write_text("1, said better\n")
    eight.git("add", "part1.txt")
    eight.git("commit", "--quiet", "-m", f"feat(part): FR-X-001 part 1\n\nLanded-From: {landed}")
    eight.git("push", "--quiet", "origin", "main")
    assert did(eight, "m1") == {"m1": "moved"}
    assert eight.git("log", "--format=%s", "origin/main..", at=eight.tree(1)) == "feat(part): FR-X-009 later"
    assert (eight.tree(1) / "part1.txt").read_text() == "1, said better\n"


def test_undo_puts_every_branch_and_tree_back(eight: Repository) -> None:
    before = tips(eight)
    did(eight, code=1)
    assert set(did(eight, "--undo").values()) == {"moved"}
    assert tips(eight) == before
    assert not (eight.tree(1) / "shared.txt").exists()
    assert_no_stumps(eight)


def test_undo_leaves_a_branch_that_has_moved_on_since(eight: Repository) -> None:
    did(eight, "m1", "m2")
    tip = eight.commit(eight.tree(1), "more.txt", "more\n", "feat: more")
    assert did(eight, "--undo", code=1) == {"m1": "refused", "m2": "moved"}
    assert eight.git("rev-parse", eight.branch(1)) == tip


@pytest.fixture
def foldered(planned: Planned) -> Repository:
    """One tree of a repository whose files are in a folder."""
    repository = planned(1)
    for name in ("one", "two", "three"):
        repository.commit(repository.main, f"old/{name}.txt", f"{name}\n" * 9, f"feat: {name}")
    repository.git("push", "--quiet", "origin", "main")
    repository.staddle("worktrees")
    return repository


def test_a_folder_that_the_base_has_renamed_is_followed(foldered: Repository) -> None:
    foldered.commit(foldered.tree(1), "old/one.txt", "one\n" * 9 + "more\n", "feat: more")
    foldered.git("mv", "old", "new")
    foldered.git("commit", "--quiet", "-m", "refactor: new")
    foldered.git("push", "--quiet", "origin", "main")
    assert did(foldered) == {"m1": "moved"}
    assert (foldered.tree(1) / "new" / "one.txt").read_text().endswith("more\n")


def test_a_merge_on_the_branch_is_not_taken_apart(eight: Repository) -> None:
    eight.git("fetch", "--quiet", at=eight.tree(1))
    eight.git("merge", "--quiet", "--no-edit", "origin/main", at=eight.tree(1))
    news(eight, "more.txt", "more\n")
    assert did(eight, "m1", code=1) == {"m1": "refused"}


def test_a_second_sync_changes_nothing(eight: Repository) -> None:
    did(eight, "m1", "m2")
    before = tips(eight)
    time.sleep(1.1)  # a commit made again would have another date
    assert did(eight, "m1", "m2") == {"m1": "current", "m2": "current"}
    assert tips(eight) == before


def test_a_dry_run_says_what_would_be_done_and_does_nothing(eight: Repository) -> None:
    eight.git("fetch", "--quiet")
    (eight.tree(1) / "shared.txt").write_text("mine\n")
    before = eight.state()
    done = did(eight, "--dry-run", code=1)
    assert done == {f"m{number}": {1: "refused", 3: "conflict"}.get(number, "moved") for number in range(1, 9)}
    assert eight.state() == before
    assert "would move  1 commit on origin/main" in eight.staddle("sync", "m2", "--dry-run").stdout
    assert_no_stumps(eight)


@pytest.fixture
def remembered(eight: Repository) -> Repository:
    """m3's conflict is resolved by hand once, on a branch that is thrown away."""
    eight.git("config", "rerere.enabled", "true")
    eight.git("fetch", "--quiet")
    scratch = eight.main.parent / "scratch"
    eight.git("worktree", "add", "--quiet", "--detach", str(scratch), eight.branch(3))
    resolve(eight, scratch)
    eight.git("worktree", "remove", "--force", str(scratch))
    return eight


def resolve(repository: Repository, at: Path) -> None:
    """Rebase a checkout onto the base as a person does, with one answer to the conflict."""
    done = subprocess.run(["git", "rebase", "--quiet", "origin/main"], cwd=at, capture_output=True, check=False)
    assert done.returncode == 1
    (at / "shared.txt").write_text("both\n")
    repository.git("add", "shared.txt", at=at)
    repository.git("-c", "core.editor=true", "rebase", "--continue", at=at)


def recordings(repository: Repository) -> dict[str, tuple[bytes, int]]:
    """What git remembers of conflicts, with the times of it."""
    home = repository.main / ".git" / "rr-cache"
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_conflict_that_git_remembers_is_resolved_as_before(remembered: Repository) -> None:
    before = recordings(remembered)
    (done,) = json.loads(remembered.staddle("sync", "m3", "--json").stdout)
    assert (done["did"], done["recalled"]) == ("moved", 1)
    assert done["note"].endswith("1 conflict resolved from memory: verify before you push")
    assert (remembered.tree(3) / "shared.txt").read_text() == "both\n"
    assert remembered.git("status", "--porcelain", at=remembered.tree(3)) == ""
    assert recordings(remembered) == before
    assert_no_stumps(remembered)


def test_a_conflict_unlike_the_one_remembered_leaves_tree_and_memory_alone(remembered: Repository) -> None:
    remembered.commit(remembered.tree(3), "shared.txt", "else\n", "feat: else")
    news(remembered, "part3.txt", "base\n")
    remembered.commit(remembered.tree(3), "part3.txt", "3\n", "feat: more")
    before, tip = recordings(remembered), tips(remembered)[3]
    assert did(remembered, "m3", code=1) == {"m3": "conflict"}
    assert (recordings(remembered), tips(remembered)[3]) == (before, tip)
    assert_no_stumps(remembered)


def test_memory_is_not_asked_where_it_is_switched_off(remembered: Repository) -> None:
    remembered.git("config", "rerere.enabled", "false")
    assert did(remembered, "m3", code=1) == {"m3": "conflict"}


def test_modes_links_and_odd_messages_are_made_again_as_they_were(eight: Repository) -> None:
    tree = eight.tree(1)
    (tree / "tool").symlink_to("part1.txt")
    (tree / "part1.txt").chmod(0o755)
    eight.git("add", "--all", at=tree)
    message = eight.main.parent / "message"
    message.write_bytes("feat: caf\xe9\n".encode("latin-1"))
    eight.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--no-verify", "--quiet", "-F", str(message), at=tree)
    assert did(eight, "m1") == {"m1": "moved"}
    assert (tree / "tool").readlink() == Path("part1.txt")
    assert (tree / "part1.txt").stat().st_mode & 0o100
    assert eight.git("log", "-1", "--format=%s", at=tree) == "feat: café"
    assert eight.git("status", "--porcelain", at=tree) == ""


def test_commits_are_signed_again_where_the_repository_signs(eight: Repository) -> None:
    key = eight.main.parent / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        eight.git("config", name, value)
    assert did(eight, "m1") == {"m1": "moved"}
    assert "gpgsig -----BEGIN SSH SIGNATURE-----" in eight.git("cat-file", "commit", eight.branch(1))


def copied(repository: Repository, name: str, tip: str) -> None:
    """A commit of another's on the base whose message says that it landed from `tip`."""
    repository.commit(repository.main, name, "other\n", f"feat: other\n\nMilestone: M2\nLanded-From: {tip}")
    repository.git("push", "--quiet", "origin", "main")


def test_a_copied_landed_from_takes_no_work_away(eight: Repository) -> None:
    copied(eight, "other.txt", eight.git("rev-parse", eight.branch(1)))
    assert did(eight, "m1") == {"m1": "moved"}
    assert eight.git("log", "--format=%s", "origin/main..", at=eight.tree(1)) == "feat(part): FR-X-001 part 1"
    eight.staddle("remove", "m1", code=3)


def test_what_has_landed_under_a_folders_new_name_is_left_out(foldered: Repository) -> None:
    for text in ("more\n", "even more\n"):
        foldered.commit(foldered.tree(1), "old/one.txt", "one\n" * 9 + text, "feat(part1): FR-X-001 more of one")
    foldered.git("mv", "old", "new")
    foldered.git("commit", "--quiet", "-m", "refactor: new")
    foldered.git("push", "--quiet", "origin", "main")
    foldered.staddle("land", "m1", "--no-sync")
    assert did(foldered) == {"m1": "moved"}
    assert foldered.git("log", "origin/main..", at=foldered.tree(1)) == ""


def test_undo_leaves_a_tree_that_another_works_in(eight: Repository) -> None:
    did(eight, "m1", "m2")
    tip = eight.git("rev-parse", eight.branch(1))
    with (eight.main / ".git" / "staddle" / "tree-m1.mutex").open("r+") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        assert did(eight, "--undo", code=1) == {"m1": "busy", "m2": "moved"}
    assert eight.git("rev-parse", eight.branch(1)) == tip


def test_a_commit_that_cannot_be_made_again_holds_nobody_else_up(eight: Repository) -> None:
    raw = eight.git("cat-file", "commit", eight.branch(1)).replace("author Ada ", "author  ")
    draft = eight.main.parent / "commit"
    draft.write_text(f"{raw}\n")
    oid = eight.git("hash-object", "-t", "commit", "-w", "--literally", str(draft))
    eight.git("reset", "--quiet", "--hard", oid, at=eight.tree(1))
    assert did(eight, "m1", "m2", code=1) == {"m1": "failed", "m2": "moved"}
    assert eight.git("rev-parse", eight.branch(1)) == oid
