"""Test changes: which tests a change adds, takes away, or mutes by a skip or an expected failure."""

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MUTING = frozenset({"skip", "skipif", "xfail", "skipTest", "skipIf", "skipUnless", "expectedFailure", "importorskip"})


class TestChanges(NamedTuple):
    """The names of tests, `Class::test_it`, by what became of them."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    muted: tuple[str, ...]


def compare_tests(files: Iterable[tuple[str, str]]) -> TestChanges:
    """What became of the tests in `files`, pairs of an old and a new text; a test that merely moved is no change."""
    before, after = dict[str, bool](), dict[str, bool]()
    for old, new in files:
        before |= dict(_tests(old))
        after |= dict(_tests(new))
    muted = (name for name, is_muted in after.items() if is_muted and not before.get(name, False))
    added = after.keys() - before.keys()
    return TestChanges(tuple(sorted(added)), tuple(sorted(before.keys() - after.keys())), tuple(sorted(muted)))


def _tests(text: str) -> Iterator[tuple[str, bool]]:
    """Each test of a file, and whether it is muted; none where Python cannot read the file."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    whole = any(_mutes(node) for node in body if isinstance(node, ast.Assign | ast.Expr))
    yield from ((name, muted or whole) for name, muted in _inside(body, ""))


def _inside(body: list[ast.stmt], where: str) -> Iterator[tuple[str, bool]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            whole = any(map(_mutes, (*node.decorator_list, *(one for one in node.body if isinstance(one, ast.Assign)))))
            yield from ((name, muted or whole) for name, muted in _inside(node.body, f"{where}{node.name}::"))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield f"{where}{node.name}", _mutes(node)


def _mutes(node: ast.AST) -> bool:
    return any(
        (isinstance(one, ast.Attribute) and one.attr in _MUTING) or (isinstance(one, ast.Name) and one.id in _MUTING)
        for one in ast.walk(node)
    )
