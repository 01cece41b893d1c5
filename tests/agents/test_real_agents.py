"""Real agent programs in their trees: what they do well lands, and what they do badly is told and leaves nothing."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.living import Mailbox, gone
from tests.kit import STADDLE, Repository, assert_no_stumps

from .clients import CLIENTS, Client
from .conftest import ENVIRONMENT, Product
from .stub_model import Script, StubModel

pytestmark = [pytest.mark.real_agents, pytest.mark.slow]
Play = Callable[..., StubModel]
MESSAGE = "feat(compliance): FR-VNT-COMPL-001 case closure requires a resolution"


def prepared(product: Product, *milestones: str, **keys: Any) -> Repository:
    """The product with the trees of these milestones, all of them when none is named."""
    repository = product(**keys)
    repository.staddle("worktrees", *milestones)
    return repository


def works(repository: Repository, *argv: str, code: int = 0) -> list[Any]:
    """What is told of each agent's work."""
    told: list[Any] = json.loads(repository.staddle("agents", *argv, "--json", code=code).stdout)
    return told


def alive(home: Path) -> list[str]:
    """The command lines of the processes that were started with this home."""
    found, mark = [], b"HOME=" + os.fsencode(home) + b"\0"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(f"{process.name} {(process / 'cmdline').read_bytes()!r}")
        except OSError:
            continue
    return found


def test_it_implements_a_milestone_and_main_stays(product: Product, play: Play, client: Client, sealed: Path) -> None:
    play()
    repository = prepared(product, "m3")
    main = repository.git("rev-parse", "main")
    assert [one["well"] for one in works(repository, "m3", "--agent", client.name)] == [True] * 2
    repository.staddle("lint", "m3")
    repository.staddle("verify", "m3")
    assert repository.git("rev-parse", "main") == main
    assert repository.git("status", "--porcelain") == "?? milestones.yaml"
    assert alive(sealed) == []
    assert_no_stumps(repository)


def test_eight_at_once_do_eight_milestones(product: Product, play: Play, copilot: Client) -> None:
    play()
    repository = prepared(product)
    told = works(repository, "--agent", copilot.name, "--jobs", "8")
    assert [one["well"] for one in told] == [True] * 9


def test_a_prompt_of_200_kilobytes_arrives(product: Product, play: Play, client: Client) -> None:
    play(Script(("git commit -q --allow-empty -m <Commit message>",)), {"END" + "x" * 9: Script(text="cut off")})
    repository = prepared(product, "m6")
    (repository.main / "templates").mkdir()
    text = "Commit message: {{ message }}\n" + "Read this line.\n" * 12_500
    (repository.main / "templates" / "prompt.md.j2").write_text(text)
    (one,) = works(repository, "m6", "--agent", client.name)
    assert one["well"]


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
    assert not one["well"]
    assert alive(sealed) == []


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """Where an agent's tool call mails its number."""
    return Mailbox(tmp_path / "mailbox")


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
    play(Script((f"echo $$ > {mailbox.path}; sleep 600",)))
    repository = prepared(product, "m6")
    argv = [*STADDLE, "agents", "m6", "--agent", client.name]
    with subprocess.Popen(argv, cwd=repository.main, stdout=-3, stderr=-3) as command:
        number = int(mailbox.line())
        tool, above = os.pidfd_open(number), parents(number)
        at = above.index(command.pid)
        os.kill(above[at - {"command": 0, "supervisor": 1, "agent": 2}[victim]], signal.SIGKILL)
    repository.staddle("sweep")
    assert gone(tool)
    assert alive(sealed) == []
    assert_no_stumps(repository)


def test_of_three_candidates_by_three_programs_one_lands(product: Product, play: Play, copilot: Client) -> None:
    play()
    check = "pytest tests/unit/test_compliance.py"
    repository = product(checks={"suite": check})
    repository.staddle("spawn", "run42", "3")
    repository.staddle("prompts", "run42", "--task", "FR-VNT-COMPL-001")
    started = []
    for number, name in enumerate(("copilot", "claude", "codex"), 1):
        tree = repository.main / ".pqa_worktrees" / f"run42-b{number}"
        subprocess.run(" && ".join(ENVIRONMENT), shell=True, cwd=tree, check=True)
        argv = CLIENTS[name].command.format(tree=tree).split()
        path = os.pathsep.join([str(tree / ".venv/bin"), os.environ["PATH"]])
        with (tree / ".staddle" / "prompts" / "task.md").open() as prompt:
            started.append(
                subprocess.Popen(argv, cwd=tree, stdin=prompt, stdout=-3, stderr=-3, env=os.environ | {"PATH": path})
            )
    assert [one.wait(120) for one in started] == [0, 0, 0]
    repository.staddle("reconcile", "run42", "auto")
    assert MESSAGE in repository.git("log", "--format=%s", "main")
    assert repository.git("branch", "--list", "pqa/*") == ""


@pytest.mark.parametrize(
    "line",
    [
        "git switch -qc mine && git commit -q --allow-empty -m <Commit message>",
        'rm -rf "$PWD"',
        "git -C ../parpour commit -q --allow-empty -m <Commit message>",
        "git reset -q --hard HEAD~3",
        "git commit -q --no-verify --allow-empty -m wip",
    ],
)
def test_what_an_agent_does_wrong_is_not_well_and_harms_no_other(
    product: Product, play: Play, copilot: Client, sealed: Path, line: str
) -> None:
    play(Script((line,)))
    repository = prepared(product, "m6", "m1")
    other = repository.git("rev-parse", "feat/venture-m1-control-plane")
    (one,) = works(repository, "m6", "--agent", copilot.name, code=1)
    assert not one["well"]
    assert alive(sealed) == []
    assert repository.git("rev-parse", "feat/venture-m1-control-plane") == other


def test_a_daemon_that_an_agent_leaves_does_not_outlive_it(
    product: Product, play: Play, copilot: Client, sealed: Path, mailbox: Mailbox
) -> None:
    play(Script((f"setsid sh -c 'echo $$ > {mailbox.path}; exec sleep 600' & wait",)))
    repository = prepared(product, "m6", limit=15)
    with subprocess.Popen(
        [*STADDLE, "agents", "m6", "--agent", copilot.name], cwd=repository.main, stdout=-3, stderr=-3
    ) as command:
        daemon = mailbox.process()
        assert command.wait(60) == 1
    assert gone(daemon)
    assert alive(sealed) == []
