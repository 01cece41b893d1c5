"""Copies of a checkout: the same as git's own, clean for git at once, refused where they would not be."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from staddle.core.names import Oid
from staddle.edges import treecopy
from staddle.edges.treecopy import Blank, CannotCopy, Source, copy_checkout

from ..kit import SECONDS, Repository

WORKERS = 2
CAFE = os.fsdecode(b"caf\xe9 \n\t\"'")


@pytest.fixture(autouse=True)
def _also_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(treecopy, "FEWEST_FILES", 1)
    monkeypatch.setattr(treecopy, "FILES_WORTH_A_WRITER", 1)


@pytest.fixture
def project(repository: Repository) -> Repository:
    """A checkout with every kind of file and name, all older than its index."""
    files = {
        "empty": "",
        "run.sh": "#!/bin/sh\n",
        CAFE: "text\n",
        "d/" * 60 + "deep": "deep\n",
        "a.b": "",
        "a/b/c": "c",
    }
    for name, text in files.items():
        path = repository.main / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (repository.main / "run.sh").chmod(0o755)
    (repository.main / "a" / CAFE).symlink_to("../nowhere")
    (repository.main / "large").write_bytes(bytes(range(256)) * 4000)
    commit_all(repository)
    return repository


def commit_all(repository: Repository) -> None:
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "chore: all of it")


def source(repository: Repository) -> Source:
    tree = Oid(repository.git("rev-parse", "HEAD^{tree}"))
    return Source(repository.main, repository.main / ".git" / "index", tree)


def blank(repository: Repository, name: str = "copy") -> Blank:
    folder = repository.main.parent / name
    repository.git("worktree", "add", "--quiet", "--no-checkout", "--detach", str(folder))
    return Blank(folder, Path(repository.git("rev-parse", "--absolute-git-dir", at=folder)))


def copied(repository: Repository, name: str = "copy") -> Path:
    new = blank(repository, name)
    copy_checkout(source(repository), [new], workers=WORKERS)
    return new.folder


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a tree: its mode, and its bytes or where it leads."""
    held = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if name.parts[0] != ".git" and (path.is_symlink() or not path.is_dir()):
            text = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            held[str(name)] = path.lstat().st_mode, text
    return held


def spy(repository: Repository) -> Path:
    """Have git call a filter, and so leave a file behind, whenever it reads the content of a tracked file."""
    read = repository.main.parent / "read"
    repository.git("config", "filter.spy.clean", f"tee -a '{read}'")
    (repository.main / ".git" / "info" / "attributes").write_text("* filter=spy\n")
    return read


def test_copies_are_what_git_checks_out(project: Repository) -> None:
    blanks = [blank(project, f"copy{number}") for number in range(3)]
    copy_checkout(source(project), blanks, workers=WORKERS)
    project.git("worktree", "add", "--quiet", "--detach", str(project.main.parent / "git"))
    expected = content(project.main.parent / "git")
    assert len(expected) == 11
    assert [content(new.folder) for new in blanks] == [expected] * 3


def test_a_copy_is_clean_and_git_reads_no_file_to_know_it(project: Repository) -> None:
    folder, read = copied(project), spy(project)
    assert project.git("status", "--porcelain", at=folder) == ""
    assert project.git("diff-files", at=folder) == ""
    assert not read.exists()
    project.git("fsck", "--strict", at=folder)


def test_content_is_held_a_little_at_a_time(project: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(treecopy, "HELD_BYTES", 1)
    blanks = [blank(project, f"copy{number}") for number in range(3)]
    copy_checkout(source(project), blanks, workers=WORKERS)
    read = spy(project)
    assert [content(new.folder) for new in blanks] == [content(project.main)] * 3
    assert [project.git("status", "--porcelain", at=new.folder) for new in blanks] == [""] * 3
    assert not read.exists()


def test_the_spy_notices_when_git_reads_a_file(project: Repository) -> None:
    folder, read = copied(project), spy(project)
    (folder / "large").touch()
    project.git("status", "--porcelain", at=folder)
    assert read.exists()


def test_an_edit_of_the_same_size_right_after_is_seen(project: Repository) -> None:
    folder = copied(project)
    (folder / "a/b/c").write_text("X")
    assert project.git("status", "--porcelain", at=folder) == "M a/b/c"


def test_a_copy_can_be_copied_and_committed_in(project: Repository) -> None:
    first, second = copied(project), blank(project, "second")
    index = Path(project.git("rev-parse", "--absolute-git-dir", at=first)) / "index"
    copy_checkout(Source(first, index, source(project).tree), [second], workers=WORKERS)
    assert content(second.folder) == content(first)
    project.commit(second.folder, "a/b/c", "more", "chore: more")
    assert project.git("status", "--porcelain", at=second.folder) == ""


def test_files_as_young_as_the_index_are_proven_by_their_hash(project: Repository) -> None:
    young = (project.main / "large").stat().st_mtime_ns
    os.utime(project.main / ".git" / "index", ns=(young, young))
    assert content(copied(project)) == content(project.main)


def record_stat_data(repository: Repository, name: str) -> None:
    """Put a file's present stat data into the index, as if git had found it unchanged."""
    index, found = repository.main / ".git" / "index", (repository.main / name).lstat()
    data = bytearray(index.read_bytes()[:-20])
    at = data.index(f"{name}\0".encode()) - 62
    times = *divmod(found.st_ctime_ns, 10**9), *divmod(found.st_mtime_ns, 10**9)
    struct.pack_into(">6I", data, at, *times, found.st_dev, found.st_ino)
    index.write_bytes(data + sha1(data).digest())
    os.utime(index, ns=(found.st_mtime_ns, found.st_mtime_ns))


def test_an_edit_as_young_as_the_index_is_found_though_the_stat_data_are_the_recorded_ones(project: Repository) -> None:
    (project.main / "a/b/c").write_text("X")
    record_stat_data(project, "a/b/c")
    with pytest.raises(CannotCopy, match="a/b/c is not as git left it"):
        copied(project)


def test_a_touched_file_that_still_has_its_content_is_copied(project: Repository) -> None:
    (project.main / "large").touch()
    (project.main / "run.sh").chmod(0o644)
    assert project.git("status", "--porcelain", at=copied(project)) == ""


def test_a_filtered_file_is_copied_as_it_stands_without_the_filter(project: Repository) -> None:
    project.git("config", "filter.store.clean", "tr a-z A-Z")
    project.git("config", "filter.store.smudge", "tr A-Z a-z")
    project.commit(project.main, ".gitattributes", "*.bin filter=store\n*.txt eol=crlf text\n", "chore: attributes")
    for name in ("x.bin", "x.txt"):
        project.commit(project.main, name, "pointer\n", "chore: filtered")
        (project.main / name).unlink()
        project.git("checkout", "--", name)
    project.git("config", "filter.store.smudge", "false")
    age(project)
    folder = copied(project)
    assert [(folder / name).read_bytes() for name in ("x.bin", "x.txt")] == [b"pointer\n", b"pointer\r\n"]
    assert project.git("status", "--porcelain", at=folder) == ""


def age(repository: Repository) -> None:
    """Make the index younger than every file in it."""
    late = (repository.main / ".git" / "index").stat().st_mtime_ns + 10**9
    os.utime(repository.main / ".git" / "index", ns=(late, late))


def test_git_settings_that_live_in_the_index_are_not_copied(project: Repository) -> None:
    project.git("update-index", "--untracked-cache", "--index-version", "2")
    project.git("status")
    new = blank(project)
    copy_checkout(source(project), [new], workers=WORKERS)
    assert b"UNTR" in source(project).index.read_bytes()
    assert b"UNTR" not in (new.admin / "index").read_bytes()


def edited(repository: Repository) -> None:
    (repository.main / "large").write_bytes(b"edited")


def relinked(repository: Repository) -> None:
    (repository.main / "link").unlink()
    (repository.main / "link").symlink_to("else")


def replaced_by_a_pipe(repository: Repository) -> None:
    (repository.main / "large").unlink()
    os.mkfifo(repository.main / "large")


def staged(repository: Repository) -> None:
    edited(repository)
    repository.git("add", "--all")


def sparse(repository: Repository) -> None:
    repository.git("sparse-checkout", "set", "--cone", "--sparse-index", "a")


def submodule(repository: Repository) -> None:
    repository.git(
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(repository.main.parent / "origin.git"),
        "sub",
    )
    commit_all(repository)


def index_option(*options: str) -> Callable[[Repository], object]:
    return lambda repository: repository.git("update-index", *options)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (edited, "large is not as git left it"),
        (relinked, "link is not as git left it"),
        (replaced_by_a_pipe, "large is not as git left it"),
        (lambda repository: (repository.main / "large").unlink(), "No such file"),
        (staged, "does not say that it is at"),
        (sparse, "sparse checkout|left out"),
        (submodule, "'sub' is a submodule"),
        (index_option("--assume-unchanged", "large"), "'large' is assumed unchanged"),
        (index_option("--skip-worktree", "large"), "'large' is left out"),
        (index_option("--index-version", "4"), "version 4"),
        (index_option("--split-index"), "the extension 'link'"),
    ],
)
def test_a_template_in_doubt_is_refused_and_leaves_the_tree_blank(
    project: Repository, change: Callable[[Repository], object], reason: str
) -> None:
    age(project)
    change(project)
    new = blank(project)
    with pytest.raises(CannotCopy, match=reason):
        copy_checkout(source(project), [new], workers=WORKERS)
    assert [path.name for path in new.folder.iterdir()] == [".git"]
    project.git("read-tree", "-m", "-u", "HEAD", at=new.folder)
    assert project.git("status", "--porcelain", at=new.folder) == ""


def test_a_folder_with_something_in_it_is_refused_and_left_alone(project: Repository) -> None:
    new = blank(project)
    (new.folder / "mine").touch()
    with pytest.raises(CannotCopy, match="not empty"):
        copy_checkout(source(project), [new], workers=WORKERS)
    assert sorted(path.name for path in new.folder.iterdir()) == [".git", "mine"]


def test_a_folder_that_became_a_link_is_not_followed(project: Repository, tmp_path: Path) -> None:
    new, elsewhere = blank(project), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (new.folder / ".git").unlink()
    new.folder.rmdir()
    new.folder.symlink_to(elsewhere)
    with pytest.raises(OSError, match=r"directory|symbolic links"):
        copy_checkout(source(project), [new], workers=WORKERS)
    assert list(elsewhere.iterdir()) == []


PROGRAM = """
import sys
from pathlib import Path
from staddle.edges.treecopy import Blank, Source, copy_checkout
root, tree, lock, *places = sys.argv[1:]
blanks = [Blank(Path(folder), Path(admin)) for folder, admin in zip(places[::2], places[1::2])]
copy_checkout(Source(Path(root), Path(root, ".git/index"), tree), blanks, workers=2, pass_fds=[int(lock)])
"""


def ended_in_the_middle(source: Source, blanks: list[Blank], lock: Path, by: signal.Signals) -> None:
    """Copy in another process, which gets a signal when a tree has its first files; wait for all that hold its lock."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        places = [str(path) for new in blanks for path in (new.folder, new.admin)]
        argv = [sys.executable, "-c", PROGRAM, str(source.root), source.tree, str(held.fileno()), *places]
        process = subprocess.Popen(argv, pass_fds=[held.fileno()], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + SECONDS
    while not any(any(new.folder.glob("many/*")) for new in blanks):
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(by)
    assert process.wait(SECONDS) == -by
    subprocess.run(["flock", str(lock), "true"], check=True, timeout=SECONDS)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_ended_in_the_middle_its_writers_end_and_have_written_into_their_trees_only(
    project: Repository, by: signal.Signals
) -> None:
    (project.main / "many").mkdir()
    for number in range(2000):
        (project.main / "many" / str(number)).touch()
    commit_all(project)
    blanks = [blank(project, f"copy{number}") for number in range(9)]
    before, lock = everything_but(blanks, project), project.main.parent / "lock"
    lock.touch()
    ended_in_the_middle(source(project), blanks, lock, by)
    written = [sum(1 for _ in new.folder.glob("many/*")) for new in blanks]
    assert 0 < sum(written) < 2000 * len(blanks)
    assert everything_but(blanks, project) - {str(lock)} == before


def everything_but(blanks: list[Blank], repository: Repository) -> set[str]:
    """Every path beside the main checkout and in it that is not inside a blank."""
    inside = [path for new in blanks for path in (new.folder, new.admin)]
    paths = repository.main.parent.rglob("*")
    return {str(path) for path in paths if not any(path.is_relative_to(place) for place in inside)}
