"""The sample's stand-in agent: it writes no code of its own, it applies a patch that was written beforehand.

    agent.py TREE < PROMPT

It takes the place of a coding agent where there is neither account nor network, so that everything around an agent can
be seen at work. These lines of the prompt are all it understands (the last one may be anywhere, or missing):

    Requirement: FR-VNT-TREAS-003
    Failing test: tests/unit/test_treasury.py::test_spend_requires_authorization
    Commit message: feat(treasury): FR-VNT-TREAS-003 spend authorization gate
    Fixes: #42

It applies solutions/<requirement>.patch in its working directory, which must be TREE, runs the test there with TREE's
own interpreter, and commits when the test is green. Otherwise it takes the patch back and exits with 1.
"""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

SOLUTIONS = Path(__file__).resolve().parent / "solutions"
SIGNATURE = "Co-Authored-By: Stand-in <stand-in@venture.invalid>"
SECONDS = 120


@dataclass(frozen=True)
class Task:
    """What a prompt asks for; `trailers` end the commit's message."""

    requirement: str
    test: str
    message: str
    trailers: tuple[str, ...]


def main() -> None:
    """Does the task that standard input describes."""
    parser = argparse.ArgumentParser(description="Stand-in for a coding agent; reads its prompt on standard input.")
    parser.add_argument("tree", type=Path, help="the tree to work in; must be the working directory")
    tree = parser.parse_args().tree.resolve()
    if tree != Path.cwd():
        fail(f"started in {Path.cwd()}, but asked to work in {tree}")
    work(read_task(sys.stdin.read()))


def read_task(prompt: str) -> Task:
    """Finds the task in a prompt."""
    return Task(
        requirement=find(r"^Requirement: (FR(?:-[A-Z0-9]+)+)$", prompt),
        test=find(r"^Failing test: (\S+)$", prompt),
        message=find(r"^Commit message: (.+)$", prompt),
        trailers=(*re.findall(r"Fixes: #\d+", prompt)[:1], SIGNATURE),
    )


def find(pattern: str, prompt: str) -> str:
    """The one group of a pattern that some line of the prompt matches."""
    match = re.search(pattern, prompt, re.MULTILINE)
    return match[1] if match else fail(f"no line of the prompt matches {pattern}")


def work(task: Task) -> None:
    """From the failing test to the commit; done already is fine."""
    if task.message in run("git", "log", "--format=%s").stdout.splitlines():
        say(f"{task.requirement} is committed already")
        return
    patch = str(SOLUTIONS / f"{task.requirement}.patch")
    apply(task.requirement, patch)
    tested = run(interpreter(), "-m", "pytest", "-q", task.test)
    if tested.returncode != 0:
        run("git", "apply", "--index", "--reverse", patch)
        fail(f"{task.test} stays red, the patch was taken back\n{tested.stdout[-2000:]}{tested.stderr[-2000:]}")
    say(f"{task.test} is green")
    trailers = [part for line in task.trailers for part in ("--trailer", line)]
    committed = run("git", "commit", "--quiet", "--message", task.message, *trailers)
    if committed.returncode != 0:
        fail(f"the commit was refused\n{committed.stderr}")
    say(f"committed {task.message}")


def apply(requirement: str, patch: str) -> None:
    """Puts the prepared change into files and index, unless an earlier start that was stopped has done so."""
    if not Path(patch).exists():
        fail(f"no solution for {requirement} was prepared")
    if run("git", "apply", "--index", "--reverse", "--check", patch).returncode == 0:
        say("goes on where an earlier start was stopped")
        return
    applied = run("git", "apply", "--index", patch)
    if applied.returncode != 0:
        fail(f"the prepared patch for {requirement} does not apply\n{applied.stderr}")
    say(f"applied the prepared patch for {requirement}")


def interpreter() -> str:
    """The tree's own Python where it has one."""
    own = Path(".venv/bin/python")
    return str(own) if own.exists() else sys.executable


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in the tree and returns how it ended."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def say(text: str) -> None:
    """Prints a line under this agent's name."""
    print(f"stand-in agent: {text}", flush=True)


def fail(reason: str) -> NoReturn:
    """Ends the agent with the reason and exit code 1."""
    raise SystemExit(f"stand-in agent: {reason}")


if __name__ == "__main__":
    main()
