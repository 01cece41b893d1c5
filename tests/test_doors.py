"""One set of verbs behind four doors: make, nox, scripts and the command line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from staddle.core.verbs import VERBS, Verb

ROOT = Path(__file__).parents[1]
NAMES = {verb.name for verb in VERBS}
MOST_LINES = 5


def said(*argv: str) -> str:
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_command_line_has_every_verb_and_no_other() -> None:
    commands = said(sys.executable, "-m", "staddle", "--help").partition("Commands:")[2]
    assert set(re.findall(r"^  ([a-z-]+) ", commands, re.MULTILINE)) == NAMES


def test_no_line_of_the_list_of_verbs_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    commands = said(sys.executable, "-m", "staddle", "--help").partition("Commands:")[2]
    assert [verb.name for verb in VERBS if verb.summary not in commands] == []


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_says_more_than_a_line_and_not_too_much(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, summary, details, *_ = said(sys.executable, "-m", "staddle", verb.name, "--help").split("\n\n")
    assert summary.strip() == verb.summary
    assert " ".join(details.split()) == verb.details
    assert details.count("\n") < MOST_LINES


def test_nox_has_a_session_for_every_verb_with_its_words() -> None:
    listed = said(sys.executable, "-m", "nox", "-l")
    for verb in VERBS:
        assert f"- {verb.name} -> {verb.summary}" in listed


def test_nox_has_a_verify_session_for_every_milestone() -> None:
    listed = said(sys.executable, "-m", "nox", "-l")
    assert re.findall(r"^- (verify-m\d) ", listed, re.MULTILINE) == [f"verify-m{n}" for n in range(1, 9)]


def test_make_has_every_verb_and_no_other() -> None:
    declared = re.search(r"^VERBS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    assert set(declared[1].split()) == NAMES


def test_scripts_are_launchers_one_a_verb() -> None:
    scripts = {path.stem: path.read_text() for path in (ROOT / "scripts").glob("*.py")}
    assert scripts.keys() == NAMES
    for verb in VERBS:
        launcher = f'"""{verb.summary}"""\n\nfrom staddle.__main__ import launch\n\nlaunch("{verb.name}")\n'
        assert scripts[verb.name] == launcher


@pytest.mark.parametrize("verb", sorted(NAMES))
def test_script_and_command_line_give_the_same_help(verb: str) -> None:
    by_script = said(sys.executable, f"scripts/{verb}.py", "--help")
    assert by_script == said(sys.executable, "-m", "staddle", verb, "--help")
    assert f"Example: staddle {verb}" in by_script
