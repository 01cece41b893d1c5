"""Sessions of this repository: every verb of staddle on milestones.yaml, and what its developers run."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

if importlib.util.find_spec("staddle") is None:
    # nox was started from outside this project's environment: make that, and begin again inside it.
    subprocess.run(["make", "--silent", ".venv/.installed"], check=True)
    os.execv(".venv/bin/python", [".venv/bin/python", "-m", "nox", *sys.argv[1:]])

import nox

from staddle.sessions import register

register(__file__)


def run(session: nox.Session, *argv: str, **env: str) -> None:
    """Run a Python module or script with this environment's interpreter and its programs on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    session.run(sys.executable, *argv, external=True, env={"PATH": path} | env, interrupt_timeout=60)


@nox.session(python=False, default=False)
def demo(session: nox.Session) -> None:
    """Build the sample product under .demo/ and take it from the plan to green checks."""
    run(session, "examples/demo.py", *session.posargs)


@nox.session(python=False, default=False)
def test(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest. One more worker than cores: for a fifth of the time a test waits."""
    run(session, "-m", "pytest", *(session.posargs or ["-n", str((os.cpu_count() or 1) + 1)]))


@nox.session(python=False, default=False)
def style(session: nox.Session) -> None:
    """Check style and types: ruff and mypy --strict."""
    run(session, "-m", "ruff", "check", ".")
    run(session, "-m", "ruff", "format", "--check", ".")
    run(session, "-m", "mypy")


@nox.session(python=False, default=False)
def faults(session: nox.Session) -> None:
    """Cut every command before each of its file-changing calls, in every mode, and soak; takes hours."""
    run(session, "-m", "pytest", "-n", "0", "-s", "tests/faults", *session.posargs, SWEEP_EVERY="1", SOAK="500")


@nox.session(name="agents-real", python=False, default=False)
def agents_real(session: nox.Session) -> None:
    """Try real agent programs, installed below .nox (850 MB), offline; arguments name others than the quick three."""
    folder = str(Path(".nox", "agents").resolve())
    run(session, "-m", "tests.agents.clients", folder, *session.posargs)
    run(session, "-m", "pytest", "-n", "2", "-m", "real_agents", "tests", AGENT_PROGRAMS=folder)


@nox.session(python=False, default=False)
def bench(session: nox.Session) -> None:
    """Measure, as ratios within one run; arguments name benchmarks."""
    for name in session.posargs or (
        "create",
        "runs",
        "naive",
        "startup",
        "races",
        "real_library",
        "verify",
        "sync",
        "matrix",
        "train",
    ):
        run(session, f"benchmarks/{name}.py")
