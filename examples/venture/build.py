"""Builds the sample product as real repositories: an origin, and a main checkout with a history.

    build.py [DEST]

DEST gets `origin.git`, a bare repository, and `parpour`, a clone of it on main. They are built aside and moved into
place at the end, so that DEST is complete or absent; a complete one is left alone. Commit dates are fixed; the lock
file is what uv resolves today.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

PRODUCT = Path(__file__).resolve().parent / "product"
LEFTOVERS = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", ".coverage", "htmlcov")
START = 1_767_600_000  # 2026-01-05T08:00:00Z; one commit an hour from then on
SECONDS = 120

HISTORY = (
    ("chore: start the venture product", "pyproject.toml README.md .gitignore .env.example app/__init__.py"),
    ("chore: serve JSON over HTTP", ":(glob)app/*.py tests/conftest.py tests/unit/test_settings.py"),
    ("feat(events): FR-VNT-EVENT-001 shared event envelope", "app/events tests/unit/test_events.py"),
    ("feat(policy): FR-VNT-POLICY-001 versioned policy bundles", "app/policy tests/integration/test_policy_api.py"),
    ("feat(treasury): FR-VNT-TREAS-001 ledger and payout", "app/treasury tests/integration/test_treasury_api.py"),
    ("docs(treasury): state the ledger's invariant", "docs/treasury.md"),
    ("chore(artifact): compiler and content-addressed store", "app/artifacts tests/integration/test_artifacts_api.py"),
    ("chore(agent): task envelopes and their queue", "app/agents tests/integration/test_agents_api.py"),
    (
        "test(agent): the queue in redis",
        "tests/integration/servers/conftest.py tests/integration/servers/test_shared_queue.py",
    ),
    ("chore(compliance): cases and their states", "app/compliance tests/integration/test_compliance_api.py"),
    ("chore(orch): workflows of steps", "app/orchestrator tests/integration/test_orchestrator_api.py"),
    ("chore(ctrl): register of ventures", "app/control_plane tests/integration/test_control_plane_api.py"),
    ("chore(integration): wire the services together", "app/system tests/integration/test_system_api.py"),
    ("test(integration): processes that share servers", "tests/integration/servers/test_shared_system.py"),
    ("test(ctrl): FR-VNT-CTRL-001 failing test", "tests/unit/test_control_plane.py"),
    ("test(policy): FR-VNT-POLICY-002 failing test", "tests/unit/test_policy.py"),
    ("test(treasury): FR-VNT-TREAS-003 failing test\n\nAnd that of FR-VNT-TREAS-004.", "tests/unit/test_treasury.py"),
    ("test(artifact): FR-VNT-ARTIF-001 failing test", "tests/unit/test_artifacts.py"),
    ("test(agent): FR-VNT-AGENT-001 failing test", "tests/unit/test_agents.py"),
    ("test(compliance): FR-VNT-COMPL-001 failing test", "tests/unit/test_compliance.py"),
    ("test(orch): FR-VNT-ORCH-001 failing test", "tests/unit/test_orchestrator.py"),
    ("test(integration): FR-VNT-INTEG-001 failing test", "tests/unit/test_system.py tests/e2e/test_venture.py"),
    ("chore: lock the development tools", "uv.lock"),
)


def main() -> None:
    """Builds DEST, or says that it is there."""
    parser = argparse.ArgumentParser(description="Builds the sample product as git repositories.")
    parser.add_argument("dest", nargs="?", type=Path, default=Path(".demo"), help="folder to build (default: .demo)")
    dest = parser.parse_args().dest.resolve()
    if (dest / "origin.git" / "HEAD").exists() and (dest / "parpour" / ".git").exists():
        print(f"{dest} is complete and left alone")
        return
    if dest.exists() and any(dest.iterdir()):
        raise SystemExit(f"{dest} holds something else; remove it or name another folder")
    aside = dest.with_name(f".{dest.name}.building")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        build(aside, dest)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(error.cmd)} failed:\n{error.stderr}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def build(aside: Path, dest: Path) -> None:
    """Builds both repositories in `aside`, which it renames to `dest` when they are complete."""
    checkout = aside / "parpour"
    aside.mkdir(parents=True)
    git(aside, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(aside, "clone", "--quiet", "origin.git", "parpour")
    git(checkout, "config", "user.name", "Venture")
    git(checkout, "config", "user.email", "team@venture.invalid")
    shutil.copytree(PRODUCT, checkout, ignore=LEFTOVERS, dirs_exist_ok=True)
    shutil.copy(checkout / ".env.example", checkout / ".env")
    print("resolving the development tools with uv", flush=True)
    run(checkout, *uv(), "lock", "--quiet")
    commit_history(checkout)
    git(checkout, "push", "--quiet", "origin", "main")
    git(checkout, "remote", "set-url", "origin", str(dest / "origin.git"))
    aside.rename(dest)
    print(f"{dest / 'parpour'}: {len(HISTORY)} commits on main, origin is {dest / 'origin.git'}")


def commit_history(checkout: Path) -> None:
    """Commits every file of the product, one step of its history after another."""
    for number, (message, paths) in enumerate(HISTORY):
        date = f"{START + 3600 * number} +0000"
        git(checkout, "add", "--", *paths.split())
        git(checkout, "commit", "--quiet", "-m", message, GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
    left = git(checkout, "status", "--porcelain")
    if left:
        raise SystemExit(f"files that no step of the history names:\n{left}")


def uv() -> tuple[str, ...]:
    """The command that starts uv: the program on PATH, else the module beside this interpreter."""
    return ("uv",) if shutil.which("uv") else (sys.executable, "-m", "uv")


def git(at: Path, *arguments: str, **variables: str) -> str:
    """Runs git away from any configuration but the repository's own and returns what it printed."""
    sealed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
    return run(at, "git", *arguments, **sealed, **variables)


def run(at: Path, *command: str, **variables: str) -> str:
    """Runs a command without the caller's GIT_ variables and returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | variables
    done = subprocess.run(
        command,
        cwd=at,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    main()
