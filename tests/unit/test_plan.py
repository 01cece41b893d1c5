"""The plan as read: types, defaults, commands, this repository's own plan and the published schema."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from staddle.core.errors import UsageError
from staddle.core.model import Agent, Check, Command, Milestone, Plan, Requirement, Surroundings
from staddle.core.names import MilestoneId
from staddle.core.schema import schema_text
from staddle.edges.plans import load_plan, parse_plan

from .broken_plans import BROKEN, PLAN

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "milestones.schema.json"
VENTURE = [
    ("M1", "control-plane-api", "A", "feat/venture-m1-control-plane", "../venture-wt-m1-control", "ctrl"),
    ("M2", "policy-engine", "A", "feat/venture-m2-policy-engine", "../venture-wt-m2-policy", "policy"),
    ("M3", "treasury-api", "B", "feat/venture-m3-treasury-api", "../venture-wt-m3-treasury", "treasury"),
    ("M4", "artifact-compiler", "C", "feat/venture-m4-artifact-compiler", "../venture-wt-m4-artifacts", "artifact"),
    ("M5", "agent-runtime", "A", "feat/venture-m5-agent-runtime", "../venture-wt-m5-agent", "agent"),
    ("M6", "compliance-engine", "B", "feat/venture-m6-compliance-engine", "../venture-wt-m6-compliance", "compliance"),
    ("M7", "venture-orchestrator", "A", "feat/venture-m7-venture-orchestrator", "../venture-wt-m7-orch", "orch"),
    (
        "M8",
        "integration-suite",
        "All",
        "feat/venture-m8-integration-tests",
        "../venture-wt-m8-integration",
        "integration",
    ),
]


def plan_of(text: str) -> Plan:
    return parse_plan(text.encode(), "plan")


def milestone_of(*lines: str) -> Milestone:
    """The last milestone of a plan, with further lines."""
    return plan_of(PLAN + "".join(f"    {line}\n" for line in lines)).milestones[-1]


def test_a_milestone_is_read_as_it_is_written() -> None:
    assert plan_of(PLAN).milestone("m3") == Milestone(
        id=MilestoneId("M3"),
        service="treasury-api",
        track="B",
        description="Treasury ledger and payout",
        branch="feat/venture-m3-treasury-api",
        tree="../venture-wt-m3-treasury",
        scope="treasury",
        needs=(MilestoneId("M1"),),
        owns=("app/treasury/**",),
        requirements=(
            Requirement(
                "FR-VNT-TREAS-003", "spend authorization gate", test="tests/unit/test_treasury.py::test_spend", issue=42
            ),
        ),
        checks={
            "unit": Check(Command(("pytest", "tests/unit", "-v"))),
            "full": Check(Command(("pytest", "tests")), limit=900),
        },
    )


def test_what_is_left_out_has_its_default() -> None:
    lines = PLAN.splitlines(keepends=True)
    plan = plan_of("".join(lines[:2] + lines[11:19]))
    assert (plan.repo, plan.base, plan.remote, plan.setup) == (".", "main", "origin", ())
    assert plan.surroundings == Surroundings(copy=(), link=(), ports=10, env={})
    assert plan.agents == {"copilot": Agent(kind="copilot", model="gpt-5-mini", limit=1800)}
    assert plan.default_agent == "copilot"
    assert (plan.schema.paths, plan.scopes) == ((), ("events", "integration"))


def test_texts_stay_what_they_look_like() -> None:
    env = "A: on, B: 012, C: 2024-01-01, D: 1e3, E: 12:30:45, F: 0x1f, G: '', H: .inf, I: \"null\""
    plan = plan_of(PLAN.replace("APP_ENV: test", env))
    assert list(plan.surroundings.env.values()) == [
        "on",
        "012",
        "2024-01-01",
        "1e3",
        "12:30:45",
        "0x1f",
        "",
        ".inf",
        "null",
    ]


@pytest.mark.parametrize(
    "text", ["\ufeff" + PLAN, PLAN.replace("\n", "\r\n"), "---\n" + PLAN + "...\n", "%YAML 1.2\n---\n" + PLAN]
)
def test_other_ways_to_write_the_same_text_are_read_alike(text: str) -> None:
    assert plan_of(text) == plan_of(PLAN)


def test_the_first_agent_works_when_none_is_named() -> None:
    assert plan_of(PLAN.replace("agent: stand-in\n", "")).default_agent == "stand-in"


@pytest.mark.parametrize(
    ("written", "argv"),
    [
        ("pytest -k 'a or b'", ("pytest", "-k", "a or b")),
        ("'echo $HOME *.py ~ #1'", ("echo", "$HOME", "*.py", "~", "#1")),
        ("[pytest, -k, a b, '|', 42]", ("pytest", "-k", "a b", "|", "42")),
        ("{shell: 'cd x && pytest | tee log'}", ("sh", "-c", "cd x && pytest | tee log")),
        ("{run: pytest, evidence: exit-code}", ("pytest",)),
        ("pytest -k 'a|b;c'", ("pytest", "-k", "a|b;c")),
    ],
)
def test_a_command_is_text_a_list_or_shell_text(written: str, argv: tuple[str, ...]) -> None:
    text = PLAN.replace("unit: pytest tests/unit -v", f"unit: {written}")
    assert plan_of(text).milestone("m3").checks["unit"].run.argv == argv


def test_a_milestones_own_setup_replaces_the_plans() -> None:
    plan = plan_of(PLAN + "    setup: []\n")
    assert [plan.setup_for(milestone) for milestone in plan.milestones] == [(Command(("uv", "sync")),), ()]


def test_a_requirement_says_the_first_line_of_its_commit() -> None:
    requirement = plan_of(PLAN).milestone("M3").requirements[0]
    assert requirement.message("treasury") == "feat(treasury): FR-VNT-TREAS-003 spend authorization gate"


def test_an_unknown_milestone_is_refused_with_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        plan_of(PLAN).milestone("m33")
    assert caught.value.what == "'m33' is no milestone of the plan; did you mean 'M3'?"
    assert caught.value.hint == "choose one of: M1 M3"


def test_a_loaded_plan_knows_its_file_and_the_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "milestones.yaml").write_text(PLAN + "repo: product/main\n")
    monkeypatch.chdir(tmp_path)
    loaded = load_plan(Path("milestones.yaml"))
    assert (loaded.path, loaded.repo) == (tmp_path / "milestones.yaml", tmp_path / "product" / "main")


def test_this_repositorys_plan_is_the_venture_plan() -> None:
    plan = load_plan(ROOT / "milestones.yaml").plan
    assert [(m.id, m.service, m.track, m.branch, m.tree, m.scope) for m in plan.milestones] == VENTURE
    assert [m.id for m in plan.milestones if m.needs] == ["M8"]
    assert plan.schema.paths == ("app/events/**",)
    assert plan.milestone("m8").needs == tuple(f"M{number}" for number in range(1, 8))
    for milestone in plan.milestones:
        assert milestone.requirements and list(milestone.checks) == ["unit", "integration", "full"]


def test_a_ninth_milestone_is_one_block_in_the_file() -> None:
    text = (ROOT / "milestones.yaml").read_text() + (
        "  - {id: M9, service: audit-log, track: C, description: Audit trail, scope: audit,"
        " branch: feat/venture-m9-audit-log, tree: ../venture-wt-m9-audit}\n"
    )
    assert plan_of(text).milestone("m9").service == "audit-log"


def test_the_published_schema_is_the_codes() -> None:
    renew = "python -c 'from staddle.core.schema import schema_text; print(schema_text(), end=\"\")'"
    assert SCHEMA.read_text() == schema_text(), f"renew it: {renew} > docs/milestones.schema.json"


def validator() -> Any:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    "text", [(ROOT / "milestones.yaml").read_text(), PLAN], ids=["this repository's", "the tests'"]
)
def test_a_right_plan_fits_the_schema(text: str) -> None:
    assert not list(validator().iter_errors(yaml.safe_load(text)))


def test_what_the_schema_refuses_the_loader_refuses_too() -> None:
    refused = 0
    for broken in BROKEN:
        try:
            document = yaml.safe_load(PLAN.replace(broken.old, broken.new))
        except (yaml.YAMLError, ValueError, OverflowError):
            continue
        refused += not validator().is_valid(document)
    assert refused > 40  # every one of BROKEN is refused by the loader; this says editors see most of them


def test_editors_find_the_schema_in_the_first_line() -> None:
    first = (ROOT / "milestones.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA.relative_to(ROOT)}"


def test_yaml_is_not_imported_before_a_plan_is_read() -> None:
    code = "import sys, staddle.edges.plans; sys.exit('yaml' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": str(ROOT / "src")}).returncode == 0
    )
