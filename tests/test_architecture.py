"""The house rules that a machine can hold: layers, single owners of outside things, sizes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "staddle"
LAYERS = ("core", "edges", "guard", "faults", "flows", "doors")
DOORS = {"cli", "sessions", "githook", "__main__"}
ALONE = {"supervisor.py", "services.py", "treewriter.py", "faults/cutter.py", "faults/seccomp.py"}
"""Programs of their own: they import the standard library, and of ours each other alone."""

SIDEWAYS = {
    "edges": {
        ("gitcalls", "process"), ("git", "gitcalls"), ("git", "history"), ("history", "gitcalls"),
        ("entries", "git"), ("process", "processes"),
        ("objects", "git"), ("objects", "gitcalls"), ("objects", "entries"),
        ("conflicts", "git"), ("conflicts", "gitcalls"), ("conflicts", "entries"), ("conflicts", "process"),
        ("shelf", "git"), ("shelf", "gitcalls"), ("shelf", "entries"), ("shelf", "objects"),
        ("plans", "yamltext"), ("ports", "state"), ("surroundings", "ports"), ("surroundings", "process"),
        ("surroundings", "state"), ("engine", "process"), ("engine", "slots"),
        ("sparse", "git"), ("promised", "git"), ("filters", "git"), ("submodules", "git"), ("objects", "sparse"),
        ("slots", "state"), ("verdicts", "state"), ("treecopy", "process"),
        ("remotes", "git"), ("remotes", "gitcalls"),
        ("forge", "git"), ("forge", "process"), ("forge", "remotes"),
        ("process", "masking"), ("console", "masking"), ("reports", "masking"),
    },
}  # fmt: skip
"""Imports between edges: everything runs through `process`, records are files of `state`."""

MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if "templates" not in path.parts)

OWNERS = {
    "yaml": {"edges/plans.py", "edges/yamltext.py"},
    "jinja2": {"edges/render.py"},
    "sh": {"edges/process.py"},
    "subprocess": {"edges/process.py", *ALONE},
    "typer": {module for module in MODULES if module.startswith("cli/")},
    "rich": {"edges/console.py"},
    "nox": {"sessions.py"},
    "fcntl": {"edges/state.py", *ALONE},
}
MODULE_LINES, FUNCTION_LINES = 260, 50


def layer(module: str) -> str:
    first = module.split("/", maxsplit=1)[0].removesuffix(".py")
    return "doors" if first in DOORS else first


def imports(module: str) -> Iterator[str]:
    """What a module imports: absolute names, and ours as paths below the package."""
    here = (SOURCE / module).parent
    for node in ast.walk(ast.parse((SOURCE / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = here.joinpath(*[".."] * (node.level - 1), *(node.module or "").split(".")).resolve()
            for alias in node.names:
                name = base / alias.name
                target = name if name.is_dir() or name.with_suffix(".py").exists() else base
                yield "staddle/" + target.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_the_layers_only(module: str) -> None:
    ours = [name.removeprefix("staddle/") for name in imports(module) if name.startswith("staddle/")]
    own = layer(module)
    if module in ALONE:
        assert {f"{name}.py" for name in ours} <= ALONE, f"{module} is a program of its own"
        return
    for other in ours:
        if own in LAYERS and layer(other) in LAYERS:
            assert LAYERS.index(layer(other)) <= LAYERS.index(own), f"{module} imports {other}, which is above it"
        pair = (Path(module).stem, Path(other).stem)
        if own == layer(other) == "edges" and other != "edges":
            assert pair in SIDEWAYS["edges"], f"{module} imports {other} sideways"


@pytest.mark.parametrize("module", MODULES)
def test_each_outside_thing_has_one_owner(module: str) -> None:
    for name in {name.split(".")[0] for name in imports(module)} & OWNERS.keys():
        assert module in OWNERS[name], f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_small(module: str) -> None:
    text = (SOURCE / module).read_text()
    assert text.count("\n") <= MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, f"{module}: {node.name}"


def public(body: list[ast.stmt], where: str = "") -> Iterator[tuple[str, str | None]]:
    """The public functions, classes and methods in `body`, with their docstrings."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{where}{node.name}", ast.get_docstring(node)
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_public_names_say_what_they_are(module: str) -> None:
    tree = ast.parse((SOURCE / module).read_text())
    assert ast.get_docstring(tree), f"{module} has no first line"
    if layer(module) != "doors":
        assert [name for name, said in public(tree.body) if not said] == []


def test_only_the_command_line_catches_expected_errors() -> None:
    for module in MODULES:
        for node in ast.walk(ast.parse((SOURCE / module).read_text())):
            if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name):
                allowed = node.type.id != "StaddleError" or layer(module) == "doors"
                assert allowed, f"{module}:{node.lineno} catches StaddleError"
