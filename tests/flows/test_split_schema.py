"""split-schema: the schema's part of a branch on a branch of its own, and nothing of the tree's content changed."""

import json
from collections.abc import Callable

import pytest

from tests.kit import Repository, assert_no_stumps

Planned = Callable[..., Repository]
SCHEMA = "chore/venture-schema-m1"
MODELS = "app/events/models.py"


@pytest.fixture
def mixed(planned: Planned) -> Repository:
    """Two trees; m1's branch changes the schema in two commits of four, in one of them with a file of its own."""
    repository = planned(2, schema={"paths": ["app/events/**"]})
    (repository.main / ".git" / "info" / "exclude").write_text("milestones.yaml\n")
    repository.staddle("worktrees")
    tree = repository.tree(1)
    repository.commit(tree, "one.py", "1\n", "chore: begin the first part")
    (tree / "two.py").write_text("2\n")
    repository.git("add", "two.py", at=tree)
    repository.commit(tree, MODELS, "1\n", "chore: use the new event")
    repository.commit(tree, MODELS, "2\n", "chore: mend the new event")
    repository.git(
        "commit", "--quiet", "--no-verify", "--amend", "--no-edit", "--author=Bo <bo@example.invalid>", at=tree
    )
    repository.commit(tree, "three.py", "3\n", "chore: end the first part")
    return repository


def paths(repository: Repository, old: str, new: str) -> list[str]:
    """What differs between two commits."""
    return repository.git("diff", "--name-only", old, new).splitlines()


def subjects(repository: Repository, commits: str) -> list[str]:
    """The first lines of commits, oldest first."""
    return repository.git("log", "--reverse", "--format=%s", commits).splitlines()


def test_the_two_branches_change_disjoint_files_and_the_tree_stays_as_it_is(mixed: Repository) -> None:
    (mixed.tree(1) / "one.py").write_text("half done\n")
    (mixed.tree(1) / "new.py").write_text("new\n")
    mixed.git("add", "new.py", at=mixed.tree(1))
    content, status = (mixed.git(*words, at=mixed.tree(1)) for words in (("rev-parse", "HEAD:"), ("status", "-s")))
    assert mixed.staddle("split-schema", "m1").stdout == f"{MODELS}\n"
    assert paths(mixed, "main", SCHEMA) == [MODELS]
    assert paths(mixed, SCHEMA, mixed.branch(1)) == ["one.py", "three.py", "two.py"]
    assert mixed.git("rev-parse", "HEAD:", at=mixed.tree(1)) == content
    assert mixed.git("status", "-s", at=mixed.tree(1)) == status
    begin, use, end = "chore: begin the first part", "chore: use the new event", "chore: end the first part"
    assert subjects(mixed, f"{SCHEMA}..{mixed.branch(1)}") == [begin, use, end]
    assert_no_stumps(mixed)


def test_red_before_and_green_after(mixed: Repository) -> None:
    for verb in ("lint", "verify"):
        assert "schema" in mixed.staddle(verb, "m1", code=1).stdout
    mixed.staddle("split-schema", "m1")
    assert "schema-waits" in mixed.staddle("lint", "m1").stdout
    mixed.staddle("verify", "m1")
    mixed.staddle("lint", "--range", f"main..{SCHEMA}", "--branch", SCHEMA)
    mixed.staddle("lint", "--range", f"main..{mixed.branch(1)}", "--branch", mixed.branch(1))
    mixed.git("commit", "--quiet", "--allow-empty", "-m", "chore: spell out the sample data", at=mixed.tree(1))


def test_everybody_who_wrote_it_is_named(mixed: Repository) -> None:
    mixed.staddle("split-schema", "m1")
    body = mixed.git("log", "-1", "--format=%an%n%b", SCHEMA)
    assert body == f"Ada\n- {MODELS}\n\nCo-Authored-By: Bo <bo@example.invalid>"
    assert mixed.git("log", "-1", "--format=%an %s", mixed.branch(1)) == "Ada chore: end the first part"


def test_a_commit_of_the_schema_alone_keeps_its_message(mixed: Repository) -> None:
    mixed.commit(mixed.tree(2), "app/events/other.py", "1\n", "chore: spell out the other event")
    mixed.staddle("split-schema", "m2", "--name", "other")
    assert subjects(mixed, "main..chore/venture-schema-other") == ["chore: spell out the other event"]
    assert mixed.git("rev-parse", mixed.branch(2)) == mixed.git("rev-parse", "chore/venture-schema-other")


def test_twice_is_once_and_a_dry_run_changes_nothing(mixed: Repository) -> None:
    before = mixed.state()
    said = json.loads(mixed.staddle("split-schema", "m1", "--dry-run", "--json").stdout)
    assert (said["branch"], said["paths"], said["commits"]) == (SCHEMA, [MODELS], 3)
    assert mixed.state() == before
    mixed.staddle("split-schema", "m1")
    after = mixed.state()
    assert "nothing of the schema" in mixed.staddle("split-schema", "m1").stdout
    assert mixed.state() == after


def test_undo_takes_both_branches_back(mixed: Repository) -> None:
    before = mixed.state()
    mixed.staddle("split-schema", "m1")
    mixed.staddle("sync", "--undo")
    assert mixed.state() == before
    assert_no_stumps(mixed)


def test_undo_keeps_a_schema_branch_that_somebody_went_on_with(mixed: Repository) -> None:
    mixed.staddle("split-schema", "m1")
    mixed.git("worktree", "add", "--quiet", str(mixed.main.parent / "schema"), SCHEMA)
    assert SCHEMA in mixed.staddle("sync", "--undo", code=1).stdout
    assert mixed.git("rev-parse", "--verify", SCHEMA)


def test_sync_leaves_the_schema_out_once_it_has_landed(mixed: Repository) -> None:
    mixed.staddle("split-schema", "m1")
    mixed.commit(mixed.main, "news.txt", "1\n", "chore: news")
    mixed.git("cherry-pick", SCHEMA)
    mixed.git("push", "--quiet", "origin", "main")
    mixed.staddle("sync", "m1")
    assert paths(mixed, "main", mixed.branch(1)) == ["one.py", "three.py", "two.py"]
    assert "no findings" in mixed.staddle("lint", "m1").stdout


def test_a_sync_before_it_has_landed_does_not_make_it_the_milestones_own(mixed: Repository) -> None:
    mixed.staddle("split-schema", "m1")
    mixed.commit(mixed.main, "news.txt", "1\n", "chore: news")
    mixed.git("push", "--quiet", "origin", "main")
    mixed.staddle("sync", "m1")
    assert "schema-waits" in mixed.staddle("lint", "m1").stdout


def test_more_of_the_schema_stands_on_what_waits_already(mixed: Repository) -> None:
    mixed.staddle("split-schema", "m1")
    mixed.commit(mixed.tree(1), MODELS, "3\n", "chore: spell out the third event")
    assert mixed.staddle("split-schema", "m1", code=3).stderr.count("--name another")
    mixed.staddle("split-schema", "m1", "--name", "more")
    assert paths(mixed, SCHEMA, "chore/venture-schema-more") == [MODELS]
    assert paths(mixed, "chore/venture-schema-more", mixed.branch(1)) == ["one.py", "three.py", "two.py"]


def test_uncommitted_changes_of_the_schema_are_refused_with_what_commits_them(mixed: Repository) -> None:
    (mixed.tree(1) / "app/events/new.py").write_text("1\n")
    before = mixed.state()
    said = mixed.staddle("split-schema", "m1", code=3).stderr
    assert mixed.state() == before
    todo = said.partition("try: ")[2].strip()
    for words in todo.split(" && "):
        assert words.startswith(f"git -C {mixed.tree(1)} ")
    mixed.git("add", "--", "app/events/new.py", at=mixed.tree(1))
    mixed.git("commit", "--quiet", "--no-verify", "-m", "chore: schema of m1", at=mixed.tree(1))
    assert mixed.staddle("split-schema", "m1").stdout.split() == [MODELS, "app/events/new.py"]


def test_a_schema_that_cannot_stand_by_itself_moves_nothing(mixed: Repository) -> None:
    tree = mixed.tree(2)
    mixed.git("rm", "--quiet", "README.md", at=tree)
    mixed.git("commit", "--quiet", "--no-verify", "-m", "chore: make room for events", at=tree)
    plan = mixed.main / "milestones.yaml"
    plan.write_text(plan.read_text().replace("app/events/**", "README.md/**"))
    mixed.commit(tree, "README.md/a.py", "1\n", "chore: events where the text was")
    before = mixed.state()
    assert "README.md stands where" in mixed.staddle("split-schema", "m2", code=1).stderr
    assert mixed.state() == before
    assert_no_stumps(mixed)


@pytest.mark.parametrize("begun", ["merge", "rebase"])
def test_what_is_under_way_or_merged_is_refused(mixed: Repository, begun: str) -> None:
    if begun == "merge":
        mixed.git("merge", "--quiet", "--no-edit", mixed.branch(1), at=mixed.tree(2))
        mixed.commit(mixed.tree(1), "four.py", "4\n", "chore: four")
        mixed.commit(mixed.tree(2), "five.py", "5\n", "chore: five")
        mixed.git("merge", "--quiet", "--no-edit", mixed.branch(1), at=mixed.tree(2))
    else:
        mixed.git("-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "-i", "main~1", at=mixed.tree(2))
    before = mixed.state()
    mixed.staddle("split-schema", "m2", code=3)
    assert mixed.state() == before


def test_a_name_that_is_none_is_refused(mixed: Repository) -> None:
    assert "joined by hyphens" in mixed.staddle("split-schema", "m1", "--name", "A b", code=2).stderr
