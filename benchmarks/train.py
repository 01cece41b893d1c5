"""The train against landing one by one: eight milestones, all well, or with a conflict and a pair that is red together.

Counted are whole test runs, what a gate asks of one commit, and single checks; each takes a second here.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit import STADDLE, Repository, write_plan

MILESTONES, SECONDS = 8, 1


def build(top: Path, *, bad: bool) -> Repository:
    """A repository with eight trees, each with a commit and a check that takes its time."""
    repository = Repository(top / "main")
    repository.main.mkdir(parents=True)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("commit", "--quiet", "--allow-empty", "-m", "chore: begin")
    script = "test ! -e part2.txt || test ! -e part7.txt" if bad else "true"
    check = {"run": ["sh", "-c", f"sleep {SECONDS}; {script}"], "evidence": "exit-code", "retries": 0}
    write_plan(repository.main / "milestones.yaml", MILESTONES, checks={"suite": check})
    repository.staddle("worktrees")
    for number in range(1, MILESTONES + 1):
        name = "shared.txt" if bad and number in (3, 6) else f"part{number}.txt"
        message = f"feat(part{number}): FR-X-00{number} write the part"
        repository.commit(repository.tree(number), name, f"{number}\n", message)
    return repository


def main() -> None:
    """Land the same eight both ways, and count."""
    for name in ("AUTHOR", "COMMITTER"):
        os.environ |= {f"GIT_{name}_NAME": "Ada", f"GIT_{name}_EMAIL": "ada@example.invalid"}
    for bad in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_STATE_HOME"] = folder
            together = build(Path(folder) / "train", bad=bad)
            begun = time.monotonic()
            said = together.staddle("train", "--json", code=int(bad))
            train = time.monotonic() - begun
            lines = [line for line in said.stderr.splitlines() if line.startswith("proving ")]
            single = sum(line.endswith(" alone") for line in lines)
            landed = sum(one["did"] == "landed" for one in json.loads(said.stdout))
            alone = build(Path(folder) / "single", bad=bad)
            begun, runs, well = time.monotonic(), 0, 0
            for number in range(1, MILESTONES + 1):
                argv = [*STADDLE, "land", f"m{number}"]
                done = subprocess.run(argv, cwd=alone.main, capture_output=True, text=True, check=False)
                runs += " before it lands" in done.stderr
                well += done.returncode == 0
            single_file = time.monotonic() - begun
            kind, whole = "a conflict and a bad pair" if bad else "all well", len(lines) - single
            sys.stdout.write(
                f"{kind}: train lands {landed} with {whole} whole runs and {single} single checks, {train:.1f} s; "
                f"one by one lands {well} with {runs}, {single_file:.1f} s; ratio {single_file / train:.1f}\n"
            )


if __name__ == "__main__":
    main()
