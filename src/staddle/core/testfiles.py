"""Test files: which paths are pytest's or shape what its tests come to, and what of its tests one no longer holds."""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import PurePosixPath

MARK = "pytestmark"
"""A name that a file need not have had for its tests to be altered by it."""

PYPROJECT = "pyproject.toml"
TEST_FOLDERS = frozenset({"test", "tests", "testing"})
IMPORTED_FROM = TEST_FOLDERS | {"", "src"}
"""The folders that Python or pytest may put in front of everything else it imports from."""

SHAPING = frozenset(
    {
        *("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
        *("sitecustomize.py", "usercustomize.py"),
    }
)
CODE = (".py", ".pyc", ".so")
SHADOWED = sys.stdlib_module_names - {"test"} | {
    *("pytest", "_pytest", "pluggy", "py", "iniconfig", "packaging", "pygments", "staddle_evidence"),
    *("sitecustomize", "usercustomize", "xdist", "pytest_cov", "pytest_randomly", "coverage"),
}


def is_test_file(path: str) -> bool:
    """Whether pytest collects a file of this name: `test_*.py` or `*_test.py`."""
    name = PurePosixPath(path)
    return name.suffix == ".py" and (name.stem.startswith("test_") or name.stem.endswith("_test"))


def takes_over(path: str) -> bool:
    """Whether a file of this name decides by itself what tests come to, whatever it holds."""
    name = PurePosixPath(path)
    if name.name in SHAPING or name.suffix == ".pth":
        return True
    module, home = (name.parent, name.parent.parent) if name.stem == "__init__" else (name, name.parent)
    on_path = home.name in IMPORTED_FROM and (len(home.parts) <= 1 or home.name in TEST_FOLDERS)
    return on_path and name.suffix in CODE and module.name.split(".")[0] in SHADOWED


def supports_tests(path: str) -> bool:
    """Whether a path is what tests stand on: a file in a folder of tests that is none itself."""
    return not is_test_file(path) and not TEST_FOLDERS.isdisjoint(PurePosixPath(path).parts[:-1])


def is_settings(path: str) -> bool:
    """Whether a file of this name may hold pytest's settings among others."""
    return PurePosixPath(path).name in (PYPROJECT, "tox.ini", "setup.cfg")


def pytest_settings(path: str, text: str) -> object:
    """What such a file says to pytest; the text itself when it cannot be read."""
    try:
        if PurePosixPath(path).name == PYPROJECT:
            found = tomllib.loads(text)
            return found.get("tool", {}).get("pytest"), found.get("project", {}).get("entry-points")
        parser = ConfigParser(interpolation=None)
        parser.read_string(text)
        return {name: dict(parser[name]) for name in ("pytest", "tool:pytest") if name in parser}
    except (ConfigError, ValueError, AttributeError):
        return text


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
