"""The index as bytes: what is read, how it is split, and all that is refused."""

import struct
from hashlib import sha1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staddle.core.indexfile import Index, UnfitIndex, parse

OID = bytes(range(20))
FILE, PROGRAM, LINK, SUBMODULE, FOLDER = 0o100644, 0o100755, 0o120000, 0o160000, 0o040000
names = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda name: b"n" + name.replace(b"\0", b"0").replace(b"/", b"1"))
)


def entry(path: bytes, mode: int = FILE, size: int = 5, flags: int = 0) -> bytes:
    more = b"\0\0" if flags & 0x4000 else b""
    text = struct.pack(">10I20sH", 1, 2, 3, 4, 5, 6, mode, 7, 8, size, OID, flags | min(len(path), 0xFFF)) + more + path
    return text + b"\0" * (8 - len(text) % 8)


def signed(body: bytes) -> bytes:
    return body + sha1(body).digest()


def index(*entries: bytes, version: int = 2, extensions: bytes = b"") -> bytes:
    return signed(b"DIRC" + struct.pack(">II", version, len(entries)) + b"".join(entries) + extensions)


def extension(name: bytes, text: bytes) -> bytes:
    return name + struct.pack(">I", len(text)) + text


def whole(read: Index) -> bytes:
    return read.with_entries(read.entries)


@given(names)
def test_an_index_without_extensions_is_written_as_it_was_read(paths: list[bytes]) -> None:
    data = index(*map(entry, paths))
    assert whole(parse(data)) == data


@given(names, st.integers(1, 9))
def test_parts_are_whole_entries_and_together_all_of_them(paths: list[bytes], count: int) -> None:
    read = parse(index(*map(entry, [b"first", *paths])))
    parts = read.parts(count)
    assert len(parts) <= count
    assert b"".join(part.entries for part in parts) == read.entries
    assert {part.offset - len(read.header) for part in parts} <= set(read.starts)


def test_parts_weigh_about_the_same() -> None:
    large, small = entry(b"a", size=3_000_000), [entry(b"b%03d" % number, size=0) for number in range(100)]
    first, second = parse(index(large, *small)).parts(2)
    assert (first.entries, len(second.entries)) == (large, len(b"".join(small)))


def test_a_path_longer_than_its_length_field_is_read_to_its_end() -> None:
    data = index(entry(b"d/" * 2500 + b"name"), entry(b"e", PROGRAM), entry(b"f", LINK))
    assert len(parse(data)) == 3


def test_only_the_cached_tree_is_kept_of_the_extensions() -> None:
    tree = extension(b"TREE", b"\x001 0\n" + OID)
    read = parse(index(entry(b"a"), extensions=extension(b"UNTR", b"text") + tree + extension(b"EOIE", b"text")))
    assert read.tree == OID.hex()
    assert whole(read) == index(entry(b"a"), extensions=tree)


@pytest.mark.parametrize("text", [b"\0-1 0\n", b"\x002 0\n" + OID, b""])
def test_a_cached_tree_that_is_outdated_names_no_tree(text: bytes) -> None:
    assert parse(index(entry(b"a"), extensions=extension(b"TREE", text))).tree is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (index(entry(b"a"), version=4), "version 4"),
        (index(entry(b"a", SUBMODULE)), "'a' is a submodule"),
        (index(entry(b"a/", FOLDER)), "sparse checkout"),
        (index(entry(b"a", 0o100600)), "of mode 100600"),
        (index(entry(b"a", flags=0x8000)), "assumed unchanged"),
        (index(entry(b"\xff", flags=0x4000), version=3), r"'\\udcff' is left out or only intended"),
        (index(entry(b"a", flags=0x2000)), "in conflict"),
        (index(entry(b"a"), extensions=extension(b"link", OID)), "the extension 'link'"),
        (index(entry(b"a"), extensions=b"TR"), "makes no sense"),
        (index(entry(b"a"))[:-1] + b"\0", "SHA-1"),
        (signed(b"DIRC" + struct.pack(">II", 2, 9) + entry(b"a")), "makes no sense"),
        (b"", "SHA-1"),
    ],
)
def test_what_stat_data_cannot_copy_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnfitIndex, match=reason):
        parse(data)


@pytest.mark.parametrize("path", [b"..", b"a/../b", b"/a", b"a//b", b"a/", b"./a", b".git/hooks/x", b"sub/.GIT/config"])
def test_a_path_that_leads_out_is_refused(path: bytes) -> None:
    with pytest.raises(UnfitIndex, match=r"leads out of the checkout or into \.git"):
        parse(index(entry(b"0"), entry(path), entry(b"z")))


@pytest.mark.parametrize("path", [b".gitignore", b"...", b"a..b/.github", b"x.git"])
def test_a_path_that_only_looks_like_leading_out_is_fine(path: bytes) -> None:
    assert len(parse(index(entry(path)))) == 1
