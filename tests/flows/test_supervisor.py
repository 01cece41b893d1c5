"""The supervisor as a program: what it promises to whoever holds its stdin."""

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from staddle import supervisor

from .living import SECONDS, Mailbox, daemon, gone

PROGRAM = [sys.executable, "-I", "-S", supervisor.__file__]
STUBBORN = "trap '' TERM; echo $$ > {}; while :; do sleep 60 & wait; done"
Supervisor = subprocess.Popen[bytes]
Launch = Callable[..., Supervisor]


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """A marker that no other test bears."""
    return f"test{tmp_path}/job"


@pytest.fixture
def launch(tmp_path: Path, unit: str) -> Iterator[Launch]:
    """Start a supervisor with a job: a shell script or a whole argv, and changes to the rest of the job."""
    started: list[Supervisor] = []

    def start(command: str | tuple[str, ...], **changes: object) -> Supervisor:
        job = {
            "unit": unit,
            "argv": ["sh", "-c", command] if isinstance(command, str) else command,
            "cwd": str(tmp_path),
            "env": {"PATH": os.environ["PATH"]},
            "stdin": None,
            "log": str(tmp_path / "log"),
            "limit": SECONDS,
            "grace": 0.3,
            "log_cap": 1 << 20,
        }
        process = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        assert process.stdin
        process.stdin.write(json.dumps(job | changes).encode() + b"\n")
        process.stdin.flush()
        return process

    yield start
    for process in started:
        with process:
            assert process.stdin
            process.stdin.close()
            process.wait(SECONDS)


def answer(process: Supervisor) -> dict[str, Any]:
    """The supervisor's whole output, which is one JSON line; its stdin stays open until then."""
    assert process.stdout
    said = process.stdout.read()
    assert said.count(b"\n") == 1
    return dict(json.loads(said))


def sweep(unit: str) -> list[dict[str, Any]]:
    done = subprocess.run([*PROGRAM, "--sweep", unit], capture_output=True, check=True, timeout=SECONDS)
    return list(json.loads(done.stdout))


def log(tmp_path: Path) -> str:
    return (tmp_path / "log").read_text()


@pytest.mark.parametrize(("script", "rc"), [("exit 0", 0), ("exit 3", 3), ("kill -USR1 $$", -signal.SIGUSR1)])
def test_answer_has_the_leaders_exit_code_or_signal(launch: Launch, unit: str, script: str, rc: int) -> None:
    result = answer(launch(script))
    seconds = result.pop("seconds")
    assert result == {"unit": unit, "reason": "exited", "rc": rc, "strays": [], "message": ""}
    assert seconds > 0


@pytest.mark.parametrize(
    ("changes", "rc", "says"),
    [
        ({"argv": ["no-such-program"]}, 127, "no-such-program"),
        ({"argv": ["/etc/passwd"]}, 126, "Permission denied"),
        ({"argv": ["true", "x" * 200_000]}, 126, "too long"),
        ({"argv": ["a\0b"]}, 126, "null byte"),
        ({"cwd": "/no/such/folder"}, 126, "/no/such/folder"),
        ({"stdin": "/no/such/file"}, 126, "/no/such/file"),
        ({"log": "/no/such/log"}, 126, "/no/such/log"),
    ],
)
def test_job_that_cannot_start_is_an_error_with_a_reason(
    launch: Launch, changes: dict[str, object], rc: int, says: str
) -> None:
    process = launch("true", **changes)
    result = answer(process)
    assert (result["reason"], result["rc"]) == ("error", rc)
    assert says in result["message"]
    assert process.stderr and process.stderr.read() == b""


def test_limit_ends_a_job_that_ignores_term_within_limit_and_grace(launch: Launch, mailbox: Mailbox) -> None:
    begun = time.monotonic()
    process = launch(STUBBORN.format(mailbox.path), limit=1.0, grace=0.5)
    job = mailbox.process()
    result = answer(process)
    assert (result["reason"], result["rc"]) == ("limit", -signal.SIGKILL)
    assert gone(job, within=0)
    assert time.monotonic() - begun < 1.0 + 0.5 + 1.0


def test_daemon_that_outlives_its_leader_is_a_stray_and_is_ended(launch: Launch, mailbox: Mailbox) -> None:
    process = launch(daemon(mailbox, "leave"))
    stray = mailbox.process()
    result = answer(process)
    assert (result["reason"], result["rc"], len(result["strays"])) == ("exited", 0, 1)
    assert gone(stray, within=0)


def test_helper_that_leaves_after_its_leader_is_no_stray(launch: Launch) -> None:
    helper = "import subprocess as s; s.Popen(['sh', '-c', 'cat; exec ls -lR /etc'], stdin=s.PIPE)"
    assert answer(launch((sys.executable, "-I", "-S", "-c", helper)))["strays"] == []


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (lambda process: process.stdin.close(), "lost"),
        (lambda process: os.write(process.stdin.fileno(), b"cancel\n"), "cancelled"),
        (lambda process: process.send_signal(signal.SIGINT), "lost"),
        (lambda process: process.send_signal(signal.SIGTERM), "lost"),
        (lambda process: process.send_signal(signal.SIGHUP), "lost"),
    ],
)
def test_every_way_to_stop_ends_a_daemon_too(
    launch: Launch, mailbox: Mailbox, stop: Callable[[Supervisor], object], reason: str
) -> None:
    process = launch(daemon(mailbox, "stay"))
    stray = mailbox.process()
    stop(process)
    result = answer(process)
    assert (result["reason"], result["rc"]) == (reason, -signal.SIGTERM)
    assert gone(stray, within=0)


def test_term_comes_first_so_that_a_job_can_tidy_up(launch: Launch, mailbox: Mailbox) -> None:
    process = launch(f"trap 'echo tidy; exit 4' TERM; echo > {mailbox.path}; while :; do sleep 60 & wait; done")
    mailbox.line()
    process.terminate()
    assert (answer(process)["rc"], mailbox.path.with_name("log").read_text()) == (4, "tidy\n")


def test_cancel_that_comes_with_the_job_is_heard(launch: Launch) -> None:
    process = launch("sleep 60")
    assert process.stdin
    process.stdin.write(b"cancel\n")
    process.stdin.flush()
    assert answer(process)["reason"] == "cancelled"


def test_job_cut_short_starts_nothing(tmp_path: Path) -> None:
    job = {"unit": "cut", "argv": ["touch", str(tmp_path / "started")]}
    done = subprocess.run(
        PROGRAM, input=json.dumps(job).encode()[:-1], capture_output=True, check=False, timeout=SECONDS
    )
    assert done.stdout == b""
    assert not (tmp_path / "started").exists()


def test_orphan_that_cleared_its_environment_is_ended_too(launch: Launch, mailbox: Mailbox) -> None:
    process = launch(f"(setsid env -i sh -c 'echo $$ > {mailbox.path}; sleep 60' &); sleep 60")
    stray = mailbox.process()
    process.terminate()
    answer(process)
    assert gone(stray, within=0)


def test_environment_is_the_jobs_and_the_marker(launch: Launch, unit: str, tmp_path: Path) -> None:
    answer(launch(("env",), env={"PATH": os.environ["PATH"], "A": "b"}))
    assert sorted(log(tmp_path).splitlines()) == ["A=b", f"PATH={os.environ['PATH']}", f"STADDLE_UNIT={unit}"]


def test_stdin_is_the_file_to_its_end(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "prompt").write_bytes(b"0123456789abcdef" * (1 << 16))
    answer(launch("wc -c", stdin=str(tmp_path / "prompt")))
    assert log(tmp_path).strip() == str(1 << 20)


def test_leader_has_a_session_of_its_own(launch: Launch, tmp_path: Path) -> None:
    answer(launch("echo $$; cut -d ' ' -f 6 /proc/$$/stat"))
    number, session = log(tmp_path).split()
    assert number == session


def test_stdin_is_empty_without_a_file(launch: Launch, tmp_path: Path) -> None:
    answer(launch("wc -c"))
    assert log(tmp_path).strip() == "0"


def test_log_is_for_its_owner_and_has_both_streams(launch: Launch, tmp_path: Path) -> None:
    answer(launch("echo out; echo err >&2"))
    assert log(tmp_path) == "out\nerr\n"
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_log_follows_no_link(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "log").symlink_to(tmp_path / "precious")
    assert answer(launch("echo overwritten"))["reason"] == "error"
    assert (tmp_path / "precious").read_text() == "mine"


def test_flood_of_output_is_cut_in_the_middle(launch: Launch, tmp_path: Path) -> None:
    flood = 50_000_000
    answer(launch(f"echo first; head -c {flood} /dev/zero | tr '\\0' x; echo last", log_cap=100_000))
    text = log(tmp_path)
    assert text.startswith("first\nxxx") and text.endswith("xxxlast\n")
    assert 50_000 < len(text) <= 100_000
    left_out = int(text.partition("[")[2].partition(" bytes left out]")[0])
    note = len(f"\n[{left_out} bytes left out]\n")
    assert left_out + len(text) - note == len("first\n") + flood + len("last\n")


def test_full_disk_ends_the_log_and_not_the_job(launch: Launch) -> None:
    result = answer(launch("echo much; exit 7", log="/dev/full"))
    assert (result["reason"], result["rc"]) == ("exited", 7)
    assert "No space left" in result["message"]


def test_killed_supervisor_takes_the_leader_along_and_a_sweep_ends_the_rest(
    launch: Launch, mailbox: Mailbox, unit: str
) -> None:
    process = launch(f"echo $$ > {mailbox.path}; {shlex.join(daemon(mailbox, 'stay'))}; exit 1")
    leader, stray = mailbox.process(), mailbox.process()
    process.kill()
    assert gone(leader)
    assert not gone(stray, within=0)
    assert {process["name"][:6] for process in sweep(unit.rpartition("/")[0])} == {"python"}
    assert gone(stray, within=0)


def test_sweep_leaves_a_living_supervisors_job_alone(launch: Launch, mailbox: Mailbox, unit: str) -> None:
    process = launch(daemon(mailbox, "stay"))
    stray = mailbox.process()
    assert sweep(unit) == []
    assert not gone(stray, within=0)
    process.terminate()


def test_sweep_takes_whole_names_only(mailbox: Mailbox, unit: str) -> None:
    orphan = subprocess.Popen(["sleep", "60"], env={"STADDLE_UNIT": f"{unit}2", "PATH": os.environ["PATH"]})
    assert sweep(unit) == []
    assert [found["pid"] for found in sweep(f"{unit}2")] == [orphan.pid]
    assert orphan.wait(SECONDS) == -signal.SIGTERM


def test_sweep_spares_itself_and_its_ancestors(unit: str) -> None:
    script = f"{' '.join(PROGRAM)} --sweep {unit}; echo alive"
    done = subprocess.run(
        ["sh", "-c", script], env=os.environ | {"STADDLE_UNIT": unit}, capture_output=True, check=True, timeout=SECONDS
    )
    assert done.stdout == b"[]\nalive\n"


def test_supervisor_inside_a_job_ends_its_own_job_when_the_outer_one_is_stopped(
    launch: Launch, mailbox: Mailbox, tmp_path: Path, unit: str
) -> None:
    inner: dict[str, object] = {
        "unit": f"{unit}/inner",
        "argv": daemon(mailbox, "stay"),
        "cwd": "/",
        "env": {},
        "stdin": None,
    }
    inner |= {"log": str(tmp_path / "inner"), "limit": SECONDS, "grace": 0.1, "log_cap": 1 << 20}
    (tmp_path / "job").write_text(json.dumps(inner) + "\n")
    process = launch(f"(cat job; sleep 60) | {' '.join(PROGRAM)}")
    stray = mailbox.process()
    process.terminate()
    assert answer(process)["reason"] == "lost"
    assert gone(stray, within=0)


@pytest.mark.parametrize("pause", ["", "read -r _ < more; "])
def test_a_secret_does_not_reach_the_log_in_however_many_pieces_it_comes(
    launch: Launch, mailbox: Mailbox, tmp_path: Path, pause: str
) -> None:
    os.mkfifo(tmp_path / "more")
    process = launch(
        f"printf 'a secret-1'; echo ready > {mailbox.path}; {pause}printf '23-end s secret-123 secret-12'",
        secrets=["secret-123-end", "secret-123"],
    )
    mailbox.line()
    if pause:
        (tmp_path / "more").write_text("\n")
    answer(process)
    assert (tmp_path / "log").read_bytes() == b"a *** s *** secret-12"
