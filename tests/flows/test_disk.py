"""Disks that are full, mounted elsewhere, unwilling, or about to lose power."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import Repository

from .running import assert_clean, tree, work

SPACE = "16m"


def mount(place: Path) -> None:
    """Mount a small empty disk at a folder; the test is passed over where that is not allowed."""
    argv = ["mount", "-t", "tmpfs", "-o", f"size={SPACE}", "tmpfs", str(place)]
    if subprocess.run(argv, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")


@pytest.fixture
def small(repository: Repository, tmp_path: Path) -> Iterator[Repository]:
    """The repository on a disk of its own, with a run of two that hold work."""
    place = tmp_path / "disk"
    place.mkdir()
    mount(place)
    try:
        subprocess.run(["cp", "-a", str(repository.main), str(place / "parpour")], check=True)
        there = Repository(place / "parpour")
        there.staddle("spawn", "run42", "2")
        for number in (1, 2):
            work(there, number, "new.txt", f"{number}\n")
        yield there
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(repository: Repository) -> Path:
    """Fill the disk to its last byte."""
    filler = repository.main.parent / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return filler


def test_a_spawn_on_a_full_disk_leaves_nothing(small: Repository) -> None:
    before, filler = small.state(), fill(small)
    small.staddle("spawn", "other", "3", code=1)
    filler.unlink()
    small.staddle("sweep")
    assert small.state() == before
    assert not list((small.main / ".pqa_worktrees").glob("*other*"))


def test_a_landing_on_a_full_disk_touches_nothing_and_succeeds_once_there_is_room(small: Repository) -> None:
    old, filler = small.git("rev-parse", "main"), fill(small)
    small.staddle("reconcile", "run42", "b1", code=1)
    assert small.git("rev-parse", "main") == old
    filler.unlink()
    small.staddle("reconcile", "run42", "b1")
    assert (small.main / "new.txt").read_text() == "1\n"
    assert_clean(small)


def test_work_is_not_thrown_away_because_the_disk_is_full(small: Repository) -> None:
    tips, filler = [small.git("rev-parse", f"pqa/run42-b{number}") for number in (1, 2)], fill(small)
    small.staddle("reconcile", "run42", code=1)
    filler.unlink()
    small.staddle("reconcile", "run42")
    assert_clean(small)
    for number, tip in enumerate(tips, 1):
        small.staddle("undo", f"run42-b{number}")
        assert small.git("rev-parse", f"pqa/run42-b{number}") == tip


def test_a_disk_mounted_inside_a_candidate_is_refused_before_anything_is_touched(run42: Repository) -> None:
    inside = tree(run42, 3) / "mounted"
    inside.mkdir()
    mount(inside)
    try:
        (inside / "precious").write_text("mine")
        before = run42.state()
        assert "umount" in run42.staddle("reconcile", "run42", "b1", code=3).stderr
        assert run42.state() == before
        assert (inside / "precious").read_text() == "mine"
    finally:
        subprocess.run(["umount", str(inside)], check=True)
    run42.staddle("reconcile", "run42", "b1")
    assert_clean(run42)


def test_what_cannot_be_deleted_is_told_holds_up_nothing_and_goes_later(run42: Repository) -> None:
    stubborn = tree(run42, 1) / "stubborn.txt"
    stubborn.write_text("stays")
    if subprocess.run(["chattr", "+i", str(stubborn)], check=False, capture_output=True).returncode != 0:
        pytest.skip("needs a file system with immutable files")
    said = run42.staddle("reconcile", "run42", code=1).stderr
    (hidden,) = run42.main.glob(".pqa_worktrees/.run42-b1.staddle-*")
    assert str(hidden) in said
    run42.staddle("spawn", "other", "1")
    assert "cannot be deleted" in run42.staddle("sweep").stdout
    subprocess.run(["chattr", "-i", str(hidden / "stubborn.txt")], check=True)
    run42.staddle("reconcile", "other")
    run42.staddle("reconcile", "run42")
    assert_clean(run42)


def test_what_a_landing_names_is_on_the_disk_before_its_name(run42: Repository, sealed: Path) -> None:
    run42.commit(run42.main, "other.txt", "main went on\n", "feat: main went on")
    events = sealed / "events"
    run42.git("config", "--global", "trace2.eventTarget", str(events))
    run42.staddle("reconcile", "run42", "b1")
    flushed, commands = set[str](), dict[str, str]()
    for event in map(json.loads, events.read_text().splitlines()):
        if event["event"] == "cmd_name":
            commands[event["sid"]] = event["name"]
        if event.get("key") == "fsync/hardware-flush":
            flushed.add(event["sid"])
    names = {name for sid, name in commands.items() if sid in flushed}
    assert {"merge-tree", "commit-tree", "update-ref"} <= names
