"""The git index as bytes: read just enough of it to give a copy of its files stat data of their own.

Layout (versions 2 and 3, SHA-1): a header of 12 bytes; entries sorted by path, each 62 bytes and the
path, padded with 1 to 8 NULs to a multiple of 8; extensions; the SHA-1 of all that. Stat data is 40
bytes at the head of an entry, so it is replaced in place. What git would have to interpret for us is
refused, not guessed at.
"""

import re
import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from itertools import accumulate, pairwise

from .names import Oid

HEADER = struct.Struct(">4sII")
FACTS = struct.Struct(">24xI8xI20xH")
"""Of an entry: its mode, its file's size in bytes, its flags."""
ENTRY_BYTES = 62
EXTENSION = struct.Struct(">4sI")
TRAILER_BYTES = 20

PLAIN_MODES = (0o100644, 0o100755, 0o120000)
OTHER_MODES = {0o160000: "a submodule", 0o040000: "a folder left out by sparse checkout"}
NAME_LENGTH, MORE_FLAGS = 0xFFF, 0x4000
OTHER_FLAGS = {0x8000: "assumed unchanged", MORE_FLAGS: "left out or only intended to be added", 0x3000: "in conflict"}
LEADS_OUT = re.compile(rb"(?:\A|[/\0])(?:\.{0,2}|\.git)(?=[/\0]|\Z)", re.IGNORECASE)
ROOT = re.compile(rb"\0(\d+) \d+\n(.{20})", re.DOTALL)
"""How a cached tree begins where its root is valid: the number of entries below it, and its oid."""

FILE_COST = 30_000
"""Making a file takes about as long as writing so many bytes."""


class UnfitIndex(Exception):
    """The index holds more than stat data, plain files and links; the text says what."""


@dataclass(frozen=True)
class Part:
    """A run of entries: where in the index it begins, and its bytes."""

    offset: int
    entries: bytes


@dataclass(frozen=True)
class Index:
    """The bytes before, of and after the entries, each of which is a plain file or a link.

    `starts` has where each entry begins in `entries`, `sizes` how many bytes its file has.
    """

    header: bytes
    entries: bytes
    cached_tree: bytes
    starts: tuple[int, ...]
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def tree(self) -> Oid | None:
        """The tree that the entries make, where git has recorded it since they last changed."""
        root = ROOT.match(self.cached_tree, EXTENSION.size)
        return Oid(root[2].hex()) if root and int(root[1]) == len(self) else None

    def parts(self, count: int) -> list[Part]:
        """The entries, of which there are some, in at most `count` runs that take about equally long to write."""
        so_far = list(accumulate(size + FILE_COST for size in self.sizes))
        cuts = {bisect_left(so_far, so_far[-1] * number / count) + 1 for number in range(1, count)}
        places = [*self.starts, len(self.entries)]
        bounds = [places[cut] for cut in sorted({0, *cuts, len(self)})]
        return [Part(len(self.header) + first, self.entries[first:last]) for first, last in pairwise(bounds)]

    def with_entries(self, entries: bytes) -> bytes:
        """The index file that has `entries`, the same but for their stat data."""
        body = self.header + entries + self.cached_tree
        return body + sha1(body, usedforsecurity=False).digest()


def parse(data: bytes) -> Index:
    """Read an index file; UnfitIndex when it is damaged, or when replacing stat data does not make a copy of it."""
    body, trailer = data[:-TRAILER_BYTES], data[-TRAILER_BYTES:]
    if sha1(body, usedforsecurity=False).digest() != trailer:
        raise UnfitIndex("the index does not end in the SHA-1 of its content")
    try:
        return _parse(body)
    except (struct.error, ValueError) as error:
        raise UnfitIndex(f"the index makes no sense: {error}") from None


def _parse(body: bytes) -> Index:
    signature, version, count = HEADER.unpack_from(body)
    if signature != b"DIRC" or version not in (2, 3):
        raise UnfitIndex(f"the index has version {version}")
    starts, sizes, paths, at = [], [], [], HEADER.size
    for _ in range(count):
        mode, size, flags = FACTS.unpack_from(body, at)
        name = at + ENTRY_BYTES + 2 * bool(flags & MORE_FLAGS)
        end = name + flags if flags < NAME_LENGTH else body.index(0, name)
        path = body[name:end]
        if flags > NAME_LENGTH or mode not in PLAIN_MODES:
            raise UnfitIndex(f"{_shown(path)} is {_oddity(mode, flags)}")
        starts.append(at - HEADER.size)
        sizes.append(size)
        paths.append(path)
        at = end + 8 - (end - at) % 8
    if paths and LEADS_OUT.search(b"\0".join(paths)):
        raise UnfitIndex("a path in the index leads out of the checkout or into .git")
    cached_tree = b"".join(text for name, text in _extensions(body, at) if name == b"TREE")
    return Index(body[: HEADER.size], body[HEADER.size : at], cached_tree, tuple(starts), tuple(sizes))


def _extensions(body: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """Every extension with its whole text; those with a small first letter change what entries mean."""
    while at < len(body):
        name, size = EXTENSION.unpack_from(body, at)
        if not name[:1].isupper():
            raise UnfitIndex(f"the index has the extension {_shown(name)}")
        yield name, body[at : at + EXTENSION.size + size]
        at += EXTENSION.size + size


def _oddity(mode: int, flags: int) -> str:
    words = [word for bit, word in OTHER_FLAGS.items() if flags & bit]
    return ", ".join([*words, *([] if mode in PLAIN_MODES else [OTHER_MODES.get(mode, f"of mode {mode:o}")])])


def _shown(name: bytes) -> str:
    return ascii(name.decode(errors="surrogateescape"))
