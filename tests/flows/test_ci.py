"""ci: the workflow of a plan - what it says, that the forge's own linters accept it, and that it runs."""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from staddle import __version__
from staddle.core.model import Command
from staddle.core.workflow import shell_text, yaml_text
from staddle.services import SERVICES
from tests.kit import Repository

Planned = Callable[..., Repository]
PROGRAMS = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
SECONDS = 60
UNIT = {"checks": {"unit": "pytest -v"}}
SERVED = {
    "unit": "pytest tests/unit",
    "integration": {"run": "pytest tests/api", "services": ["nats", "postgres", "redis"], "limit": 1801},
}
HOSTILE = "a'b\"c: ${{ github.token }} }} $HOME `id` \\ # é\n\t- [x"
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t${}'\"\\ "), max_size=30)


def file_of(repository: Repository) -> Path:
    return repository.main / ".github" / "workflows" / "venture.yml"


def rendered(repository: Repository) -> dict[str, Any]:
    """The workflow as YAML reads it, but for its key `on`, which YAML 1.1 takes for a boolean."""
    found = yaml.safe_load(repository.staddle("ci", "--stdout").stdout)
    return {"on": found.pop(True), **found}


def scripts(workflow: dict[str, Any]) -> Iterator[str]:
    """Every shell script of a workflow."""
    yield from (step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step)


# --- the file ----------------------------------------------------------------------------------------------------


def test_it_writes_one_file_and_says_where_and_the_second_time_that_it_is_there(planned: Planned) -> None:
    repository = planned(2, milestone=UNIT)
    assert repository.staddle("ci").stdout == f"wrote {file_of(repository)}\n"
    assert repository.git("status", "--porcelain", "-uall", ".github") == "?? .github/workflows/venture.yml"
    before = file_of(repository).stat().st_ino
    assert repository.staddle("ci").stdout == f"unchanged {file_of(repository)}\n"
    assert file_of(repository).stat().st_ino == before


def test_a_check_passes_what_the_plan_makes_and_writes_nothing_when_the_file_is_missing(planned: Planned) -> None:
    repository = planned(1, milestone=UNIT)
    assert "+name: venture\n" in repository.staddle("ci", "--check", code=1).stdout
    assert not file_of(repository).exists()
    repository.staddle("ci")
    assert repository.staddle("ci", "--check").stdout == f"unchanged {file_of(repository)}\n"


def test_a_file_that_was_edited_has_drifted_and_the_difference_is_shown(planned: Planned) -> None:
    repository = planned(1, milestone=UNIT)
    repository.staddle("ci")
    text = file_of(repository).read_text()
    file_of(repository).write_text(text.replace("permissions: {}", "permissions: write-all"))
    said = repository.staddle("ci", "--check", code=1)
    assert "-permissions: write-all\n+permissions: {}\n" in said.stdout
    assert "try: staddle ci" in said.stderr
    assert repository.json("ci")["did"] == "wrote"
    assert file_of(repository).read_text() == text


def test_a_milestone_that_the_plan_gains_is_a_drift_and_then_a_part_of_it(planned: Planned) -> None:
    repository = planned(8, milestone=UNIT)
    repository.staddle("ci")
    planned(9, milestone=UNIT)
    said = repository.staddle("ci", "--check", code=1).stdout
    assert len(re.findall(r"^\+ .*feat/venture-m9-part", said, re.MULTILINE)) == 2
    repository.staddle("ci")
    assert "feat/venture-m9-part) STADDLE_MILESTONE=M9 pytest -v ;;" in file_of(repository).read_text()


def test_a_file_of_somebody_else_is_kept_until_forced(planned: Planned) -> None:
    repository = planned(1, milestone=UNIT)
    file_of(repository).parent.mkdir(parents=True)
    file_of(repository).write_text("name: mine\n")
    assert "does not begin as" in repository.staddle("ci", code=3).stderr
    assert "-name: mine\n" in repository.staddle("ci", "--check", code=1).stdout
    assert file_of(repository).read_text() == "name: mine\n"
    repository.staddle("ci", "--force")
    repository.staddle("ci", "--check")


@pytest.mark.parametrize("name", [".github", ".github/workflows", ".github/workflows/venture.yml"])
def test_nothing_is_written_through_a_link(planned: Planned, name: str) -> None:
    repository = planned(1, milestone=UNIT)
    elsewhere = repository.main.parent / "elsewhere"
    elsewhere.mkdir()
    (repository.main / name).parent.mkdir(parents=True, exist_ok=True)
    (repository.main / name).symlink_to(elsewhere / ("x" if name.endswith("yml") else ""))
    assert "beyond a link" in repository.staddle("ci", "--force", code=3).stderr
    assert list(elsewhere.iterdir()) == []


def test_json_says_what_was_done_and_what_would_be(planned: Planned) -> None:
    repository = planned(1, milestone=UNIT)
    drifted = json.loads(repository.staddle("ci", "--check", "--json", code=1).stdout)
    assert (drifted["path"], drifted["did"]) == (str(file_of(repository)), "drifted")
    assert drifted["diff"].startswith("--- .github/workflows/venture.yml\n+++ ")
    repository.staddle("ci")
    assert repository.json("ci") == {"path": str(file_of(repository)), "did": "unchanged", "diff": ""}


def test_a_template_beside_the_plan_comes_first_and_its_file_is_known_again(planned: Planned) -> None:
    repository = planned(1, milestone=UNIT)
    (repository.main / "templates").mkdir()
    (repository.main / "templates" / "workflow.yml.j2").write_text("name: [[ project ]]-${{ mine }}\n")
    repository.staddle("ci")
    assert file_of(repository).read_text().splitlines()[1:] == ["name: venture-${{ mine }}"]
    repository.staddle("ci", "--check")


# --- what it says ------------------------------------------------------------------------------------------------


def test_each_kind_of_check_is_a_job_for_the_branches_that_have_it_alike(planned: Planned) -> None:
    own = {"checks": UNIT["checks"] | {"full": "pytest"}, "setup": ["true"]}
    jobs = rendered(planned(3, milestone=UNIT, first=own, setup=["uv sync"]))["jobs"]
    assert jobs.keys() == {"unit_m1", "full_m1", "unit", "plan_conventions"}
    assert [name for name, job in jobs.items() if "feat/venture-m1-part" in job["if"]] == ["unit_m1", "full_m1"]
    assert jobs["unit"]["steps"][2] == {"run": "uv sync\n"}
    assert jobs["unit_m1"]["steps"][2] == {"run": "true\n"}


def test_a_job_with_servers_has_them_at_fixed_versions_with_ports_and_health_checks(planned: Planned) -> None:
    jobs = rendered(planned(2, milestone={"checks": SERVED}))["jobs"]
    services = jobs["integration_nats_postgres_redis"]["services"]
    images = {name: service["image"] for name, service in services.items()}
    assert images == {"postgres": "postgres:16", "redis": "redis:7-alpine", "nats": "nats:2.10-alpine"}
    assert all("--health-cmd" in service["options"] and service["ports"] for service in services.values())
    assert (
        services["postgres"]["env"]["POSTGRES_PASSWORD"] == jobs["integration_nats_postgres_redis"]["env"]["PGPASSWORD"]
    )
    assert "services" not in jobs["unit"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_check_finds_a_server_by_the_variables_it_has_in_its_tree(planned: Planned, service: str) -> None:
    workflow = rendered(planned(1, first={"checks": {"api": {"run": "x", "services": [service]}}}))
    told = re.findall(r'"([A-Z_]+)": ', inspect.getsource(SERVICES[service].prepare))
    assert told
    assert workflow["jobs"][f"api_{service}"]["env"].keys() == {"STADDLE_BRANCH", *told}


def test_a_job_has_the_time_of_its_longest_check_and_that_of_the_setup(planned: Planned) -> None:
    jobs = rendered(planned(1, milestone={"checks": SERVED}))["jobs"]
    assert (jobs["unit"]["timeout-minutes"], jobs["integration_nats_postgres_redis"]["timeout-minutes"]) == (20, 41)


def test_the_plans_own_checks_run_on_the_base_on_schema_branches_and_on_pull_requests(planned: Planned) -> None:
    workflow = rendered(planned(1, milestone=UNIT, checks={"e2e": "pytest tests/e2e", "unit": "pytest"}))
    assert workflow["on"]["push"]["branches"] == ["feat/venture-m*", "chore/venture-schema-*", "main"]
    assert workflow["on"]["pull_request"]["branches"] == ["main"]
    assert {name: job.get("name") for name, job in workflow["jobs"].items()} == {
        "unit": None,
        "e2e_product": "e2e",
        "unit_product": "unit",
        "plan_conventions": "conventions",
    }
    assert workflow["jobs"]["e2e_product"]["if"] == "${{ !startsWith(github.ref, 'refs/heads/feat/venture-m') }}"


def test_every_job_may_read_and_no_more_and_no_action_is_of_a_moving_version(planned: Planned) -> None:
    workflow = rendered(planned(1, milestone={"checks": SERVED}, checks={"e2e": "pytest"}))
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["runs-on"] == "ubuntu-24.04"
        used = [step for step in job["steps"] if "uses" in step]
        assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]) for step in used)
        assert used[0]["with"]["persist-credentials"] is False


def test_conventions_are_judged_where_the_plan_is_in_the_repository(planned: Planned, tmp_path: Path) -> None:
    repository = planned(1, milestone=UNIT, ci={"install": "git+https://example.invalid/x", "runner": "own"})
    job = rendered(repository)["jobs"]["plan_conventions"]
    assert job["env"]["STADDLE_PLAN"] == "milestones.yaml"
    assert job["steps"][2]["env"] == {"REQUIREMENT": "git+https://example.invalid/x"}
    assert job["runs-on"] == "own"
    text = (repository.main / "milestones.yaml").read_text()
    (tmp_path / "plan.yaml").write_text(text.replace('"version"', '"repo": "parpour", "version"'))
    said = repository.staddle("ci", "--stdout", "--plan", str(tmp_path / "plan.yaml")).stdout
    assert yaml.safe_load(said)["jobs"].keys() == {"unit"}


def test_what_is_installed_is_this_version_if_the_plan_says_nothing(planned: Planned) -> None:
    job = rendered(planned(1))["jobs"]["plan_conventions"]
    assert job["steps"][2]["env"] == {"REQUIREMENT": f"staddle=={__version__}"}


def test_a_plan_outside_of_the_repository_and_without_checks_makes_no_workflow(
    planned: Planned, tmp_path: Path
) -> None:
    repository = planned(1, repo="parpour")
    (repository.main / "milestones.yaml").rename(tmp_path / "plan.yaml")
    assert "declares no checks" in repository.staddle("ci", "--plan", str(tmp_path / "plan.yaml"), code=2).stderr


def test_a_base_whose_name_a_workflow_would_misread_is_refused(planned: Planned) -> None:
    said = planned(1, milestone=UNIT, base="it's").staddle("ci", code=2).stderr
    assert 'the base "it\'s" holds characters' in said


# --- text of the plan stays text ---------------------------------------------------------------------------------


@given(TEXT)
@example(HOSTILE)
@example("ON")
@example("$${{{{x}}}}")
def test_any_text_of_a_plan_is_the_same_text_in_yaml_and_no_expression(text: str) -> None:
    read = yaml.safe_load(yaml_text(text))
    assert re.sub(r"\$\{\{ '\$\{\{' \}\}", "${{", read) == text
    assert "${{" not in read.replace("${{ '${{' }}", " ")


@given(st.lists(TEXT.filter(str.strip), min_size=1, max_size=4))
@example([HOSTILE, "${{ x }}", "'", "\n", "\\x41\n${{"])
def test_any_command_of_a_plan_is_one_line_of_bash_and_no_expression(words: list[str]) -> None:
    line = shell_text(Command(("printf", "%s\\0", *words)))
    assert line.isprintable()
    assert "${{" not in line
    said = subprocess.run(["bash", "-ec", line], stdout=-1, check=True, timeout=SECONDS).stdout
    assert said.decode() == "".join(f"{word}\0" for word in words)


def test_a_hostile_plan_makes_a_workflow_that_says_no_more_than_it_should(planned: Planned) -> None:
    one_line = HOSTILE.replace("\n", " ").replace("\t", " ")
    checks = {"unit": {"run": ["pytest", "-k", HOSTILE]}, "plan-conventions": {"shell": "echo ${{ secrets.A }}\nfalse"}}
    repository = planned(
        1,
        milestone={"checks": checks, "description": one_line},
        setup=[["uv", HOSTILE]],
        surroundings={"env": {"ON": one_line, "NULL": "null"}},
        ci={"install": one_line, "runner": one_line},
    )
    workflow = rendered(repository)
    assert workflow["env"]["NULL"] == "null"
    assert workflow["env"]["ON"] == one_line.replace("${{", "${{ '${{' }}")
    assert [script for script in scripts(workflow) if "${{" in script] == []
    assert workflow["jobs"].keys() == {"unit", "plan-conventions", "plan_conventions"}


# --- the forge's own judges --------------------------------------------------------------------------------------


@pytest.fixture(params=["sample", "served", "hostile"])
def workflow_file(request: pytest.FixtureRequest, planned: Planned, tmp_path: Path) -> Path:
    """The workflow of this repository's sample plan, of one with servers and checks of its own, of a hostile one."""
    if request.param == "hostile":
        hostile = {"checks": {"unit": {"run": ["pytest", HOSTILE]}}}
        repository = planned(1, milestone=hostile, surroundings={"env": {"A": "${{ x }} '"}}, ci={"install": "${{ x"})
    else:
        repository = planned(3, milestone={"checks": SERVED}, checks={"e2e": "pytest", "unit": "pytest"})
    if request.param == "sample":
        text = (ROOT / "milestones.yaml").read_text()
        (repository.main / "milestones.yaml").write_text(text.replace("repo: .demo/parpour", "repo: ."))
    repository.staddle("ci")
    return file_of(repository)


@pytest.mark.parametrize(
    "judge",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["zizmor", "--offline", "--no-progress"],
        ["actionlint", "-shellcheck=", "-pyflakes="],
    ],
    ids=lambda judge: judge[0],
)
def test_schema_security_and_actions_linters_find_nothing(judge: list[str], workflow_file: Path) -> None:
    command = [str(PROGRAMS / judge[0]), *judge[1:], str(workflow_file)]
    done = subprocess.run(command, stdout=-1, stderr=-2, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stdout


# --- and it runs -------------------------------------------------------------------------------------------------

STAND_IN = """\
name: stand-in
description: what the action of this name would bring is here already
runs:
  using: composite
  steps: [{run: ":", shell: bash}]
"""


@pytest.fixture
def act(tmp_path: Path) -> Callable[..., str]:
    """Runs a job of a tree's workflow on this machine, for a push of the branch that is checked out; what was said."""
    stand_in = Repository(tmp_path / "stand-in")
    stand_in.main.mkdir()
    stand_in.git("init", "--quiet")
    stand_in.commit(stand_in.main, "action.yml", STAND_IN, "chore: stand-in")

    def run(tree: Path, job: str) -> str:
        text = next(tree.glob(".github/workflows/*.yml")).read_text()
        actions = {found for found in re.findall(r"uses: (\S+)", text) if "checkout" not in found}
        Repository(tree).git("remote", "set-url", "origin", "https://github.com/acme/venture.git")
        argv = [str(PROGRAMS / "act"), "push", "-j", job, "-P", "ubuntu-24.04=-self-hosted"]
        argv += ["--artifact-server-addr", "127.0.0.1", "--cache-server-addr", "127.0.0.1"]
        argv += [word for action in actions for word in ("--local-repository", f"{action}={stand_in.main}")]
        env = os.environ | {"PATH": os.pathsep.join((str(PROGRAMS), os.environ["PATH"]))}
        done = subprocess.run(argv, cwd=tree, env=env, stdout=-1, stderr=-2, text=True, check=False, timeout=SECONDS)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def test_the_job_of_a_milestones_branch_sets_up_and_runs_that_milestones_check_alone(
    planned: Planned, act: Callable[..., str]
) -> None:
    check = {"shell": f"echo $STADDLE_MILESTONE \"$APP\" '${{{{ x }}}}'; {sys.executable} -m pytest -q"}
    own = {"setup": ["touch made"], "surroundings": {"env": {"APP": "it's $0"}}}
    repository = planned(2, milestone={"checks": {"unit": {"run": check}}}, **own)
    repository.staddle("ci")
    repository.git("add", ".github")
    repository.git("checkout", "--quiet", "-b", repository.branch(2))
    repository.commit(repository.main, "test_it.py", "def test_it():\n    open('made').close()\n", "test: it")
    said = act(repository.main, "unit")
    assert "| M2 it's $0 ${{ x }}\n" in said
    assert "1 passed" in said
    assert "M1" not in said
    assert "Job succeeded" in said


def test_a_branch_that_is_no_milestones_runs_no_milestones_check(planned: Planned, act: Callable[..., str]) -> None:
    repository = planned(2, milestone=UNIT)
    repository.staddle("ci")
    assert "Run Set up job" not in act(repository.main, "unit")
