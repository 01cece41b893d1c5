"""The tree writer: writes some entries of a git index, and their files, into several new work trees.

A program of its own (`python -I -S treewriter.py ARGUMENTS`, standard library only), so that it can
work beside others of its kind without sharing an interpreter's lock or a caller's threads. It reads
each file of the template once and gives it to every tree. Its input is the entries' bytes as they
stand in the template's index; `Job` lists its arguments.

It copies only content that is proven to be what git put into the template: the file's stat data are
those that git recorded, or else its bytes hash to the entry's oid. It writes only below the folders
it was given, which it neither leaves nor enters by a link, and only what is not there yet. It ends
when its lifeline closes: a pipe whose other end its parent holds. Any failure ends it with exit
code 1 and one line on stderr.
"""

from __future__ import annotations

import _thread
import gc
import os
import sys
from struct import Struct

TYPE_CHECKING = False  # `typing` itself takes longer to import than a thousand files to write
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENTRY = Struct(">10I20sH")
"""Of an entry: ctime and mtime (seconds, nanoseconds), dev, ino, mode, uid, gid, size; oid, flags."""
STAT = Struct(">10I")
SECOND = 1_000_000_000
LOW_BITS = 0xFFFFFFFF

EMPTY = bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
LINK, PROGRAM = 0o120000, 0o100755
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
INDEX = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW


class Job:
    """What to do: the command line and standard input.

    Arguments: the descriptor of the lifeline; the template's folder; when its index was written; the time
    that the new files get (both in nanoseconds); how many bytes of content to hold at a time; where
    the entries begin in the index; then for each tree its folder and the folder of its index.
    """

    def __init__(self, argv: Sequence[str], entries: bytes) -> None:
        lifeline, template, indexed_ns, stamp_ns, held_bytes, offset, *places = map(os.fsencode, argv)
        self.lifeline, self.template = int(lifeline), template
        self.indexed_ns, self.stamp_ns = int(indexed_ns), int(stamp_ns)
        self.held_bytes, self.offset = int(held_bytes), int(offset)
        self.trees = list(zip(places[::2], places[1::2], strict=True))
        self.entries = entries


class Entry:
    """The entry that begins at `at`: where it ends, and what it says."""

    __slots__ = ("at", "end", "folder", "mode", "name", "oid", "path", "size", "stat")

    def __init__(self, entries: bytes, at: int) -> None:
        *stat, self.oid, _flags = ENTRY.unpack_from(entries, at)
        end = entries.index(0, at + ENTRY.size)
        self.path = entries[at + ENTRY.size : end]
        self.folder, _, self.name = self.path.rpartition(b"/")
        self.at, self.end = at, end + 8 - (end - at) % 8
        self.stat = tuple(stat)
        self.mode, self.size = stat[6], stat[9]


class Trail:
    """Open descriptors from a tree's root down to the folder written to last, made on the way."""

    def __init__(self, root: bytes) -> None:
        self.path = b""
        self.names: list[bytes] = []
        self.opened = [os.open(root, FOLDER)]

    def enter(self, path: bytes) -> int:
        """The descriptor of the folder `path`; no link is followed on the way."""
        if path == self.path:
            return self.opened[-1]
        self.path, names = path, path.split(b"/") if path else []
        while self.names != names[: len(self.names)]:
            self.names.pop()
            os.close(self.opened.pop())
        for name in names[len(self.names) :]:
            try:
                os.mkdir(name, dir_fd=self.opened[-1])
            except FileExistsError:
                pass  # by another writer, or for an earlier file; if it is no folder, opening it fails
            self.opened.append(os.open(name, FOLDER, dir_fd=self.opened[-1]))
            self.names.append(name)
        return self.opened[-1]

    def close(self) -> None:
        """Close them all."""
        for descriptor in self.opened:
            os.close(descriptor)


def stat_data(found: os.stat_result, mode: int) -> tuple[int, ...]:
    """What git would record of a file."""
    return (
        *divmod(found.st_ctime_ns, SECOND),
        *divmod(found.st_mtime_ns, SECOND),
        found.st_dev & LOW_BITS,
        found.st_ino & LOW_BITS,
        mode,
        found.st_uid,
        found.st_gid,
        found.st_size & LOW_BITS,
    )


def content(template: int, entry: Entry, indexed_ns: int) -> bytes:
    """What git put into the template's file."""
    if entry.mode == LINK:
        held = os.readlink(entry.path, dir_fd=template)
        found = os.stat(entry.path, dir_fd=template, follow_symlinks=False)
    else:
        descriptor = os.open(entry.path, READ, dir_fd=template)
        try:
            held = os.read(descriptor, entry.size + 1)
            found = os.fstat(descriptor)  # after the reading, so that it shows a write before it
        finally:
            os.close(descriptor)
    recorded = entry.stat == stat_data(found, entry.mode) and found.st_mtime_ns < indexed_ns
    # a recorded size of 0 may also be git's mark that the stat data prove nothing
    if not (recorded and held and len(held) == entry.size) and oid(held) != entry.oid:
        raise SystemExit(f"{os.fsdecode(entry.path)} is not as git left it")
    return held


def oid(held: bytes) -> bytes:
    """The name of the git object that has this content."""
    if not held:
        return EMPTY
    from hashlib import sha1  # rarely needed, and takes a third of the whole start

    return sha1(b"blob %d\0" % len(held) + held, usedforsecurity=False).digest()


def write(folder: int, entry: Entry, held: bytes, stamp_ns: int) -> os.stat_result:
    """Create one file or link, and say how it looks then."""
    times = stamp_ns, stamp_ns
    if entry.mode == LINK:
        os.symlink(held, entry.name, dir_fd=folder)
        os.utime(entry.name, ns=times, dir_fd=folder, follow_symlinks=False)
        return os.stat(entry.name, dir_fd=folder, follow_symlinks=False)
    descriptor = os.open(entry.name, CREATE, 0o777 if entry.mode == PROGRAM else 0o666, dir_fd=folder)
    try:
        if os.write(descriptor, held) != len(held):
            raise SystemExit(f"{os.fsdecode(entry.name)} could not be written as a whole")
        os.utime(descriptor, ns=times)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def chunks(job: Job) -> Iterator[list[tuple[Entry, bytes]]]:
    """All entries and their contents, as many at a time as may be held."""
    template = os.open(job.template, os.O_RDONLY | os.O_DIRECTORY)
    chunk: list[tuple[Entry, bytes]] = []
    at = size = 0
    while at < len(job.entries):
        entry = Entry(job.entries, at)
        held = content(template, entry, job.indexed_ns)
        chunk.append((entry, held))
        at, size = entry.end, size + len(held)
        if size > job.held_bytes or at == len(job.entries):
            yield chunk
            chunk, size = [], 0
    os.close(template)


def fill(job: Job, chunk: Sequence[tuple[Entry, bytes]], place: bytes, admin: bytes) -> None:
    """Write a chunk into one tree, and its entries with the new stat data into that tree's index."""
    first, end = chunk[0][0].at, chunk[-1][0].end
    entries = bytearray(job.entries[first:end])
    trail = Trail(place)
    for entry, held in chunk:
        found = write(trail.enter(entry.folder), entry, held, job.stamp_ns)
        STAT.pack_into(entries, entry.at - first, *stat_data(found, entry.mode))
    trail.close()
    home = os.open(admin, FOLDER)
    index = os.open("index", INDEX, 0o666, dir_fd=home)
    os.pwrite(index, entries, job.offset + first)
    os.close(index)
    os.close(home)


def end_with(lifeline: int) -> None:
    """Wait until the lifeline closes, and end this process."""
    os.read(lifeline, 1)
    os._exit(1)


def main() -> None:
    """Do the job."""
    gc.disable()  # nothing here makes cycles, and there are many entries to look through
    job = Job(sys.argv[1:], sys.stdin.buffer.read())
    _thread.start_new_thread(end_with, (job.lifeline,))
    try:
        for chunk in chunks(job):
            for place, admin in job.trees:
                fill(job, chunk, place, admin)
    except OSError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
