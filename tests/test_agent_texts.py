"""The texts that agents read - AGENTS.md, the skill - name commands that exist, and install as they say."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from staddle.cli.main import app
from tests.agents.clients import programs

ROOT = Path(__file__).parents[1]
SKILL = ROOT / "skills" / "staddle" / "SKILL.md"
TEXTS = [ROOT / "AGENTS.md", SKILL]
COMMAND = re.compile(r"(?:^    |`)(staddle|make) ([a-z]+)([^`\n#]*)", re.MULTILINE)
COMMANDS = getattr(typer.main.get_command(app), "commands")  # noqa: B009 - a group, which typer does not say
every_text = pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
SECONDS = 60


def commands(text: Path, program: str) -> list[tuple[str, list[str]]]:
    """The verbs of this program in a text, each with the words after it."""
    return [(verb, words.split()) for name, verb, words in COMMAND.findall(text.read_text()) if name == program]


@every_text
def test_every_verb_and_option_exists(text: Path) -> None:
    found = commands(text, "staddle")
    assert found
    for verb, words in found:
        assert verb in COMMANDS, f"staddle {verb}"
        known = {option for parameter in COMMANDS[verb].params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, f"staddle {verb} {words}"


def test_every_goal_of_make_exists() -> None:
    goals = re.findall(r"^(?:VERBS|OWN) := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {verb for text in TEXTS for verb, _ in commands(text, "make")}
    assert named
    assert named <= set(" ".join(goals).split())


@pytest.mark.parametrize("name", ["CLAUDE.md", "GEMINI.md"])
def test_the_other_programs_are_led_to_the_one_text(name: str) -> None:
    assert (ROOT / name).read_text() == "@AGENTS.md\n"


def test_the_skill_says_its_name_and_when_to_use_it() -> None:
    _, front, body = SKILL.read_text().split("---\n", 2)
    told = yaml.safe_load(front)
    assert told.keys() == {"name", "description"}
    assert told["name"] == SKILL.parent.name
    assert 100 < len(told["description"]) <= 1024
    assert len(body.splitlines()) < 100


def test_the_usual_installer_installs_the_skill(tmp_path: Path) -> None:
    path = os.pathsep.join([programs(), os.environ["PATH"]])
    if not shutil.which("skills", path=path):
        pytest.skip("the npm package `skills` is not installed; nox -s agents-real does that")
    (tmp_path / ".git").mkdir()
    wanted = ["--skill", "staddle", "-a", "claude-code", "-a", "github-copilot", "-a", "codex", "-y"]
    done = subprocess.run(
        ["skills", "add", str(ROOT), *wanted],
        cwd=tmp_path, env=os.environ | {"PATH": path, "DISABLE_TELEMETRY": "1"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for place in (".agents", ".claude"):
        assert (tmp_path / place / "skills" / "staddle" / "SKILL.md").read_text() == SKILL.read_text()
