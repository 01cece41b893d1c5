"""Repositories of every shape: sparse, with submodules, bare, with large files elsewhere, and oddly named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.core.names import Oid
from staddle.edges.git import Git
from staddle.edges.state import State
from staddle.guard.landing import Landing, settle
from tests.kit import Repository, assert_no_stumps, write_plan

Planned = Callable[..., Repository]


def news(repository: Repository, *names: str, text: str = "base\n") -> str:
    """A commit of these files that the remote's base gains; the main checkout is not touched."""
    other = repository.main.parent / "other"
    if not other.exists():
        repository.git("clone", "--quiet", str(repository.main.parent / "origin.git"), str(other))
    for name in names:
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(text)
    repository.git("add", "--all", at=other)
    repository.git("commit", "--quiet", "-m", "feat: news", at=other)
    repository.git("push", "--quiet", at=other)
    return repository.git("rev-parse", "HEAD", at=other)


def files(tree: Path) -> set[str]:
    """The files of a tree, staddle's own and git's aside."""
    found = {path.relative_to(tree) for path in tree.rglob("*") if path.is_file()}
    return {str(path) for path in found if path.parts[0] not in (".git", ".staddle", ".pqa", ".pqa_worktrees")}


# -- sparse -----------------------------------------------------------------------------------


@pytest.fixture
def folders(planned: Planned) -> Repository:
    """Two milestones in a product of three folders; the first has but one of them in its tree."""
    repository = planned(2, first={"sparse": ["app/treasury"]}, milestone={"checks": {"unit": UNIT}})
    news(repository, "app/treasury/ledger.py", "app/other/big.py", "docs/index.md")
    repository.git("pull", "--quiet")
    repository.staddle("worktrees")
    return repository


UNIT = {"run": {"shell": "test ! -e docs/index.md"}, "evidence": "exit-code"}
NARROW = {"README.md", "link", "app/core.py", "app/treasury/ledger.py"}


def test_a_milestones_tree_holds_the_folders_that_the_plan_names(folders: Repository) -> None:
    tree = folders.tree(1)
    assert files(tree) == NARROW
    assert folders.git("sparse-checkout", "list", at=tree) == "app/treasury"
    assert folders.git("status", "--porcelain", at=tree) == ""
    assert "docs/index.md" in files(folders.tree(2))
    assert folders.git("config", "--default=", "core.sparseCheckout", at=folders.tree(2)) == ""
    assert_no_stumps(folders)


def test_a_tree_with_other_folders_than_the_plans_is_shown_with_the_way_back(folders: Repository) -> None:
    folders.git("sparse-checkout", "add", "docs", at=folders.tree(1))
    assert "git sparse-checkout set app/treasury" in folders.json("plan")["milestones"][0]["note"]
    assert folders.json("status", "m1")[0]["next_step"] == "git sparse-checkout set app/treasury"
    folders.git("sparse-checkout", "set", "app/treasury", at=folders.tree(1))
    assert folders.json("plan")["milestones"][0]["note"] == ""


def test_sync_leaves_a_sparse_tree_sparse(folders: Repository) -> None:
    folders.commit(folders.tree(1), "app/treasury/mine.py", "mine\n", "feat: mine")
    news(folders, "docs/more.md", "app/treasury/ledger.py", text="newer\n")
    folders.staddle("sync", "m1")
    assert files(folders.tree(1)) == NARROW | {"app/treasury/mine.py"}
    assert (folders.tree(1) / "app/treasury/ledger.py").read_text() == "newer\n"
    assert folders.git("status", "--porcelain", at=folders.tree(1)) == ""


def test_a_verdict_in_a_sparse_tree_is_not_one_in_a_whole_tree(folders: Repository) -> None:
    assert folders.staddle("verify", "m1").returncode == 0
    folders.staddle("verify", "m2", code=1)
    assert "cached" in folders.staddle("verify", "m1").stderr


def test_uncommitted_work_in_a_sparse_tree_is_judged_as_it_is(folders: Repository) -> None:
    (folders.tree(1) / "docs").mkdir()
    (folders.tree(1) / "docs" / "own.md").write_text("outside\n")
    folders.staddle("verify", "m1")
    assert folders.json("status", "m1")[0]["checks"] == {"unit": "pass"}


def test_a_sparse_tree_goes_once_it_has_landed(folders: Repository) -> None:
    folders.staddle("remove", "m1")
    assert not folders.tree(1).exists()
    assert_no_stumps(folders)


def test_trees_beside_a_sparse_main_checkout_hold_what_it_holds(planned: Planned) -> None:
    repository = planned(1)
    news(repository, "docs/index.md")
    repository.git("pull", "--quiet")
    repository.git("sparse-checkout", "set", "app")
    repository.staddle("worktrees")
    repository.staddle("spawn", "run42", "1")
    for tree in (repository.tree(1), repository.main / ".pqa_worktrees" / "run42-b1"):
        assert files(tree) == {"README.md", "link", "app/core.py"}
        assert repository.git("status", "--porcelain", at=tree) == ""
        assert repository.git("sparse-checkout", "list", at=tree) == "app"


def test_a_landing_brings_nothing_into_a_sparse_checkout_that_it_leaves_out(repository: Repository) -> None:
    repository.commit(repository.main, "docs/index.md", "old\n", "docs: index")
    repository.git("sparse-checkout", "set", "app")
    repository.staddle("spawn", "run42", "1")
    tree = repository.main / ".pqa_worktrees" / "run42-b1"
    repository.git("sparse-checkout", "disable", at=tree)
    repository.commit(tree, "docs/index.md", "new\n", "docs: better")
    repository.commit(tree, "docs/more.md", "new\n", "docs: more")
    repository.commit(tree, "app/more.py", "new\n", "feat: more")
    repository.staddle("reconcile", "run42", "1")
    assert files(repository.main) == {"README.md", "link", "app/core.py", "app/more.py"}
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("show", "HEAD:docs/index.md") == "new"
    assert_no_stumps(repository)


def test_a_landing_cut_after_its_commit_point_is_ended_in_a_sparse_checkout(repository: Repository) -> None:
    old = repository.commit(repository.main, "docs/index.md", "old\n", "docs: index")
    repository.commit(repository.main, "docs/more.md", "new\n", "docs: more")
    new = repository.commit(repository.main, "app/more.py", "new\n", "feat: more")
    repository.git("reset", "--quiet", "--hard", old)
    repository.git("sparse-checkout", "set", "app")
    repository.git("update-ref", "refs/heads/main", new)
    git = Git.open(repository.main)
    State(git.common).prepare()
    assert settle(git, State(git.common), Landing("refs/heads/main", Oid(old), Oid(new), 0.0)) == (True, [])
    assert files(repository.main) == {"README.md", "link", "app/core.py", "app/more.py"}
    assert repository.git("status", "--porcelain") == ""


# -- submodules -------------------------------------------------------------------------------


@pytest.fixture
def nested(planned: Planned, tmp_path: Path) -> Repository:
    """Two milestones of a product with a submodule `lib/part`, which the set-up of their trees checks out."""
    repository = planned(2, setup=["git submodule update --quiet --init"])
    repository.git("config", "--global", "protocol.file.allow", "always")
    repository.git("init", "--quiet", str(tmp_path / "part"))
    repository.commit(tmp_path / "part", "part.txt", "one\n", "feat: one")
    repository.git("submodule", "--quiet", "add", f"{tmp_path}/part", "lib/part")
    repository.git("commit", "--quiet", "-m", "feat: a part")
    repository.git("push", "--quiet")
    repository.staddle("worktrees")
    return repository


def next_part(repository: Repository, at: Path) -> str:
    """A commit in `at` of a newer commit of the submodule, which is on its remote."""
    part = repository.main.parent / "part"
    tip = repository.commit(part, "part.txt", "two\n", "feat: two")
    repository.git("fetch", "--quiet", str(part), "main", at=at / "lib" / "part")
    repository.git("update-index", "--cacheinfo", f"160000,{tip},lib/part", at=at)
    repository.git("commit", "--quiet", "-m", "feat: newer part", at=at)
    return tip


def test_set_up_checks_out_submodules_and_the_tree_is_clean(nested: Repository) -> None:
    assert (nested.tree(1) / "lib/part/part.txt").read_text() == "one\n"
    assert nested.git("status", "--porcelain", at=nested.tree(1)) == ""
    assert nested.json("status", "m1")[0]["changed"] == 0


def test_a_tree_goes_with_its_submodules_when_all_in_them_is_elsewhere(nested: Repository) -> None:
    nested.staddle("remove", "m1", "m2")
    assert not nested.tree(1).exists()
    assert_no_stumps(nested)


@pytest.mark.parametrize("work", ["committed", "stashed", "on a branch", "untracked", "edited"])
def test_work_that_is_in_a_trees_submodule_alone_keeps_the_tree(nested: Repository, work: str) -> None:
    part = nested.tree(1) / "lib" / "part"
    (part / "part.txt").write_text("mine\n")
    if work == "stashed":
        nested.git("stash", "--quiet", at=part)
    elif work in ("committed", "on a branch"):
        nested.git("switch", "--quiet", "-c", "mine", at=part)
        nested.git("commit", "--quiet", "--all", "-m", "feat: mine", at=part)
        nested.git("switch", "--quiet", "--detach", "HEAD~" if work == "on a branch" else "HEAD", at=part)
    elif work == "untracked":
        nested.git("restore", "part.txt", at=part)
        (part / "new.txt").touch()
    refused = {one["code"] for one in nested.json("remove", "m1", "--dry-run")[0]["refusals"]}
    assert "submodules" in refused
    nested.staddle("remove", "m1", code=3)
    assert nested.tree(1).is_dir()


def test_undo_brings_a_removed_tree_back_and_its_set_up_the_submodule(nested: Repository) -> None:
    nested.staddle("remove", "m1")
    nested.staddle("undo", "m1")
    nested.staddle("worktrees", "m1")
    assert (nested.tree(1) / "lib/part/part.txt").read_text() == "one\n"


def test_sync_moves_the_pointer_and_says_that_the_submodule_stands_where_it_did(nested: Repository) -> None:
    nested.commit(nested.tree(1), "mine.txt", "mine\n", "feat: mine")
    tip = next_part(nested, nested.main)
    nested.git("push", "--quiet")
    said = nested.json("sync", "m1")[0]
    assert said["did"] == "moved"
    assert said["note"].endswith(f"git -C {nested.tree(1)} submodule update lib/part")
    assert nested.git("rev-parse", ":lib/part", at=nested.tree(1)) == tip
    assert (nested.tree(1) / "lib/part/part.txt").read_text() == "one\n"


def test_a_landing_moves_the_pointer_and_leaves_what_is_checked_out(nested: Repository) -> None:
    nested.staddle("spawn", "run42", "2")
    tree = nested.main / ".pqa_worktrees" / "run42-b1"
    nested.git("submodule", "--quiet", "update", "--init", at=tree)
    tip = next_part(nested, tree)
    nested.git("submodule", "--quiet", "update", at=tree)
    done = nested.staddle("reconcile", "run42", "1", "--trust")
    assert "submodule update lib/part" in done.stdout + done.stderr
    assert nested.git("rev-parse", ":lib/part") == tip
    assert (nested.main / "lib/part/part.txt").read_text() == "one\n"
    assert_no_stumps(nested)


def test_a_candidate_whose_submodule_has_commits_of_its_own_is_not_taken_away(nested: Repository) -> None:
    nested.staddle("spawn", "run42", "1")
    tree = nested.main / ".pqa_worktrees" / "run42-b1"
    nested.git("submodule", "--quiet", "update", "--init", at=tree)
    nested.commit(tree / "lib" / "part", "mine.txt", "mine\n", "feat: mine")
    assert "commits that are on no remote" in nested.staddle("reconcile", "run42", code=3).stderr
    assert (tree / "lib/part/mine.txt").exists()


# -- bare -------------------------------------------------------------------------------------


@pytest.fixture
def bare(planned: Planned, tmp_path: Path) -> Repository:
    """A bare clone of a product whose commits hold its plan of two milestones; no main checkout anywhere."""
    repository = planned(2, milestone={"checks": {"unit": {"run": "test -e README.md", "evidence": "exit-code"}}})
    repository.git("add", "milestones.yaml")
    repository.git("commit", "--quiet", "-m", "chore: plan")
    repository.git("push", "--quiet")
    repository.git("clone", "--quiet", "--bare", "origin.git", "bare.git", at=tmp_path)
    return Repository(tmp_path / "bare.git")


def test_in_a_bare_repository_the_plan_is_the_commits_and_trees_stand_beside_it(bare: Repository) -> None:
    assert [row["state"] for row in bare.json("plan")["milestones"]] == ["create", "create"]
    bare.staddle("worktrees")
    assert bare.git("status", "--porcelain", at=bare.tree(1)) == ""
    for place in (bare.main, bare.tree(1), bare.tree(1) / "app"):
        assert bare.staddle("path", "m2", at=place).stdout == f"{bare.tree(2)}\n"


def test_the_work_of_a_milestone_needs_no_main_checkout(bare: Repository) -> None:
    bare.staddle("worktrees")
    bare.commit(bare.tree(1), "mine.txt", "mine\n", "feat: mine")
    bare.commit(bare.tree(2), "base.txt", "base\n", "feat: base")
    bare.git("update-ref", "refs/heads/main", bare.branch(2))
    assert [row["did"] for row in bare.json("sync")] == ["moved", "current"]
    bare.staddle("verify")
    assert [row["verdict"] for row in bare.json("status")] == ["pass", "pass"]
    bare.staddle("prompts", "m1")
    bare.staddle("remove", "m2", at=bare.tree(1))
    assert not bare.tree(2).exists()
    assert bare.git("status", "--porcelain", at=bare.tree(1)) == ""


def test_a_run_in_a_bare_repository_is_proven_by_the_commits_plan(bare: Repository) -> None:
    plan = json.loads(bare.git("show", "HEAD:milestones.yaml")) | {"checks": {"all": CHECK}}
    bare.staddle("worktrees", "m1")
    tip = bare.commit(bare.tree(1), "milestones.yaml", json.dumps(plan), "chore: checks")
    bare.git("update-ref", "refs/heads/main", tip)
    tree = Path(bare.staddle("spawn", "run42", "1").stdout.strip())
    assert tree == bare.main / ".pqa_worktrees" / "run42-b1"
    bare.commit(tree, "new.txt", "new\n", "feat: new")
    bare.staddle("reconcile", "run42", "1")
    assert "Verified: all" in bare.git("log", "-1", "--format=%B", "main")


CHECK = {"run": "test -e new.txt", "evidence": "exit-code"}


def test_own_settings_of_trees_leave_a_bare_repository_bare(bare: Repository) -> None:
    bare.staddle("worktrees", "m2")
    plan = json.loads(bare.git("show", "HEAD:milestones.yaml"))
    plan["milestones"][0]["sparse"] = ["app"]
    tip = bare.commit(bare.tree(2), "milestones.yaml", json.dumps(plan), "chore: sparse")
    bare.git("update-ref", "refs/heads/main", tip)
    bare.staddle("worktrees")
    assert bare.git("sparse-checkout", "list", at=bare.tree(1)) == "app"
    assert bare.git("rev-parse", "--is-bare-repository") == "true"
    assert bare.git("rev-parse", "--is-bare-repository", at=bare.tree(1)) == "false"
    assert bare.staddle("path", "m1", at=bare.tree(2)).stdout == f"{bare.tree(1)}\n"


def test_a_bare_repository_without_a_plan_in_its_commit_says_so(repository: Repository, tmp_path: Path) -> None:
    origin = Repository(tmp_path / "origin.git")
    assert "its HEAD has no milestones.yaml" in origin.staddle("plan", code=2).stderr


# -- large files elsewhere --------------------------------------------------------------------


@pytest.fixture
def large(planned: Planned) -> Repository:
    """A product whose `*.bin` are kept by git-lfs: the real one."""
    if not shutil.which("git-lfs"):
        pytest.skip("needs git-lfs")
    repository = planned(1, milestone={"checks": {"unit": {"run": "test -e big.bin", "evidence": "exit-code"}}})
    repository.git("lfs", "install", "--local")
    repository.git("lfs", "track", "*.bin")
    (repository.main / "big.bin").write_text("content\n")
    repository.git("add", ".gitattributes", "big.bin")
    repository.git("commit", "--quiet", "-m", "feat: large")
    repository.git("push", "--quiet", "origin", "main")
    return repository


@pytest.mark.parametrize("copied", [True, False])
def test_large_files_stand_in_trees_as_a_checkout_has_them(large: Repository, copied: bool) -> None:
    if copied:
        for number in range(2000):
            (large.main / f"{number}.txt").touch()
        large.git("add", "--all", ".")
        large.git("commit", "--quiet", "-m", "feat: many")
        large.git("push", "--quiet", "origin", "main")
    large.staddle("worktrees")
    assert (large.tree(1) / "big.bin").read_text() == "content\n"
    assert large.git("status", "--porcelain", at=large.tree(1)) == ""


def test_large_files_are_moved_and_landed_as_pointers(large: Repository) -> None:
    large.staddle("spawn", "run42", "2")
    home = large.main / ".pqa_worktrees"
    large.commit(home / "run42-b1", "big.bin", "newer\n", "feat: newer")
    (home / "run42-b2" / "other.bin").write_text("uncommitted\n")
    large.staddle("reconcile", "run42", "1")
    assert large.git("show", "HEAD:big.bin").startswith("version https://git-lfs")
    assert (large.main / "big.bin").read_text() == "newer\n"
    assert large.git("status", "--porcelain", "--untracked-files=no") == ""
    large.staddle("undo", "run42-b2")
    assert large.git("show", "pqa/run42-b2:other.bin").startswith("version https://git-lfs")


def test_sync_and_verify_keep_large_files_in_their_place(large: Repository) -> None:
    large.staddle("worktrees")
    large.commit(large.tree(1), "mine.bin", "mine\n", "feat: mine")
    large.commit(large.main, "big.bin", "newer\n", "feat: newer")
    large.git("push", "--quiet", "origin", "main")
    large.staddle("sync")
    large.staddle("verify")
    assert (large.tree(1) / "big.bin").read_text() == "newer\n"
    assert large.git("status", "--porcelain", at=large.tree(1)) == ""
    assert large.git("show", "HEAD:mine.bin", at=large.tree(1)).startswith("version https://git-lfs")


def test_a_filter_whose_program_is_missing_is_named(planned: Planned) -> None:
    repository = planned(1)
    repository.commit(repository.main, ".gitattributes", "*.md filter=lfs\n", "chore: lfs")
    repository.git("push", "--quiet", "origin", "main")
    repository.git("config", "filter.lfs.process", "git-lfs-that-is-gone filter-process")
    repository.git("config", "filter.lfs.required", "true")
    said = repository.staddle("worktrees", code=1).stdout
    assert "the filter lfs, and its program git-lfs-that-is-gone is not installed" in said.replace("\n", " ")
    assert not repository.tree(1).exists()
    assert_no_stumps(repository)


# -- odd ones ---------------------------------------------------------------------------------

SETTINGS = {
    "fsmonitor": "true",
    "untrackedCache": "true",
    "splitIndex": "true",
    "ignoreCase": "true",
    "autocrlf": "true",
    "quotePath": "true",
}


def round_trip(repository: Repository) -> None:
    """Every verb about a tree, and a run, in this repository of one milestone; all must end well and leave it clean."""
    repository.staddle("worktrees")
    repository.commit(repository.tree(1), "a ö '.txt", "mine\n", "feat: mine")
    repository.commit(repository.main, "é é/base.txt", "base\n", "feat: base")
    assert [row["did"] for row in repository.json("sync", "--no-fetch")] == ["moved"]
    repository.staddle("verify", "m1")
    tree = Path(repository.staddle("spawn", "run42", "1").stdout.strip())
    repository.commit(tree, "é é/base.txt", "better\n", "feat: better")
    repository.staddle("reconcile", "run42", "1")
    assert repository.git("status", "--porcelain", "--untracked-files=no") == ""
    assert repository.git("status", "--porcelain", at=repository.tree(1)) == ""
    assert_no_stumps(repository)


def fresh(place: Path, *argv: str, base: str = "main") -> Repository:
    """A new repository without a remote, with one commit and a plan of one milestone."""
    place.mkdir(parents=True)
    repository = Repository(place)
    repository.git("init", "--quiet", f"--initial-branch={base}", *argv)
    repository.commit(place, "README.md", "hello\n", "chore: begin")
    check = {"run": "test -e README.md", "evidence": "exit-code"}
    write_plan(place / "milestones.yaml", 1, base=base, milestone={"checks": {"unit": check}})
    return repository


@pytest.mark.parametrize("argv", [[], ["--object-format=sha256"]], ids=["sha1", "sha256"])
def test_blanks_quotes_and_letters_in_paths_are_nothing_special(tmp_path: Path, argv: list[str]) -> None:
    round_trip(fresh(tmp_path / "a 'b ö" / "main", *argv))


def test_a_repository_with_every_cache_and_conversion_on_works(tmp_path: Path) -> None:
    repository = fresh(tmp_path / "main")
    for name, value in SETTINGS.items():
        repository.git("config", f"core.{name}", value)
    round_trip(repository)


def test_a_repository_reached_by_a_link_works(tmp_path: Path) -> None:
    repository = fresh(tmp_path / "real" / "main")
    (tmp_path / "link").symlink_to(repository.main)
    repository.staddle("worktrees", at=tmp_path / "link")
    assert repository.staddle("path", "m1", at=tmp_path / "link").stdout == f"{repository.tree(1)}\n"


def test_variables_of_another_repository_lead_nowhere(tmp_path: Path, planned: Planned) -> None:
    other, repository = planned(1), fresh(tmp_path / "own" / "main")
    before = other.state()
    repository.staddle("worktrees", GIT_DIR=str(other.main / ".git"), GIT_INDEX_FILE=str(tmp_path / "index"))
    assert repository.tree(1).is_dir()
    assert other.state() == before


def test_a_base_of_another_name_with_a_slash_works(tmp_path: Path) -> None:
    repository = fresh(tmp_path / "main", base="release/2.x")
    repository.staddle("worktrees")
    assert repository.json("plan")["base"]["name"] == "release/2.x"


def test_a_checkout_that_is_apart_from_its_git_folder_stays_found_when_trees_have_own_settings(tmp_path: Path) -> None:
    repository = fresh(tmp_path / "main")
    (repository.main / ".git").rename(tmp_path / "store")
    (repository.main / ".git").write_text("gitdir: ../store\n")
    repository.git("config", "core.worktree", "../main")
    write_plan(repository.main / "milestones.yaml", 1, milestone={"sparse": ["app"]})
    repository.staddle("worktrees")
    assert repository.git("rev-parse", "--show-toplevel") == str(repository.main)
    assert repository.git("rev-parse", "--show-toplevel", at=repository.tree(1)) == str(repository.tree(1))
    assert repository.staddle("path", "m1", at=repository.tree(1)).stdout == f"{repository.tree(1)}\n"


def test_a_shallow_clone_is_synced(planned: Planned, tmp_path: Path) -> None:
    repository = planned(1)
    news(repository, "first.txt")
    repository.git("clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin.git", "shallow/main", at=tmp_path)
    shallow = Repository(tmp_path / "shallow" / "main")
    write_plan(shallow.main / "milestones.yaml", 1)
    shallow.staddle("worktrees")
    shallow.commit(shallow.tree(1), "mine.txt", "mine\n", "feat: mine")
    news(repository, "second.txt")
    assert [row["did"] for row in shallow.json("sync")] == ["moved"]


def test_a_partial_clone_without_its_remote_says_so_and_moves_nothing(planned: Planned, tmp_path: Path) -> None:
    repository, origin = planned(1), tmp_path / "origin.git"
    repository.git("config", "uploadpack.allowFilter", "true", at=origin)
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true", at=origin)
    repository.git("clone", "--quiet", "--filter=blob:none", f"file://{origin}", "partial/main", at=tmp_path)
    partial = Repository(tmp_path / "partial" / "main")
    write_plan(partial.main / "milestones.yaml", 1)
    partial.staddle("worktrees")
    news(repository, "README.md", text="news\n")
    partial.git("fetch", "--quiet")
    origin.rename(tmp_path / "away.git")
    assert "is a partial clone" in partial.staddle("sync", "--no-fetch", code=1).stdout.replace("\n", " ")
    (tmp_path / "away.git").rename(origin)
    assert [row["did"] for row in partial.json("sync")] == ["moved"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give files away")
def test_a_repository_of_another_user_is_refused_with_the_setting_that_allows_it(tmp_path: Path) -> None:
    repository = fresh(tmp_path / "main")
    for path in (repository.main, repository.main / ".git"):
        os.chown(path, 12345, 12345)
    said = repository.staddle("plan", code=2).stderr
    assert f"git config --global --add safe.directory {repository.main}" in said
