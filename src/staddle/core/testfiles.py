"""Test files: which paths are pytest's, and what of its tests a changed one no longer holds."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

MARK = "pytestmark"
"""A name that a file need not have had for its tests to be altered by it."""


def is_test_file(path: str) -> bool:
    """Whether pytest collects a file of this name: `test_*.py` or `*_test.py`."""
    name = PurePosixPath(path)
    return name.suffix == ".py" and (name.stem.startswith("test_") or name.stem.endswith("_test"))


def beside(path: str, number: int) -> str:
    """The path, still a test file's, that candidate `number`'s version of `path` has beside the others'."""
    name = PurePosixPath(path)
    stem = f"{name.stem}__b{number}" if name.stem.startswith("test_") else f"b{number}__{name.stem}"
    return str(name.with_name(f"{stem}.py"))


def report_name(test: str) -> str:
    """How test reports begin the name of what `tests/test_x.py::Class::test_y` or `tests/test_x.py` names."""
    path, *names = test.split("::")
    home = ".".join([path.removesuffix(".py").replace("/", "."), *names[:-1]])
    return "::".join([home, *names[-1:]])


def is_of(test: str, path: str) -> bool:
    """Whether a test, as reports name it, is in the file at `path`, or is that file's failed collection."""
    name = report_name(path)
    return test == name or test.startswith((f"{name}.", f"{name}::"))


def altered_names(old: str, new: str) -> tuple[str, ...]:
    """What of a test file is not in its new version as it was; none when that merely adds to it."""
    try:
        before, after = _parts(old), _parts(new)
    except (SyntaxError, ValueError):
        return () if old == new else ("all of it",)
    changed = [name for name, parts in before.items() if after.get(name) != parts]
    return (*changed, *({MARK} & (after.keys() - before.keys())))


def _parts(text: str) -> dict[str, list[str]]:
    """What each name of a module is bound to, in order: bound twice, the later one counts."""
    found = defaultdict[str, list[str]](list)
    for name, what in _bound(ast.parse(text).body, ""):
        found[name].append(what)
    return found


def _bound(body: list[ast.stmt], where: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield where + (alias.asname or alias.name), f"{getattr(node, 'module', '')} {alias.name}"
        elif isinstance(node, ast.ClassDef):
            head = [*node.decorator_list, *node.bases, *node.keywords]
            yield where + node.name, " ".join(map(ast.dump, head))
            yield from _bound(node.body, f"{where}{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield where + node.name, ast.dump(node)
        elif isinstance(node, ast.Assign):
            yield where + ", ".join(map(ast.unparse, node.targets)), ast.dump(node)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield where + ast.unparse(node).splitlines()[0], ast.dump(node)
