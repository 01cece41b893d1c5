"""The demonstration: the sample product from nothing to eight green trees, each step as one types it.

What stands under .demo/ afterwards is a real repository to go on with by hand; running the
demonstration again begins where things are. The agent is a scripted stand-in unless --agent names another.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

STEPS = (
    ("What the plan declares, and what is there of it", ["plan"]),
    ("One tree per milestone, each on its branch, each set up", ["worktrees"]),
    ("A prompt for every requirement, inside its tree", ["prompts"]),
    ("An agent in every tree, at once", ["agents"]),
    ("Every tree's own tests, inside it", ["verify"]),
    ("Where all of it stands", ["status"]),
)


def main() -> int:
    """Build the product, run every step, and say how long it took; the first failing step's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--agent", default=None, help="one of the plan's agents; the scripted stand-in if none is named"
    )
    agent = parser.parse_args().agent
    began = time.monotonic()
    say("The sample product: eight services, one repository with its origin")
    if code := run([sys.executable, "examples/venture/build.py", ".demo"]):
        return code
    for title, words in STEPS:
        extra = ["--agent", agent] if agent and words == ["agents"] else []
        say(title, "staddle", *words, *extra)
        if code := run([sys.executable, "-m", "staddle", *words, *extra]):
            return code
    say(f"Done in {time.monotonic() - began:.0f} s. Go on by hand: make status, make verify ARGS=m3")
    return 0


def say(title: str, *command: str) -> None:
    """Announce a step, and the command that it is."""
    print(f"\n== {title}", flush=True)
    if command:
        print(f"$ {' '.join(command)}", flush=True)


def run(argv: list[str]) -> int:
    """Run one step from the top of this repository; its exit code. After ^C it gets the time to unwind."""
    with subprocess.Popen(argv, cwd=ROOT) as step:
        try:
            return step.wait()
        except KeyboardInterrupt:
            return step.wait()


if __name__ == "__main__":
    sys.exit(main())
