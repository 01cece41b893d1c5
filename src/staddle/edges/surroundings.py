"""Surroundings: what a tree has besides its files, so that two trees never meet at run time.

Each tree gets a folder `.staddle/` that ignores itself: the env file, rendered prompts. Its TMPDIR
lies in the system's, under a short name, because sockets in it may be no longer than 108 bytes.
"""

import hashlib
import os
import re
import shlex
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.errors import Refused
from ..core.model import Plan
from .ports import reserve
from .process import scrubbed
from .state import SECRET_FOLDER, write_durably

OWN_FOLDER = ".staddle"
PACKAGES = "lib/python3*/*-packages/*.dist-info"
APART = (
    "TMPDIR",
    "COMPOSE_PROJECT_NAME",
    "STADDLE_TREE",
    "STADDLE_DATABASE",
    "STADDLE_PORT_BASE",
    "STADDLE_PORTS",
)
"""What differs from tree to tree that they may not meet, and may not matter to what a check finds."""
GO_ON = "STADDLE_GO_ON"
"""Tells our pytest plugin that a test that fails, or cannot even be imported, must not silence the others."""
FOREIGN_VARIABLES = re.compile(
    "(PYTHON|PYTEST|HYPOTHESIS_|COVERAGE_|LD_PRELOAD|VIRTUAL_ENV|UV_PROJECT_|CONDA_|NOX_|MAKE|MFLAGS).*"
)
"""What the caller's shell, nox or make would leak into a tree: another tree's code, or their own settings."""


def own_folder(tree: Path) -> Path:
    """The tree's `.staddle/`, made and self-ignoring."""
    folder = tree / OWN_FOLDER
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise Refused("own-folder", f"{folder} is not a folder, and staddle keeps its files there", f"ls -l {folder}")
    folder.mkdir(exist_ok=True)
    write_durably(folder / ".gitignore", "*\n")
    return folder


def put_prompt(file: Path, text: str) -> None:
    """Write a prompt into a folder of the tree's `.staddle/`; what else stands in that folder's place goes."""
    own_folder(file.parents[2])
    if file.parent.is_symlink() or file.parent.is_file():
        file.parent.unlink()
    file.parent.mkdir(exist_ok=True)
    write_durably(file, text)


def temporary_place(tree: Path) -> Path:
    """Where the tree's TMPDIR is, if it has been made."""
    top = Path(tempfile.gettempdir()) / f"staddle-{os.getuid()}"
    return top / f"{tree.name[-24:]}-{hashlib.sha256(os.fsencode(tree)).hexdigest()[:8]}"


def temporary_folder(tree: Path) -> Path:
    """The tree's TMPDIR, made for this user alone."""
    folder = temporary_place(tree)
    for path in (folder.parent, folder):
        path.mkdir(mode=SECRET_FOLDER, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise Refused("temporary-folder", f"{path} is not a folder of yours", f"rm {path}, or set TMPDIR")
    return folder


def variables(plan: Plan, name: str, tree: Path, identity: Mapping[str, str]) -> dict[str, str]:
    """The variables that are this tree's own; ports are reserved for it as long as it exists.

    `name` is the tree's target, `m3` or `run42-b2`; `identity` are variables that say more of whose it is.
    """
    slug = f"{plan.project}-{name}"
    ports = plan.surroundings.ports
    numbers = {"STADDLE_PORT_BASE": str(reserve(tree, ports)), "STADDLE_PORTS": str(ports)} if ports else {}
    return {
        **identity,
        "STADDLE_TREE": str(tree),
        "STADDLE_DATABASE": slug.replace("-", "_"),
        "COMPOSE_PROJECT_NAME": slug,
        "TMPDIR": str(temporary_folder(tree)),
        **numbers,
        **plan.surroundings.env,
    }


def shared_variables(own: Mapping[str, str]) -> dict[str, str]:
    """Those of a tree's variables that do not merely keep it apart from others."""
    return {name: value for name, value in own.items() if name not in APART}


def tools(path: str, program: str, tree: Path) -> str:
    """A digest of what runs a check: the program and the Python that PATH names, and the packages beside that Python.

    What lies in the tree itself counts by its name alone: two trees set up alike have equal tools.
    """
    facts = []
    for name in (program, "python3"):
        found = tree / name if "/" in name else shutil.which(name, path=path)
        place = Path(os.path.realpath(found)) if found else None
        if place and place.exists() and not Path(found or "").is_relative_to(tree):
            facts.append(f"{place} {place.stat().st_size} {place.stat().st_mtime_ns}")
        facts.append(str(found and Path(os.path.relpath(found, tree)) if str(found).startswith(f"{tree}/") else found))
        if found and name == "python3":
            home = Path(found).parent.parent
            facts += sorted(str(package.relative_to(home)) for package in home.glob(PACKAGES))
            facts.append(_version(home / "pyvenv.cfg"))
    return hashlib.sha256("\n".join(facts).encode(errors="surrogateescape")).hexdigest()


def _version(config: Path) -> str:
    """What the environment's own file says of its Python."""
    try:
        lines = config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return " ".join(sorted(line for line in lines if line.partition(" ")[0] in ("home", "version", "version_info")))


def contents(tree: Path, names: Sequence[str]) -> dict[str, str]:
    """A digest of each of these paths in the tree that is there; of a folder, by the size and time of what is in it."""
    return {name: _digest(tree / name) for name in names if os.path.lexists(tree / name)}


def _digest(path: Path) -> str:
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    facts = [str(path.resolve())]
    for inner in sorted(path.resolve().rglob("*")):
        found = inner.lstat()
        facts.append(f"{inner} {found.st_mode} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode(errors="surrogateescape")).hexdigest()


def furnish(plan: Plan, main: Path, tree: Path, own: Mapping[str, str]) -> None:
    """Write `own` into the tree's env file, and copy or link the files the plan names; never over an existing one."""
    lines = [f"{name}={shlex.quote(value)}" for name, value in own.items()]
    write_durably(own_folder(tree) / "env", "\n".join(lines) + "\n")
    for name in plan.surroundings.copy:
        if (main / name).is_file() and not os.path.lexists(tree / name):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(main / name, tree / name)
    for name in plan.surroundings.link:
        if (main / name).exists() and not os.path.lexists(tree / name):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).symlink_to(main / name)


def clear_half_made(tree: Path) -> None:
    """Remove a `.venv` that has a Python and does not say that it is an environment.

    Whoever installs into such a one, `uv sync` too, installs into the Python that it links to, and clears that out.
    """
    venv = tree / ".venv"
    if not venv.is_symlink() and (venv / "bin" / "python").is_symlink() and not (venv / "pyvenv.cfg").exists():
        shutil.rmtree(venv)


def environment(own: Mapping[str, str], tree: Path, *, with_tools: bool) -> dict[str, str]:
    """The whole environment of a program run in a tree: the caller's without what would mislead, and `own`.

    The tree's `.venv` comes first on PATH where it has one. Our own interpreter's programs come last
    for set-up and agents (`with_tools`: uv may be among them), and not at all for checks, which must
    not find a pytest that belongs to another environment.
    """
    caller = {name: value for name, value in scrubbed(os.environ).items() if not FOREIGN_VARIABLES.fullmatch(name)}
    ours = Path(sys.prefix) / "bin"
    path = [place for place in caller.get("PATH", os.defpath).split(os.pathsep) if Path(place) != ours]
    venv = tree / ".venv"
    active = {"VIRTUAL_ENV": str(venv)} if venv.is_dir() else {}
    places = [str(venv / "bin")] * bool(active) + path + [str(ours)] * with_tools
    return caller | {"PATH": os.pathsep.join(places)} | active | dict(own)
