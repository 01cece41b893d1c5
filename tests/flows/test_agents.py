"""agents: started inside their trees, judged by what git shows."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import Repository

Planned = Callable[..., Repository]
MESSAGE = "feat(part1): FR-X-001 first thing"
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing"}]


def with_agent(planned: Planned, shell: str, **agent: object) -> Repository:
    """One milestone with one requirement, its tree, and an agent that is this shell text."""
    agents = {"script": {"command": {"shell": shell}} | agent}
    repository = planned(1, agents=agents, milestone={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    return repository


def report(repository: Repository, code: int) -> Any:
    """The report on the one requirement."""
    (found,) = json.loads(repository.staddle("agents", "--json", code=code).stdout)
    return found


def test_an_agent_commits_on_its_branch_and_main_is_untouched(planned: Planned) -> None:
    repository = with_agent(planned, f"echo x > new && git add new && git commit -qm '{MESSAGE}'")
    main = repository.git("rev-parse", "main")
    assert report(repository, 0)["outcome"] == "done"
    assert repository.git("log", "-1", "--format=%s", repository.branch(1)) == MESSAGE
    assert repository.git("rev-parse", "main") == main


def test_a_requirement_that_is_committed_is_passed_over(planned: Planned) -> None:
    repository = with_agent(planned, f"git commit -q --allow-empty -m '{MESSAGE}'")
    repository.staddle("agents")
    assert report(repository, 0)["outcome"] == "already"


def test_what_an_agent_did_is_still_known_after_it_was_passed_over(planned: Planned) -> None:
    repository = with_agent(planned, f"git commit -q --allow-empty -m '{MESSAGE}'")
    before = report(repository, 0)
    assert repository.staddle("agents").stderr == "script has nothing to do: no requirement is open\n"
    assert repository.json("agents", "--status") == [before]


def test_with_nothing_to_go_on_with_that_is_all_that_is_said(planned: Planned) -> None:
    repository = with_agent(planned, "true")
    said = repository.staddle("agents", "--resume")
    assert (said.stdout, said.stderr) == ("", "script has nothing to go on with\n")


@pytest.mark.parametrize("program", ["no-such-program {tree}", "./no-such-script", "{tree}/no-such-script"])
def test_a_program_that_is_not_installed_is_told_before_any_agent_begins(planned: Planned, program: str) -> None:
    agents = {"absent": {"command": program}, "other": {"command": "true"}}
    repository = planned(1, agents=agents, milestone={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    said = repository.staddle("agents", "--detach", code=2).stderr
    assert "error: agent 'absent' is the program '" in said
    assert "which is not installed\n  try: install it, or correct the agent's `command:`" in said
    assert "; or: staddle agents --agent other\n" in said
    assert repository.json("agents", "--status") == []


def test_exit_code_zero_without_a_commit_is_idle(planned: Planned) -> None:
    assert report(with_agent(planned, "true"), 1)["outcome"] == "idle"


def test_an_exit_code_is_told_when_it_is_not_zero(planned: Planned) -> None:
    found = report(with_agent(planned, "echo out of credit; exit 7"), 1)
    assert (found["outcome"], found["note"], found["digest"]) == ("failed", "exit code 7", "out of credit")


def test_an_agent_is_ended_at_its_limit(planned: Planned) -> None:
    assert report(with_agent(planned, "sleep 60", limit=1), 1)["outcome"] == "timeout"


def test_an_agent_that_failed_is_started_again_as_often_as_the_plan_says(planned: Planned) -> None:
    shell = f"echo >> .staddle/tries; test $(wc -l < .staddle/tries) = 3 && git commit -q --allow-empty -m '{MESSAGE}'"
    found = report(with_agent(planned, shell, retries=2), 0)
    assert (found["outcome"], found["attempt"]) == ("done", 3)


def test_one_that_was_to_be_stopped_is_not_started_again(planned: Planned) -> None:
    shell = "touch ../parpour/.git/staddle/agents/m1.stop; exit 1"
    assert report(with_agent(planned, shell, retries=2), 1)["attempt"] == 1


TWO = [*REQUIREMENTS, {"id": "FR-X-002", "title": "second thing"}]


def second_of(planned: Planned, shell: str) -> Any:
    """The report on the second of a tree's requirements, after an agent that is this shell text did the first."""
    agents = {"script": {"command": {"shell": shell}, "stdin": "prompt"}}
    repository = planned(1, agents=agents, milestone={"requirements": TWO})
    repository.staddle("worktrees")
    return json.loads(repository.staddle("agents", "--json", code=1).stdout)[1]


@pytest.mark.parametrize(
    "prompts",
    ["rm -rf .staddle", "echo x > .staddle/prompts/FR-X-002.md", "rm -r .staddle/prompts; ln -s $PWD .staddle/prompts"],
)
def test_a_prompt_is_whole_whatever_the_agent_before_did_to_it(planned: Planned, prompts: str) -> None:
    assert "FR-X-002: second thing" in second_of(planned, f"head -1; {prompts}")["digest"]


@pytest.mark.parametrize(
    ("shell", "why"),
    [
        ("git switch -q --detach", "is not on feat/venture-m1-part"),
        ('rm -rf -- "$PWD"', "is not on feat/venture-m1-part"),
        ("rm -r .staddle; ln -s / .staddle", ".staddle is not a folder"),
    ],
)
def test_an_agent_is_not_blamed_for_the_state_of_the_tree_it_comes_to(planned: Planned, shell: str, why: str) -> None:
    found = second_of(planned, shell)
    assert (found["outcome"], found["strays"]) == ("failed", [])
    assert found["note"].startswith("not begun: ") and why in found["note"]


def test_no_name_of_a_file_is_obeyed_by_the_terminal(planned: Planned) -> None:
    done = with_agent(planned, 'touch "$(printf "a\\033]0;b\\007")" "$(printf "c\\377")"').staddle("agents", code=1)
    assert "left uncommitted: a ]0;b , c\\udcff" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_program_that_is_missing_is_named_with_what_brings_it_and_nothing_begins(planned: Planned) -> None:
    repository = planned(1, agents={"real": {"kind": "opencode"}}, milestone={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    said = repository.staddle("agents", code=2, PATH=os.defpath).stderr
    assert "is the program 'opencode', which is not installed" in said
    assert "npm install --global opencode-ai" in said
    assert repository.json("agents", "--status") == []


def test_the_prompt_arrives_on_stdin_by_file_and_by_argument(planned: Planned) -> None:
    command = ["sh", "-c", 'cat > .staddle/stdin; cat "$1" > .staddle/file; echo "$2" > .staddle/argument', "agent",
               "{prompt_file}", "{prompt}"]  # fmt: skip
    agents = {"reader": {"command": command, "stdin": "prompt"}}
    repository = planned(1, agents=agents, milestone={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    repository.staddle("agents", code=1)
    own = repository.tree(1) / ".staddle"
    texts = {(own / name).read_text().strip() for name in ("stdin", "file", "argument")}
    assert len(texts) == 1
    assert f"Commit message: {MESSAGE}" in texts.pop()


def test_a_leaked_git_dir_does_not_lead_the_agent_to_the_main_checkout(planned: Planned) -> None:
    repository = with_agent(planned, f"git commit -q --allow-empty -m '{MESSAGE}'")
    main = repository.git("rev-parse", "main")
    repository.staddle("agents", GIT_DIR=str(repository.main / ".git"), GIT_WORK_TREE=str(repository.main))
    assert repository.git("rev-parse", "main") == main


def test_an_unknown_agent_is_named_with_those_there_are(planned: Planned) -> None:
    said = with_agent(planned, "true").staddle("agents", "--agent", "nobody", code=2).stderr
    assert "'nobody'" in said
    assert "script" in said


def test_the_prompt_names_tree_requirement_message_and_neighbours(planned: Planned) -> None:
    repository = planned(2, milestone={"owns": ["app/**"]}, first={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    written = repository.json("prompts", "m1")
    text = written[0]["text"]
    for part in (str(repository.tree(1)), "FR-X-001", MESSAGE, str(repository.tree(2)), "app/**", "fallbacks"):
        assert part in text


def test_a_template_beside_the_plan_comes_first_and_unknown_names_in_it_are_errors(planned: Planned) -> None:
    repository = planned(1, milestone={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    template = repository.main / "templates" / "prompt.md.j2"
    template.parent.mkdir()
    template.write_text("Do {{ requirement.id }}\n")
    assert repository.json("prompts")[0]["text"] == "Do FR-X-001\n"
    template.write_text("one\n{{ nonsense }}\n")
    assert "'nonsense' is undefined" in repository.staddle("prompts", code=2).stderr


FAKE = """#!/bin/sh
printf '%s\\n' "$@" > .staddle/words
wc -c > .staddle/bytes
git commit -q --allow-empty -m 'feat(part1): FR-X-001 first thing'
"""


def with_program(planned: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> Repository:
    """One milestone with one requirement, its tree, and a program of this kind's name that notes what it is given."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / kind).write_text(FAKE)
    (tmp_path / "bin" / kind).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path / "bin"), os.environ["PATH"])))
    repository = planned(1, agents={"real": {"kind": kind}}, milestone={"requirements": REQUIREMENTS})
    repository.staddle("worktrees")
    return repository


@pytest.mark.parametrize("kind", ["copilot", "claude", "codex", "gemini", "opencode"])
def test_a_prompt_of_200_kilobytes_reaches_an_agent_of_every_kind(
    planned: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    repository = with_program(planned, tmp_path, monkeypatch, kind)
    (repository.main / "templates").mkdir()
    (repository.main / "templates" / "prompt.md.j2").write_text("x" * 200_000)
    repository.staddle("agents")
    assert (repository.tree(1) / ".staddle" / "bytes").read_text().strip() == "200000"


def test_codex_is_given_the_four_places_that_a_commit_writes_to(
    planned: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = with_program(planned, tmp_path, monkeypatch, "codex")
    repository.staddle("agents")
    words = (repository.tree(1) / ".staddle" / "words").read_text().splitlines()
    places = [Path(words[at + 1]) for at, word in enumerate(words) if word == "--add-dir"]
    git = repository.main / ".git"
    admin = Path(repository.git("rev-parse", "--absolute-git-dir", at=repository.tree(1)))
    assert places == [admin, git / "objects", git / "refs/heads/feat", git / "logs/refs/heads/feat"]
    assert all(place.is_dir() for place in places)
