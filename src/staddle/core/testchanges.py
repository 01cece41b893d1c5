"""Test changes: which tests a change adds, takes away, mutes by a skip or an expected failure, or asks less of."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MUTING = frozenset({"skip", "skipif", "xfail", "skipTest", "skipIf", "skipUnless", "expectedFailure", "importorskip"})
_CLAIMS = frozenset({"raises", "warns", "fail"})


class TestChanges(NamedTuple):
    """The names of tests, `Class::test_it`, by what became of them.

    A test that makes fewer assertions than before is `loosened`; one that makes others, and no fewer, is `changed`.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    muted: tuple[str, ...]
    loosened: tuple[str, ...]
    changed: tuple[str, ...]


class _Test(NamedTuple):
    muted: bool
    claims: Counter[str]


def compare_tests(files: Iterable[tuple[str, str]]) -> TestChanges:
    """What became of the tests in `files`, pairs of an old and a new text; a test that merely moved is no change."""
    before, after = dict[str, _Test](), dict[str, _Test]()
    for old, new in files:
        before |= dict(_tests(old))
        after |= dict(_tests(new))
    both = before.keys() & after.keys()
    muted = {name for name, test in after.items() if test.muted and not (name in both and before[name].muted)}
    loosened = {name for name in both if after[name].claims.total() < before[name].claims.total()}
    changed = {name for name in both - loosened if before[name].claims - after[name].claims}
    found = (after.keys() - before.keys(), before.keys() - after.keys(), muted, loosened, changed)
    return TestChanges(*(tuple(sorted(names)) for names in found))


def _tests(text: str) -> Iterator[tuple[str, _Test]]:
    """Each test of a file; none where Python cannot read the file."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    whole = any(_mutes(node) for node in body if isinstance(node, ast.Assign | ast.Expr))
    yield from _inside(body, "", whole)


def _inside(body: list[ast.stmt], where: str, muted: bool) -> Iterator[tuple[str, _Test]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            whole = any(map(_mutes, (*node.decorator_list, *(one for one in node.body if isinstance(one, ast.Assign)))))
            yield from _inside(node.body, f"{where}{node.name}::", muted or whole)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield f"{where}{node.name}", _Test(muted or _mutes(node), Counter(_claims(node)))


def _claims(test: ast.AST) -> Iterator[str]:
    """What a test asserts, however it is laid out and whatever it says when that is not so."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            yield ast.dump(node.test)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if name.startswith("assert") or name in _CLAIMS:
                yield ast.dump(node)


def _mutes(node: ast.AST) -> bool:
    return any(
        (isinstance(one, ast.Attribute) and one.attr in _MUTING) or (isinstance(one, ast.Name) and one.id in _MUTING)
        for one in ast.walk(node)
    )
