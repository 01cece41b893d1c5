"""The cutter does what it says: the call does not happen, nothing lives on, and counts can be relied on."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from staddle.core.errors import UsageError
from staddle.faults.bystanders import ENV, build, git
from staddle.faults.cutter import MODES, SIGNALS, Cut
from staddle.faults.cutting import cut
from staddle.faults.seccomp import SUPPORTED

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="needs seccomp user notification")
THREE_FOLDERS = "mkdir one; mkdir two; mkdir three"


def shell(folder: Path, script: str, at: int | None = None, mode: str = "kill", timeout: float = 20) -> Cut:
    return cut(["sh", "-c", script], at=at, mode=mode, roots=[folder], cwd=folder, env=ENV, timeout=timeout)


def python(folder: Path, script: str, at: int | None = None, mode: str = "kill") -> Cut:
    return cut([sys.executable, "-c", script], at=at, mode=mode, roots=[folder], cwd=folder, env=ENV, timeout=20)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_without_a_place_a_command_runs_to_its_end_and_its_calls_are_listed(tmp_path: Path) -> None:
    done = shell(tmp_path, f"{THREE_FOLDERS}; echo done; exit 3")
    calls = [f"mkdir {tmp_path}/{name}" for name in ("one", "two", "three")]
    assert done == Cut(calls, hit=False, returncode=3, survivors=0, output="done\n")


@pytest.mark.parametrize("at", [1, 2, 3])
def test_the_call_it_is_cut_at_does_not_happen(tmp_path: Path, at: int) -> None:
    done = shell(tmp_path, THREE_FOLDERS, at=at)
    assert (len(done.calls), done.hit, done.returncode) == (at, True, -9)
    assert names(tmp_path) == set(["one", "two", "three"][: at - 1])


def test_a_place_after_the_end_is_not_hit(tmp_path: Path) -> None:
    done = shell(tmp_path, THREE_FOLDERS, at=4)
    assert (len(done.calls), done.hit, done.returncode) == (3, False, 0)


def test_calls_outside_the_roots_and_into_pipes_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = cut(["sh", "-c", "echo x | cat > /dev/null; mkdir out; mkdir in/a"], roots=[tmp_path / "in"], cwd=tmp_path)
    assert done.calls == [f"mkdir {tmp_path}/in/a"]


@pytest.mark.parametrize(
    "script",
    [
        "os.write(file, b'12345678')",
        "os.pwrite(file, b'12345678', 0)",
        "os.writev(file, [b'123', b'45678'])",
        "os.pwritev(file, [b'123', b'45678'], 0)",
    ],
)
def test_torn_leaves_half_of_a_write(tmp_path: Path, script: str) -> None:
    done = python(tmp_path, f"import os; file = os.open('f', os.O_CREAT | os.O_WRONLY); {script}", at=2, mode="torn")
    assert (done.hit, (tmp_path / "f").read_bytes()) == (True, b"1234")


def test_torn_goes_on_where_the_writer_stood(tmp_path: Path) -> None:
    script = "import os; file = os.open('f', os.O_CREAT | os.O_WRONLY); os.write(file, b'12'); os.write(file, b'34')"
    python(tmp_path, script, at=3, mode="torn")
    assert (tmp_path / "f").read_bytes() == b"123"


def test_kill_reaches_processes_in_sessions_of_their_own(tmp_path: Path) -> None:
    done = shell(tmp_path, "setsid -f sh -c 'echo $$ > id; exec sleep 60'; until [ -s id ]; do :; done; mkdir a", at=3)
    assert (done.hit, done.returncode, done.survivors) == (True, -9, 0)
    assert not Path("/proc", (tmp_path / "id").read_text().strip()).exists()


def test_group_spares_other_sessions_and_waits_for_them(tmp_path: Path) -> None:
    script = "setsid sh -c 'mkdir a; echo finished > b' & wait; mkdir never"
    done = shell(tmp_path, script, at=1, mode="group")
    assert (done.returncode, done.survivors, names(tmp_path)) == (-9, 0, {"a", "b"})


def test_self_kills_only_the_process_that_makes_the_call(tmp_path: Path) -> None:
    done = shell(tmp_path, "mkdir a; mkdir b", at=1, mode="self")
    assert (done.returncode, names(tmp_path)) == (0, {"b"})


@pytest.mark.parametrize("mode", SIGNALS)
def test_a_signal_reaches_the_leader_and_the_call_goes_on(tmp_path: Path, mode: str) -> None:
    done = shell(tmp_path, f"trap 'mkdir trapped; exit 7' {mode.upper()}; mkdir a; mkdir b", at=1, mode=mode)
    assert (done.returncode, names(tmp_path)) == (7, {"a", "trapped"})


def test_a_full_disk_stays_full_but_can_be_cleaned(tmp_path: Path) -> None:
    done = shell(tmp_path, "echo kept > old; mkdir a; echo more >> old; mkdir b; rmdir a", at=4, mode="enospc")
    assert (names(tmp_path), (tmp_path / "old").read_text()) == ({"old"}, "kept\n")
    assert "No space left on device" in done.output


def test_an_input_output_error_comes_once(tmp_path: Path) -> None:
    done = shell(tmp_path, "mkdir a; mkdir a && mkdir b", at=1, mode="eio")
    assert (done.returncode, names(tmp_path)) == (0, {"a", "b"})
    assert "Input/output error" in done.output


def test_what_outlives_the_time_limit_is_counted_and_ended(tmp_path: Path) -> None:
    done = shell(tmp_path, "setsid sleep 60 & echo $! > id", timeout=0.5)
    assert (done.returncode, done.survivors) == (0, 1)
    assert not Path("/proc", (tmp_path / "id").read_text().strip()).exists()


def test_a_caller_that_is_killed_takes_the_tree_with_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "id")
    reader = os.open(tmp_path / "id", os.O_RDONLY | os.O_NONBLOCK)
    command = ["setsid", "sh", "-c", f"echo $$ > {tmp_path}/id; exec sleep 60"]
    script = f"from staddle.faults.cutting import cut; cut({command})"
    with subprocess.Popen([sys.executable, "-c", script]) as caller:
        assert select.select([reader], [], [], 20)[0]
        process = os.pidfd_open(int(os.read(reader, 20)))
        caller.kill()
    assert select.select([process], [], [], 20)[0]
    os.close(process)
    os.close(reader)


def test_a_program_that_is_not_there_ends_as_in_a_shell(tmp_path: Path) -> None:
    assert cut(["no-such-program"], cwd=tmp_path).returncode == 127


def test_where_calls_cannot_be_stopped_it_says_what_is_needed(tmp_path: Path) -> None:
    inner = "from staddle.faults.cutting import cut; cut(['true'])"
    done = python(tmp_path, f"import sys; sys.path[:0] = {sys.path}; {inner}")  # one listener is all the kernel allows
    assert f"{UsageError.__name__}: system calls cannot be stopped here" in done.output


def test_threads_and_children_share_one_count(tmp_path: Path) -> None:
    script = """if True:
        import os, threading
        workers = [threading.Thread(target=os.mkdir, args=[f"t{n}"]) for n in range(20)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
        if not os.fork(): os.mkdir("child")
        else: os.wait()"""
    assert len(python(tmp_path, script).calls) == 21


def test_the_shell_door_lists_the_calls_up_to_the_cut(tmp_path: Path) -> None:
    options = ["--at=2", "--mode=kill", f"--root={tmp_path}", f"--cwd={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "staddle.faults.cutter", *options, "--", "sh", "-c", THREE_FOLDERS],
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    listing = f"    1 mkdir {tmp_path}/one\n    2 mkdir {tmp_path}/two\nended with -9, hit\n"
    assert (done.returncode, done.stderr) == (137, listing)


def add_tree(main: Path, at: int | None = None, mode: str = "kill") -> Cut:
    argv = ["git", "worktree", "add", "-b", "pqa/run42-b1", "../tree", "HEAD"]
    return cut(argv, at=at, mode=mode, roots=[main.parent], cwd=main, env=ENV)


def test_the_calls_of_a_real_git_command_are_the_same_every_time(tmp_path: Path) -> None:
    lists = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        calls = add_tree(build(tmp_path / name)).calls
        lists.append([call.replace(str(tmp_path / name), "") for call in calls])
    assert lists[0] == lists[1]
    assert 50 < len(lists[0]) < 100


def test_git_cut_inside_worktree_add_breaks_other_peoples_commands(tmp_path: Path) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    calls = add_tree(build(tmp_path / "whole")).calls
    writes = [
        number for number, call in enumerate(calls, 1) if call.startswith("write") and call.endswith("/commondir")
    ]
    main = build(tmp_path / "cut")
    add_tree(main, at=writes[0])
    assert "failed to read" in git(main, "branch")


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_ends_with_nothing_alive(tmp_path: Path, mode: str) -> None:
    main = build(tmp_path)
    done = add_tree(main, at=30, mode=mode)
    assert (done.hit, done.survivors) == (True, 0)
    assert json.dumps(done)  # plain data, as a report needs it
