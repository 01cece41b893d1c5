"""A soak: one repository lives through kill after kill at random places of its whole life, and loses nothing."""

import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from staddle.faults.bystanders import CORNER, build, git
from staddle.faults.cases import LANDING, STADDLE, environment
from staddle.faults.cutter import Cut
from staddle.faults.cutting import cut
from staddle.faults.picture import differences, leftovers, snapshot
from staddle.faults.seccomp import SUPPORTED

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="needs seccomp user notification")
KILLS = int(os.environ.get("SOAK", "12"))
"""CI lives through a dozen; `nox -s faults` through 500."""
MOST_RUNS, LONGEST = 3, 400
APART = [*LANDING[:3], "ref refs/heads/pqa/soak*", "log refs/heads/pqa/soak*", "entry soak*",
         "file parpour/.pqa_worktrees/*", f"file parpour/{CORNER}/soak*"]  # fmt: skip


class Soak:
    """A repository, what has ever been committed in its candidates, and the dice."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.main = build(folder)
        self.dice = random.Random(seed)
        self.env = environment(folder / "home")
        (folder / "home").mkdir()
        self.before, self.tip = snapshot(self.main), git(self.main, "rev-parse", "main").strip()
        self.committed = set[str]()
        self.brought_back = set[str]()
        self.made = 0
        self.totals = Counter[str]()

    def open_runs(self) -> list[str]:
        """The runs that have a journal."""
        return sorted(path.stem for path in (self.main / ".git/staddle/runs").glob("[!.]*.json"))

    def candidates(self) -> list[Path]:
        """The candidates' trees."""
        return sorted((self.main / ".pqa_worktrees").glob("soak*"))

    def commit(self) -> None:
        """Let some candidates commit a file of their own, or one that all of them edit, and leave others at work."""
        for number, tree in enumerate(self.candidates()):
            name = self.dice.choice([f"soak-{len(self.committed)}-{number}.txt"] * 4 + ["soak-shared.txt"])
            (tree / CORNER / name).write_text(f"{tree.name} {self.dice.random()}\n")
            if self.dice.random() < 0.7:
                git(tree, "add", "--force", "--all")
                git(tree, "commit", "--quiet", "--no-verify", "-m", f"feat: {name}")
                self.committed.add(git(tree, "rev-parse", "HEAD").strip())

    def step(self) -> tuple[str, ...]:
        """What is done next: a verb with its arguments."""
        runs = self.open_runs()
        bundles = sorted((self.main / ".git/staddle/bundles").glob("soak*.bundle"))
        verbs = ["spawn"] * (len(runs) < MOST_RUNS) + ["reconcile"] * 2 * bool(runs) + ["undo"] * bool(bundles)
        verb = self.dice.choice([*verbs, "sweep"])
        if verb == "spawn":
            self.made += 1
            return (verb, f"soak{self.made}", str(self.dice.randint(1, 3)))
        if verb == "reconcile":
            return (verb, self.dice.choice(runs), *self.dice.choice([[], ["b1"], ["b1"]]))
        if verb == "undo":
            run, _, number = self.dice.choice(bundles).name.split(".")[0].rpartition("-")
            self.brought_back.add(f"refs/heads/pqa/{run}-{number}")
            return (verb, run, number)
        return (verb,)

    def staddle(self, argv: tuple[str, ...], at: int | None = None) -> Cut:
        """Run a verb, and kill it at a place."""
        return cut([*STADDLE, *argv], at=at, roots=[self.main], cwd=self.main, env=self.env)

    def kill(self) -> list[str]:
        """Kill one step at a random place, give one more command, and say what is wrong then."""
        self.commit()
        step = self.step()
        at = round(LONGEST ** self.dice.random())  # short commands get their share
        first = self.staddle(step, at)
        follow = self.dice.choice([step, ("sweep",)])
        second = self.staddle(follow)
        self.totals[f"{step[0]} {'killed' if first.hit else 'ended'}"] += 1
        ended_well = second.returncode in range(4)
        faults = [] if ended_well else [f"exits {second.returncode}: {second.output}"]
        faults += leftovers(self.main) + differences(self.before, snapshot(self.main), apart=APART)
        faults += self.unowned() + self.lost() + self.backwards()
        return [f"{' '.join(step)} at {at}, then {' '.join(follow)}: {fault}" for fault in faults]

    def unowned(self) -> list[str]:
        """Candidates' branches that neither a run has nor `undo` brought back."""
        refs = git(self.main, "for-each-ref", "--format=%(refname)", "refs/heads/pqa/soak*").split()
        strays = [ref for ref in refs if ref.split("/")[-1].rpartition("-")[0] not in self.open_runs()]
        return [f"branch of no run: {ref}" for ref in strays if ref not in self.brought_back]

    def lost(self) -> list[str]:
        """Commits that no branch and no bundle holds."""
        held = set(git(self.main, "rev-list", "--branches").split())
        for bundle in (self.main / ".git/staddle/bundles").glob("*.bundle"):
            heads = [line.split()[0] for line in git(self.main, "bundle", "list-heads", str(bundle)).splitlines()]
            held |= set(git(self.main, "rev-list", *heads).split())
        return [f"lost: {commit}" for commit in self.committed - held]

    def backwards(self) -> list[str]:
        """Whether main has moved anywhere but forward."""
        old, self.tip = self.tip, git(self.main, "rev-parse", "main").strip()
        return [f"main went from {old} to {self.tip}"] if git(self.main, "rev-list", "-1", f"{self.tip}..{old}") else []


def test_a_repository_outlives_any_number_of_kills(tmp_path: Path) -> None:
    soak = Soak(tmp_path, seed=KILLS)
    for number in range(1, KILLS + 1):
        assert soak.kill() == [], f"after {number} kills"
    assert git(soak.main, "fsck", "--no-progress", "--no-dangling") == ""
    totals = ", ".join(f"{what} {count}" for what, count in sorted(soak.totals.items()))
    sys.stdout.write(f"{totals}; {len(soak.committed)} commits, none lost; {len(soak.brought_back)} brought back\n")
