"""init: staddle brought to a repository that has never heard of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from staddle.core.verbs import VERBS
from staddle.edges.plans import load_plan
from tests.kit import Repository

ROOT = Path(__file__).parents[2]
FILES = ("milestones.yaml", "noxfile.py", "Makefile")
SECONDS = 300


def named(folder: Path) -> Repository:
    """A repository in this folder, with one commit on main and no remote."""
    folder.mkdir(parents=True)
    repository = Repository(folder)
    repository.git("init", "--quiet")
    repository.commit(folder, "README.md", "hello\n", "chore: begin")
    return repository


def run(*argv: str | Path, at: Path, **env: str) -> str:
    """What a command printed, both streams; the test fails when the command does."""
    done = subprocess.run(
        argv, cwd=at, env=os.environ | env, stdout=-1, stderr=-2, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_three_files_appear_and_git_and_the_rest_are_left_alone(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD")
    said = repository.staddle("init").stdout.splitlines()
    assert said == [f"wrote {repository.main / name}" for name in FILES]
    assert repository.git("status", "--porcelain").splitlines() == [f"?? {name}" for name in sorted(FILES)]
    assert repository.git("rev-parse", "HEAD") == head


def test_the_plan_it_writes_is_valid_and_its_milestone_can_be_made_and_checked(repository: Repository) -> None:
    repository.staddle("init")
    assert [row["state"] for row in repository.json("plan")["milestones"]] == ["create"]
    repository.staddle("worktrees")
    repository.staddle("verify")
    assert [row["verdict"] for row in repository.json("status")] == ["pass"]


@pytest.mark.parametrize(
    ("files", "setup", "check"),
    [
        ({"uv.lock": "", "pyproject.toml": "", "tests/test_x.py": ""}, ["uv sync"], "pytest"),
        ({"requirements.txt": "", ".gitignore": "/.venv/\n"}, ["python3 -m venv .venv", ".venv/bin/pip"], "git diff"),
        ({"requirements.txt": "", "tests/test_x.py": ""}, [], "pytest"),  # its .venv would be untracked in every tree
        ({"package-lock.json": "{}"}, ["npm ci"], "npm test"),
    ],
)
def test_the_plan_installs_in_each_tree_what_its_files_ask_for(
    tmp_path: Path, files: dict[str, str], setup: list[str], check: str
) -> None:
    repository = named(tmp_path / "product")
    for name, text in files.items():
        repository.commit(repository.main, name, text, f"chore: {name}")
    repository.staddle("init")
    plan = load_plan(repository.main / "milestones.yaml").plan
    assert [" ".join(line.argv).startswith(start) for line, start in zip(plan.setup, setup, strict=True)] == [
        True
    ] * len(setup)
    assert " ".join(plan.milestones[0].checks["unit"].run.argv).startswith(check)


def test_the_plan_has_the_agent_that_is_installed(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "codex").write_text("#!/bin/sh\n")
    (tmp_path / "codex").chmod(0o755)
    repository.staddle("init", PATH=f"{tmp_path}:{os.defpath}")
    assert load_plan(repository.main / "milestones.yaml").plan.default_agent == "codex"


def test_the_noxfile_it_writes_lists_every_verb_and_the_milestone(repository: Repository) -> None:
    repository.staddle("init")
    listed = run(sys.executable, "-m", "nox", "-l", at=repository.main)
    for name in [*(verb.name for verb in VERBS), "verify-m1"]:
        assert f"\n- {name} " in listed


def test_the_makefile_it_writes_passes_verb_and_arguments_on(repository: Repository) -> None:
    repository.staddle("init")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    said = run("make", "plan", "ARGS=m1 --json", at=repository.main, PATH=path)
    assert '"state": "create"' in said


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_is_kept_whatever_it_holds(repository: Repository, name: str) -> None:
    (repository.main / name).write_text("mine\n")
    said = repository.staddle("init").stdout
    assert f"kept {repository.main / name}\n" in said
    assert said.count("wrote ") == 2
    assert (repository.main / name).read_text() == "mine\n"


def test_a_dangling_link_is_kept_and_nothing_is_written_through_it(repository: Repository) -> None:
    (repository.main / "Makefile").symlink_to("../elsewhere")
    assert "kept " in repository.staddle("init").stdout
    assert not (repository.main.parent / "elsewhere").exists()


def test_twice_is_once(repository: Repository) -> None:
    repository.staddle("init")
    before = {name: (repository.main / name).read_bytes() for name in FILES}
    assert repository.staddle("init").stdout.count("kept ") == 3
    assert {name: (repository.main / name).read_bytes() for name in FILES} == before


def test_a_dry_run_writes_nothing(repository: Repository) -> None:
    said = repository.staddle("init", "--dry-run").stdout
    assert said.count("would write ") == 3
    assert repository.git("status", "--porcelain") == ""


def test_the_files_go_to_the_main_checkout_from_wherever_it_is_called(repository: Repository) -> None:
    tree = repository.main.parent / "other"
    repository.git("worktree", "add", "--quiet", "--detach", str(tree))
    repository.staddle("init", at=tree / "app")
    assert [(repository.main / name).is_file() for name in FILES] == [True] * 3
    assert repository.git("status", "--porcelain", at=tree) == ""


@pytest.mark.parametrize("name", ["My Shop (2)", "2024", "Ünïcødé", "...", "a" * 90, "tab\tin", "x--y_z", "{{ x }}"])
def test_a_folder_of_any_name_gets_a_valid_plan(tmp_path: Path, name: str) -> None:
    repository = named(tmp_path / f"_{name}_" / name)
    repository.staddle("init")
    assert [row["state"] for row in repository.json("plan")["milestones"]] == ["create"]


@pytest.mark.parametrize("branch", ["trunk", "release/1.x", "yes", "it's", "a#b"])
def test_the_base_is_the_branch_that_is_checked_out(tmp_path: Path, branch: str) -> None:
    repository = named(tmp_path / "shop")
    repository.git("branch", "-m", branch)
    repository.staddle("init")
    assert repository.json("plan")["base"]["name"].endswith(branch)


def test_a_bare_repository_is_refused_with_the_way_on(repository: Repository) -> None:
    origin = repository.main.parent / "origin.git"
    before = sorted(path.name for path in origin.iterdir())
    assert "is a bare repository\n  try: git worktree add" in repository.staddle("init", at=origin, code=2).stderr
    assert sorted(path.name for path in origin.iterdir()) == before


def test_outside_of_a_repository_it_says_how_to_make_one(tmp_path: Path) -> None:
    said = Repository(tmp_path).staddle("init", code=2).stderr
    assert f"git -C {tmp_path} init" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_installed_wheel_takes_a_fresh_repository_to_its_first_tree(tmp_path: Path) -> None:
    run(sys.executable, "-m", "uv", "build", "--wheel", "--out-dir", tmp_path / "dist", ROOT, at=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", "venv", at=tmp_path)
    programs = tmp_path / "venv" / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", wheel, at=tmp_path)
    repository = named(tmp_path / "shop")
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    run("staddle", "init", at=repository.main, PATH=path)
    run("nox", "-s", "worktrees", at=repository.main, PATH=path)
    tree = tmp_path / "shop-wt-m1-first"
    assert repository.git("branch", "--show-current", at=tree) == "feat/shop-m1-first"
    written = run("staddle", "prompts", at=repository.main, PATH=path).splitlines()[-1]
    assert Path(written).read_text().startswith("Implement FR-SHOP-001: the first requirement.")
