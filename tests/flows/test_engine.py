"""The engine: order, slots, and that nothing goes on behind an interrupted caller."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.core.unit import Ended, Job
from staddle.edges.engine import LocalEngine

from .living import SECONDS, Mailbox, gone, interruption

MakeJob = Callable[[str, str], Job]


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def job(tmp_path: Path) -> MakeJob:
    """A job of this test's own, from its unit's last part and a shell script."""

    def make(name: str, script: str) -> Job:
        env = {"PATH": os.environ["PATH"]}
        return Job(
            f"test{tmp_path}/{name}", ("sh", "-c", script), tmp_path, env, None, tmp_path / name, 3 * SECONDS, 0.2
        )

    return make


def test_never_more_jobs_run_than_there_are_slots(job: MakeJob, tmp_path: Path) -> None:
    lanes = {lane: [job(lane, "echo 1 >> ran; ls -lR /etc; echo -1 >> ran")] for lane in "abcdefgh"}
    ended = LocalEngine(2).run_lanes(lanes)
    steps = [int(line) for line in (tmp_path / "ran").read_text().split()]
    assert all(end.ok for ends in ended.values() for end in ends)
    assert len(steps) == 16
    assert max(sum(steps[: upto + 1]) for upto in range(16)) <= 2


def test_as_many_jobs_run_as_there_are_slots(job: MakeJob, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "meeting")
    lanes = {"m1": [job("m1", "echo hello > meeting")], "m2": [job("m2", "read word < meeting; test $word = hello")]}
    assert [ends[0].ok for ends in LocalEngine(2).run_lanes(lanes).values()] == [True, True]


def test_jobs_of_one_lane_run_one_after_another(job: MakeJob, tmp_path: Path) -> None:
    lane = [job(f"part{number}", f"echo {number} >> ran; exit {number}") for number in range(4)]
    ended = LocalEngine(4).run_lanes({"m1": lane})
    assert [end.rc for end in ended["m1"]] == [0, 1, 2, 3]
    assert (tmp_path / "ran").read_text().split() == ["0", "1", "2", "3"]


def test_stopped_lane_leaves_out_the_rest_and_no_other_lane(job: MakeJob) -> None:
    lanes = {
        name: [job(f"{name}-{code}", f"exit {code}") for code in codes] for name, codes in (("m1", "10"), ("m2", "00"))
    }
    ended = LocalEngine(2).run_lanes(lanes, stop_lane=lambda end: not end.ok)
    assert {lane: [end.rc for end in ends] for lane, ends in ended.items()} == {"m1": [1], "m2": [0, 0]}


def test_every_end_is_told_once_in_the_callers_thread(job: MakeJob) -> None:
    told: list[tuple[str, str, int]] = []

    def on_ended(lane: str, end: Ended) -> None:
        told.append((lane, end.unit.rpartition("/")[2], threading.get_ident()))

    LocalEngine(2).run_lanes({lane: [job(f"{lane}-job", "exit 0")] for lane in ("m1", "m2", "m3")}, on_ended=on_ended)
    assert sorted(told) == [(lane, f"{lane}-job", threading.get_ident()) for lane in ("m1", "m2", "m3")]


def test_lane_without_jobs_is_done(job: MakeJob) -> None:
    assert LocalEngine(1).run_lanes({"m1": [], "m2": [job("m2", "exit 0")]})["m1"] == []


def test_failing_callback_cancels_the_jobs_under_way(job: MakeJob, mailbox: Mailbox) -> None:
    found: list[int] = []

    def on_ended(lane: str, end: Ended) -> None:
        found.append(mailbox.process())
        raise RuntimeError(lane)

    lanes = {"m1": [job("m1", "exit 0")], "m2": [job("m2", f"echo $$ > {mailbox.path}; sleep 60")]}
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match="m1"):
        LocalEngine(2).run_lanes(lanes, on_ended=on_ended)
    assert gone(found[0], within=0)
    assert time.monotonic() - begun < SECONDS


def test_interrupted_caller_cancels_all_and_starts_no_more(job: MakeJob, mailbox: Mailbox, tmp_path: Path) -> None:
    script = f"echo $$ > {mailbox.path}; sleep 60"
    lanes = {lane: [job(f"{lane}-1", script), job(f"{lane}-2", "touch next")] for lane in ("m1", "m2")}
    with interruption(mailbox, "_next_over", count=2) as processes, pytest.raises(KeyboardInterrupt):
        LocalEngine(2).run_lanes(lanes)
    assert [gone(process, within=0) for process in processes.result()] == [True, True]
    assert not (tmp_path / "next").exists()
