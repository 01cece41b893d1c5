"""The sample product: its repositories, its red tests, and the stand-in agent that makes them green."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VENTURE = ROOT / "examples" / "venture"
SUBJECT = re.compile(r"((feat|test|docs)\([a-z]+\): .+)|(chore(\([a-z]+\))?: .+)")
PLAN = yaml.safe_load((ROOT / "milestones.yaml").read_text(encoding="utf-8"))
WORK = {item["id"]: (item, milestone) for milestone in PLAN["milestones"] for item in milestone["requirements"]}
RED = {item["test"] for item, _ in WORK.values()}


def run(at: Path, *command: object, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """A command as a person would run it in a folder."""
    argv, env = [str(part) for part in command], os.environ | variables
    return subprocess.run(argv, cwd=at, env=env, input=stdin, capture_output=True, text=True, timeout=120, check=False)


def git(at: Path, *arguments: str) -> str:
    """What a git command that must succeed prints."""
    done = run(at, "git", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample product, built once with a stand-in for uv that writes an empty lock file."""
    top = tmp_path_factory.mktemp("sample")
    uv = top / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\necho version = 1 > uv.lock\n")
    uv.chmod(0o755)
    built = run(top, sys.executable, VENTURE / "build.py", "demo", PATH=f"{uv.parent}:{os.environ['PATH']}")
    assert built.returncode == 0, built.stderr
    return top / "demo"


@pytest.fixture
def tree(offline: Path, tmp_path: Path) -> Path:
    """A clone of the offline build's main."""
    git(tmp_path, "clone", "--quiet", str(offline / "origin.git"), "tree")
    return tmp_path / "tree"


def prompt(requirement: str, **replaced: str) -> str:
    """The lines of a prompt that the agent understands."""
    item, milestone = WORK[requirement]
    message = f"feat({milestone['scope']}): {requirement} {item['title']}"
    lines = {"Requirement": requirement, "Failing test": item["test"], "Commit message": message} | replaced
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def agent(tree: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The stand-in agent, started in its tree."""
    return run(tree, sys.executable, VENTURE / "agent.py", tree, stdin=text)


def failures(tree: Path, python: object = sys.executable) -> set[str]:
    """The ids of the tests that fail in a tree; of all but those that want servers, each of the others has passed."""
    but = "--ignore=tests/integration/servers"
    done = run(tree, python, "-m", "pytest", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", but)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return set(re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE))


def snapshot(top: Path) -> dict[str, Any]:
    """Every file below a folder with its content and time."""
    files = (path for path in top.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_the_history_keeps_the_commit_convention(offline: Path) -> None:
    subjects = git(offline / "parpour", "log", "--format=%s").splitlines()
    assert len(subjects) > 10
    assert [subject for subject in subjects if not SUBJECT.fullmatch(subject)] == []


def test_main_is_clean_and_level_with_origin(offline: Path) -> None:
    assert git(offline / "parpour", "status", "--porcelain", "--branch") == "## main...origin/main\n"
    assert git(offline / "parpour", "ls-files", ".env", "uv.lock") == "uv.lock\n"
    assert (offline / "parpour" / ".env").exists()


def test_building_twice_changes_nothing(offline: Path) -> None:
    before = snapshot(offline)
    again = run(offline.parent, sys.executable, VENTURE / "build.py", "demo")
    assert (again.returncode, again.stdout) == (0, f"{offline} is complete and left alone\n")
    assert snapshot(offline) == before


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert run(tmp_path, sys.executable, VENTURE / "build.py", ".").returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_exactly_the_planned_tests_are_red_on_main(tree: Path) -> None:
    assert failures(tree) == RED


def test_all_solutions_together_make_everything_green(tree: Path) -> None:
    for requirement in WORK:
        git(tree, "apply", "--index", str(VENTURE / "solutions" / f"{requirement}.patch"))
    assert failures(tree) == set()


@pytest.mark.parametrize("requirement", ["FR-VNT-POLICY-002", "FR-VNT-INTEG-001"])
def test_the_agent_makes_its_test_green_and_commits(tree: Path, requirement: str) -> None:
    assert agent(tree, prompt(requirement) + "and `Fixes: #42`").returncode == 0
    assert failures(tree) == RED - {WORK[requirement][0]["test"]}
    subject = prompt(requirement).splitlines()[-1].removeprefix("Commit message: ")
    trailers = "Fixes: #42\nCo-Authored-By: Stand-in <stand-in@venture.invalid>"
    assert git(tree, "log", "origin/main..", "--format=%B").strip() == f"{subject}\n\n{trailers}"
    assert git(tree, "status", "--porcelain") == ""


def test_the_agent_leaves_finished_work_alone(tree: Path) -> None:
    agent(tree, prompt("FR-VNT-COMPL-001"))
    again = agent(tree, prompt("FR-VNT-COMPL-001"))
    assert (again.returncode, again.stdout) == (0, "stand-in agent: FR-VNT-COMPL-001 is committed already\n")


def test_the_agent_goes_on_after_a_stop(tree: Path) -> None:
    git(tree, "apply", "--index", str(VENTURE / "solutions" / "FR-VNT-ORCH-001.patch"))
    assert agent(tree, prompt("FR-VNT-ORCH-001")).returncode == 0
    assert git(tree, "status", "--porcelain") == ""


def test_the_agent_takes_back_what_stays_red(tree: Path) -> None:
    other = WORK["FR-VNT-TREAS-004"][0]["test"]
    done = agent(tree, prompt("FR-VNT-TREAS-003", **{"Failing test": other}))
    assert done.returncode == 1
    assert "stays red" in done.stderr
    assert git(tree, "status", "--porcelain", "--branch") == "## main...origin/main\n"


def test_the_agent_refuses_a_patch_that_does_not_fit(tree: Path) -> None:
    done = agent(tree, prompt("FR-VNT-TREAS-004"))
    assert done.returncode == 1
    assert "does not apply" in done.stderr


def test_the_agent_works_in_its_own_tree_only(tree: Path) -> None:
    done = run(tree.parent, sys.executable, VENTURE / "agent.py", tree, stdin=prompt("FR-VNT-COMPL-001"))
    assert done.returncode == 1
    assert git(tree, "log", "origin/main..", "--format=%s") == ""


@pytest.mark.slow  # and it asks a package index
@pytest.mark.parametrize("requirement", ["FR-VNT-TREAS-003", "FR-VNT-CTRL-001"])
def test_a_tree_set_up_by_uv_goes_from_red_to_green(tmp_path: Path, requirement: str) -> None:
    built = run(tmp_path, sys.executable, VENTURE / "build.py", "demo")
    assert built.returncode == 0, built.stderr
    tree = tmp_path / "demo" / "tree"
    git(tmp_path / "demo" / "parpour", "worktree", "add", "--quiet", "-b", "feat/venture-m9-sample", str(tree))
    uv = ["uv"] if shutil.which("uv") else [sys.executable, "-m", "uv"]
    assert run(tree, *uv, "sync", "--quiet").returncode == 0
    test = WORK[requirement][0]["test"]
    assert test in failures(tree, tree / ".venv/bin/python")
    assert agent(tree, prompt(requirement)).returncode == 0
    assert test not in failures(tree, tree / ".venv/bin/python")
