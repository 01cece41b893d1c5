"""Copies of a checkout: new work trees filled from one that git has filled already.

A checkout is many small files, and git makes each from its object anew for every tree. Here the
files of a template are read once and written to all trees by a few tree writers (../treewriter.py),
and each tree gets the template's index with stat data of its own: the first `git status` finds all
as recorded and reads no file. Only content proven to be git's is copied; any doubt is `CannotCopy`,
which leaves the trees as blank as they were, and git can do the work.

What is copied are the files as they stand in the work tree: after line endings were converted and
filters (LFS) have run. Every tree of a repository has the same configuration and, at the same
commit, the same attributes, so git would write the same bytes, more slowly.

Files get a time that lies one to two seconds before their tree's folder was made. So no file looks
as young as the index, which would make git read it again; and no later edit, however quick and of
whatever size, can carry the time that is recorded.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from ..core.indexfile import Index, Part, UnfitIndex, parse
from ..core.names import Oid
from .process import LOOK_SECONDS, capture, scrubbed

WRITER = (sys.executable, "-I", "-S", str(Path(__file__).parent.parent / "treewriter.py"))
WRITER_SECONDS = 3600.0
HELD_BYTES = 16_000_000
"""How much content all writers together hold in memory, if no file is larger."""
LARGEST_FILE_BYTES = 256_000_000
FEWEST_FILES = 2_000
"""Fewer files than these, in all trees together, git has written before the writers gain on it."""
FILES_WORTH_A_WRITER = 1_000
SPARED = {".git"}
SECOND = 1_000_000_000


class CannotCopy(Exception):
    """The trees could not be filled this way and are blank; the text says why."""


@dataclass(frozen=True)
class Source:
    """A checkout to copy: its folder, its index, and the tree that it is thought to be at."""

    root: Path
    index: Path
    tree: Oid


@dataclass(frozen=True)
class Blank:
    """A tree to fill: its folder, empty but for `.git`, and the folder that gets its index."""

    folder: Path
    admin: Path


def copy_checkout(source: Source, blanks: Sequence[Blank], *, workers: int, pass_fds: Sequence[int] = ()) -> None:
    """Fill all `blanks` with the files of `source`, and write their indexes; or CannotCopy, and they are blank.

    Each blank is written to by all of at most `workers` processes, which inherit `pass_fds`, and end
    when this call ends, however it does.
    """
    index, indexed_ns = _read(source)
    files = len(index) * len(blanks)
    if files < FEWEST_FILES:
        raise CannotCopy(f"{files} files are too few to gain by it")
    stamp_ns = (min(_born_ns(blank) for blank in blanks) // SECOND - 1) * SECOND
    parts = index.parts(min(workers, 1 + files // FILES_WORTH_A_WRITER))
    theirs, ours = os.pipe()
    facts = (theirs, source.root, indexed_ns, stamp_ns, HELD_BYTES // len(parts))

    def write(number: int, part: Part) -> None:
        first = number * len(blanks) // len(parts)  # two writers in one folder wait for each other
        places = chain.from_iterable((blank.folder, blank.admin) for blank in (*blanks[first:], *blanks[:first]))
        _write([*WRITER, *map(str, (*facts, part.offset, *places))], part.entries, (*pass_fds, theirs))

    try:
        with ThreadPoolExecutor(len(parts)) as pool:
            with os.fdopen(ours, "wb"):  # the writers' lifeline: whatever ends this block ends them
                writing = {pool.submit(write, number, part) for number, part in enumerate(parts)}
                while writing:
                    written, writing = wait(writing, LOOK_SECONDS, FIRST_EXCEPTION)
                    for job in written:
                        job.result()
            list(pool.map(partial(_sign, index), blanks))
    except CannotCopy:
        for blank in blanks:
            _clear(blank)
        raise
    finally:
        os.close(theirs)


def _read(source: Source) -> tuple[Index, int]:
    """The template's index and when it was written; CannotCopy when it is not one to copy."""
    try:
        with source.index.open("rb") as file:
            indexed_ns = os.fstat(file.fileno()).st_mtime_ns
            index = parse(file.read())
    except (OSError, UnfitIndex) as error:
        raise CannotCopy(str(error)) from None
    if index.tree != source.tree:
        raise CannotCopy(f"{source.index} does not say that it is at {source.tree}")
    if max(index.sizes, default=0) > LARGEST_FILE_BYTES:
        raise CannotCopy(f"a file is larger than {LARGEST_FILE_BYTES} bytes")
    return index, indexed_ns


def _born_ns(blank: Blank) -> int:
    """When the folder was made, by its file system's clock; CannotCopy when anything is in it."""
    if any(path.name not in SPARED for path in blank.folder.iterdir()):
        raise CannotCopy(f"{blank.folder} is not empty")
    return blank.folder.stat().st_mtime_ns


def _write(argv: Sequence[str], entries: bytes, pass_fds: Sequence[int]) -> None:
    """Run one tree writer."""
    outcome = capture(
        argv,
        cwd=Path(__file__).parent,
        env=scrubbed(os.environ),
        stdin=entries,
        timeout=WRITER_SECONDS,
        pass_fds=pass_fds,
    )
    if outcome.rc != 0:
        said = outcome.err.decode(errors="replace").strip().splitlines()
        raise CannotCopy(said[-1] if said else f"a tree writer ended with exit code {outcome.rc}")


def _sign(index: Index, blank: Blank) -> None:
    """Make what the writers left a whole index."""
    with (blank.admin / "index").open("r+b") as file:
        file.seek(len(index.header))
        entries = file.read()
        file.seek(0)
        file.write(index.with_entries(entries))


def _clear(blank: Blank) -> None:
    """Remove what the writers left; never through a link."""
    folder = os.open(blank.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for found in [entry for entry in os.scandir(folder) if entry.name not in SPARED]:
            if found.is_dir(follow_symlinks=False):
                shutil.rmtree(found.name, dir_fd=folder)
            else:
                os.unlink(found.name, dir_fd=folder)
    finally:
        os.close(folder)
    (blank.admin / "index").unlink(missing_ok=True)
