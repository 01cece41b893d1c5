"""Real agent programs in their trees: what they do well lands, and what they do badly is told and leaves nothing."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.living import Mailbox, gone
from tests.kit import SECONDS, STADDLE, Repository, assert_no_stumps

from .clients import Client
from .conftest import ENVIRONMENT, Product
from .stub_model import Script, StubModel

pytestmark = [pytest.mark.real_agents, pytest.mark.slow]
Play = Callable[..., StubModel]
SUBJECT = "feat(compliance): FR-VNT-COMPL-001 case closure requires a resolution"
COMMIT = "git commit -q --allow-empty -m <Commit message>"
NAP = "sleep 600.25"


def prepared(product: Product, *milestones: str, **keys: Any) -> Repository:
    """The product with the trees of these milestones, all of them when none is named."""
    repository = product(**keys)
    repository.staddle("worktrees", *milestones)
    return repository


def works(repository: Repository, *argv: str, code: int = 0) -> list[Any]:
    """What is told of each agent's work."""
    told: list[Any] = json.loads(repository.staddle("agents", *argv, "--json", code=code).stdout)
    return told


def outcomes(told: list[Any]) -> list[str]:
    """How each ended."""
    return [one["outcome"] for one in told]


def living(home: Path) -> dict[int, str]:
    """The processes that were started with this home, with their command lines."""
    found, mark = {}, b"HOME=" + os.fsencode(home) + b"\0"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue
    return found


def test_it_implements_a_milestone_which_lands(product: Product, play: Play, client: Client, sealed: Path) -> None:
    play()
    repository = prepared(product, "m3")
    main = repository.git("rev-parse", "main")
    told = works(repository, "m3", "--agent", client.name)
    assert outcomes(told) == ["done"] * 2
    assert all(one["session"] and one["tokens"] for one in told)
    repository.staddle("lint", "m3")
    repository.staddle("verify", "m3")
    assert repository.git("rev-parse", "main") == main
    assert repository.git("status", "--porcelain") == "?? milestones.yaml"
    assert living(sealed) == {}
    repository.staddle("land", "m3")
    subjects = repository.git("log", "--format=%s", f"{main}..main").splitlines()
    assert [one["commits"][0] in subjects for one in told] == [True] * 2
    assert_no_stumps(repository)


def test_eight_at_once_do_eight_milestones(product: Product, play: Play, copilot: Client) -> None:
    play()
    repository = prepared(product)
    told = works(repository, "--agent", copilot.name, "--jobs", "8")
    assert outcomes(told) == ["done"] * 9


def test_a_prompt_of_200_kilobytes_arrives(product: Product, play: Play, client: Client) -> None:
    play(Script((COMMIT,)), {"END" + "x" * 9: Script(text="cut off")})
    repository = prepared(product, "m6")
    (repository.main / "templates").mkdir()
    text = "Commit message: {{ message }}\n" + "Read this line.\n" * 12_500
    (repository.main / "templates" / "prompt.md.j2").write_text(text)
    assert outcomes(works(repository, "m6", "--agent", client.name)) == ["done"]


def test_one_that_only_talks_is_idle(product: Product, play: Play, client: Client) -> None:
    play(Script(text="I have done all of it."))
    repository = prepared(product, "m6")
    (one,) = works(repository, "m6", "--agent", client.name, code=1)
    assert one["outcome"] == "idle"
    assert one["digest"] == "I have done all of it."


FAILURES = {"401": Script(status=401), "500": Script(status=500), "hanging": Script(status=0)}


@pytest.mark.parametrize("failure", [*FAILURES, "no credentials"])
def test_a_model_that_fails_is_told_or_ended(
    product: Product, play: Play, client: Client, sealed: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    play(FAILURES.get(failure, Script(status=401)))
    if failure == "no credentials":
        for name in ("COPILOT_PROVIDER_BASE_URL", "ANTHROPIC_API_KEY", "STUB_KEY", "GEMINI_API_KEY"):
            monkeypatch.delenv(name)
    repository = prepared(product, "m6", limit=10)
    (one,) = works(repository, "m6", "--agent", client.name, code=1)
    assert one["outcome"] in (["timeout"] if failure == "hanging" else ["failed", "timeout"])
    assert living(sealed) == {}


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """Where an agent's tool call tells that it has begun."""
    return Mailbox(tmp_path / "mailbox")


def lasting(mailbox: Mailbox) -> str:
    """The text of a shell, in a tool call, that tells of its beginning and then lasts."""
    return f"echo begun > {mailbox.path}; exec {NAP}"


def tool(home: Path, mailbox: Mailbox) -> int:
    """The number of that shell, which has begun."""
    words, deadline = (NAP, f"sh -c {lasting(mailbox)}"), time.monotonic() + SECONDS
    while not (found := [number for number, said in living(home).items() if said in words]):
        assert time.monotonic() < deadline, "it was not seen"
    (number,) = found
    return number


def parents(process: int) -> list[int]:
    """A process and those above it."""
    line = [process]
    while (parent := int(Path(f"/proc/{line[-1]}/stat").read_text().rpartition(")")[2].split()[1])) > 1:
        line.append(parent)
    return line


@pytest.mark.parametrize("victim", ["command", "supervisor", "agent"])
def test_a_kill_in_a_tool_call_leaves_no_process(
    product: Product, play: Play, client: Client, sealed: Path, mailbox: Mailbox, victim: str
) -> None:
    play(Script((f"sh -c '{lasting(mailbox)}'",)))
    repository = prepared(product, "m6")
    argv = [*STADDLE, "agents", "m6", "--agent", client.name]
    with subprocess.Popen(argv, cwd=repository.main, stdout=-3, stderr=-3) as command:
        mailbox.line()
        number = tool(sealed, mailbox)
        process, above = os.pidfd_open(number), parents(number)
        at = above.index(command.pid)
        os.kill(above[at - {"command": 0, "supervisor": 1, "agent": 2}[victim]], signal.SIGKILL)
    repository.staddle("sweep")
    assert gone(process)
    assert living(sealed) == {}
    assert_no_stumps(repository)


def test_of_three_candidates_by_three_programs_one_lands(product: Product, play: Play, copilot: Client) -> None:
    play()
    repository = product(checks={"suite": "pytest tests/unit/test_compliance.py"})
    repository.staddle("spawn", "run42", "3")
    repository.staddle("prompts", "run42", "--task", "FR-VNT-COMPL-001")
    for number, name in enumerate(("copilot", "claude", "codex"), 1):
        tree = repository.main / ".pqa_worktrees" / f"run42-b{number}"
        subprocess.run(" && ".join(ENVIRONMENT), shell=True, cwd=tree, check=True)
        assert outcomes(works(repository, f"run42-b{number}", "--agent", name)) == ["done"]
    repository.staddle("reconcile", "run42", "auto")
    assert SUBJECT in repository.git("log", "--format=%s", "main")
    assert repository.git("branch", "--list", "pqa/*") == ""


def test_it_works_behind_is_shown_stopped_and_resumed(
    product: Product, play: Play, copilot: Client, sealed: Path, mailbox: Mailbox
) -> None:
    play(Script((f"sh -c '{lasting(mailbox)}'", COMMIT)))
    repository = prepared(product, "m6")
    repository.staddle("agents", "m6", "--agent", copilot.name, "--detach")
    mailbox.line()
    assert outcomes(works(repository, "--status")) == ["working"]
    behind = [os.pidfd_open(number) for number in living(sealed)]
    (stopped,) = works(repository, "--stop")
    assert stopped["outcome"] == "stopped"
    assert all(map(gone, behind))
    (one,) = works(repository, "m6", "--agent", copilot.name, "--resume")
    assert (one["outcome"], one["session"]) == ("done", stopped["session"])


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("branch", 'rm -rf "$PWD"'),
        ("main-checkout", f"{COMMIT} && echo x > ../parpour/new.txt"),
        ("rewritten", "git reset -q --hard HEAD~3"),
        ("message", "git commit -q --no-verify --allow-empty -m wip"),
        ("processes", f"{COMMIT} && (setsid {NAP} </dev/null >/dev/null 2>&1 &)"),
    ],
)
def test_what_an_agent_does_wrong_is_named_and_harms_no_other(
    product: Product, play: Play, copilot: Client, sealed: Path, rule: str, line: str
) -> None:
    play(Script((line,)))
    repository = prepared(product, "m6", "m1")
    other = repository.git("rev-parse", "feat/venture-m1-control-plane")
    (one,) = works(repository, "m6", "--agent", copilot.name, code=1)
    assert one["outcome"] == "strayed"
    assert rule in [stray["rule"] for stray in one["strays"]]
    assert living(sealed) == {}
    assert repository.git("rev-parse", "feat/venture-m1-control-plane") == other


@pytest.mark.parametrize(
    "line",
    [
        "git switch -qc mine",
        f"git -C ../parpour {COMMIT.removeprefix('git ')}",
        "env git worktree add -q --detach ../mine",
        "env git push -q origin HEAD:main",
    ],
)
def test_what_the_fence_refuses_does_not_happen(product: Product, play: Play, copilot: Client, line: str) -> None:
    play(Script((f"{line} || echo refused",)))
    repository = prepared(product, "m6", "m1")
    before = repository.state()
    (one,) = works(repository, "m6", "--agent", copilot.name, code=1)
    assert (one["outcome"], one["strays"]) == ("idle", [])
    assert repository.state() == before
