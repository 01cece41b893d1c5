"""The engine: order, slots, and that nothing goes on behind an interrupted caller."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from staddle.core.unit import Ended, Job
from staddle.edges.engine import Lane, LocalEngine, in_turn
from staddle.edges.slots import Slots, default_slots, give_back

from .living import SECONDS, Mailbox, gone, interruption

MakeJob = Callable[[str, str], Job]


def run(slots: int, lanes: Mapping[str, Sequence[Job]], stop_at_red: bool = False) -> dict[str, list[Ended]]:
    """How the jobs of each lane ended, which run one after another."""
    ends: dict[str, list[Ended]] = {lane: [] for lane in lanes}

    def told(lane: str, end: Ended) -> bool:
        ends[lane].append(end)
        return end.ok or not stop_at_red

    LocalEngine(slots).run_lanes({lane: in_turn(jobs, partial(told, lane)) for lane, jobs in lanes.items()})
    return ends


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
    ended = run(2, lanes)
    steps = [int(line) for line in (tmp_path / "ran").read_text().split()]
    assert all(end.ok for ends in ended.values() for end in ends)
    assert len(steps) == 16
    assert max(sum(steps[: upto + 1]) for upto in range(16)) <= 2


def test_as_many_jobs_run_as_there_are_slots(job: MakeJob, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "meeting")
    lanes = {"m1": [job("m1", "echo hello > meeting")], "m2": [job("m2", "read word < meeting; test $word = hello")]}
    assert [ends[0].ok for ends in run(2, lanes).values()] == [True, True]


def test_jobs_of_one_lane_run_one_after_another(job: MakeJob, tmp_path: Path) -> None:
    lane = [job(f"part{number}", f"echo {number} >> ran; exit {number}") for number in range(4)]
    ended = run(4, {"m1": lane})
    assert [end.rc for end in ended["m1"]] == [0, 1, 2, 3]
    assert (tmp_path / "ran").read_text().split() == ["0", "1", "2", "3"]


def test_stopped_lane_leaves_out_the_rest_and_no_other_lane(job: MakeJob) -> None:
    lanes = {
        name: [job(f"{name}-{code}", f"exit {code}") for code in codes] for name, codes in (("m1", "10"), ("m2", "00"))
    }
    ended = run(2, lanes, stop_at_red=True)
    assert {lane: [end.rc for end in ends] for lane, ends in ended.items()} == {"m1": [1], "m2": [0, 0]}


def test_every_end_is_told_once_in_the_callers_thread(job: MakeJob) -> None:
    told: list[tuple[str, int]] = []

    def lane(name: str) -> Lane:
        ended = yield job(name, "exit 0")
        assert ended is not None
        told.append((ended.unit.rpartition("/")[2], threading.get_ident()))

    LocalEngine(2).run_lanes({name: lane(name) for name in ("m1", "m2", "m3")})
    assert sorted(told) == [(name, threading.get_ident()) for name in ("m1", "m2", "m3")]


def test_a_lane_that_waits_for_something_outside_is_asked_again_and_holds_nobody_up(job: MakeJob) -> None:
    done: list[str] = []

    def waiting() -> Lane:
        while "other" not in done:
            yield None
        yield job("late", "exit 0")
        done.append("late")

    def other() -> Lane:
        yield job("other", "exit 0")
        done.append("other")

    LocalEngine(1).run_lanes({"waiting": waiting(), "other": other()})
    assert done == ["other", "late"]


def test_once_it_is_enough_the_rest_is_cancelled_and_told_so(job: MakeJob) -> None:
    ends: list[Ended | None] = []

    def lane(name: str, script: str) -> Lane:
        ends.append((yield job(name, script)))

    lanes = {"quick": lane("quick", "exit 0"), "slow": lane("slow", "sleep 60"), "never": lane("never", "exit 0")}
    LocalEngine(2).run_lanes(lanes, until=lambda: bool(ends))
    assert [end.reason for end in ends if end] == ["exited", "cancelled"]


def test_two_engines_share_the_machines_slots(job: MakeJob, tmp_path: Path) -> None:
    slots = Slots(default_slots())
    taken = [slot for _ in range(default_slots()) if (slot := slots.take()) is not None]
    assert slots.take() is None

    def lane() -> Lane:
        yield None
        give_back(taken.pop())
        yield job("after", "touch ran")

    LocalEngine(1).run_lanes({"m1": lane()})
    assert (tmp_path / "ran").exists()
    for slot in taken:
        give_back(slot)


def test_lane_without_jobs_is_done(job: MakeJob) -> None:
    assert run(1, {"m1": [], "m2": [job("m2", "exit 0")]})["m1"] == []


def test_failing_lane_cancels_the_jobs_under_way(job: MakeJob, mailbox: Mailbox) -> None:
    found: list[int] = []

    def failing() -> Lane:
        yield job("m1", "exit 0")
        found.append(mailbox.process())
        raise RuntimeError("m1")

    slow = in_turn([job("m2", f"echo $$ > {mailbox.path}; sleep 60")], lambda end: True)
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match="m1"):
        LocalEngine(2).run_lanes({"m1": failing(), "m2": slow})
    assert gone(found[0], within=0)
    assert time.monotonic() - begun < SECONDS


def test_interrupted_caller_cancels_all_and_starts_no_more(job: MakeJob, mailbox: Mailbox, tmp_path: Path) -> None:
    script = f"echo $$ > {mailbox.path}; sleep 60"
    lanes = {lane: [job(f"{lane}-1", script), job(f"{lane}-2", "touch next")] for lane in ("m1", "m2")}
    with interruption(mailbox, "_next_over", count=2) as processes, pytest.raises(KeyboardInterrupt):
        run(2, lanes)
    assert [gone(process, within=0) for process in processes.result()] == [True, True]
    assert not (tmp_path / "next").exists()
