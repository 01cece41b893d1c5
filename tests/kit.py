"""Helpers of the tests: a real repository at hand, plans by the dozen, and the look-out for stumps."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STADDLE = [sys.executable, "-m", "staddle"]
SECONDS = 60


@dataclass(frozen=True)
class Repository:
    """A main checkout; commands run in it, trees stand beside it."""

    main: Path

    def git(self, *argv: str, at: Path | None = None) -> str:
        """What a git command printed; the test fails when the command does."""
        done = subprocess.run(["git", *argv], cwd=at or self.main, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(argv)}: {done.stderr}"
        return done.stdout.strip()

    def commit(self, at: Path, name: str, text: str, message: str) -> str:
        """Write a file, commit it, and give the commit's oid."""
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text)
        self.git("add", "--", name, at=at)
        self.git("commit", "--quiet", "--no-verify", "-m", message, at=at)
        return self.git("rev-parse", "HEAD", at=at)

    def tree(self, number: int) -> Path:
        """Where the plan of `write_plan` wants milestone `number`'s tree."""
        return self.main.parent / f"venture-wt-m{number}-part"

    def branch(self, number: int) -> str:
        """Its branch."""
        return f"feat/venture-m{number}-part"

    def staddle(
        self, *argv: str, at: Path | None = None, code: int = 0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb as a person would; the test fails when it ends with another exit code than `code`."""
        done = subprocess.run(
            [*STADDLE, *argv],
            cwd=at or self.main,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=os.environ | env,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def json(self, *argv: str) -> Any:
        """What a verb answers with --json."""
        return json.loads(self.staddle(*argv, "--json").stdout)

    def state(self) -> dict[str, object]:
        """Everything a command may change: refs, entries, folders beside the main checkout, staged paths."""
        return {
            "refs": self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines(),
            "trees": self.git("worktree", "list", "--porcelain").splitlines(),
            "folders": sorted(path.name for path in self.main.parent.iterdir()),
            "status": self.git("status", "--porcelain").splitlines(),
            "config": (self.main / ".git" / "config").read_text(),
        }


def write_plan(path: Path, count: int, **keys: object) -> None:
    """Write a plan of `count` milestones as JSON, which is YAML; `milestone` goes into each, `first` into M1."""
    each, first = keys.pop("milestone", {}), keys.pop("first", {})
    assert isinstance(each, dict)
    assert isinstance(first, dict)
    milestones = [
        {
            "id": f"M{number}",
            "service": f"part-{number}",
            "track": "A",
            "description": f"Part {number}",
            "branch": f"feat/venture-m{number}-part",
            "tree": f"../venture-wt-m{number}-part",
            "scope": f"part{number}",
        }
        | each
        | (first if number == 1 else {})
        for number in range(1, count + 1)
    ]
    plan = {"version": 1, "project": "venture", "milestones": milestones} | keys
    path.write_text(json.dumps(plan, indent=1))


def assert_no_stumps(repository: Repository) -> None:
    """Nothing half made or half removed is left: no lock, no hidden folder, no journal, no broken entry."""
    common = repository.main / ".git"
    assert not [path for path in common.rglob("*.lock") if path.is_file()]
    assert not [path.name for path in repository.main.parent.iterdir() if ".staddle-" in path.name]
    state = common / "staddle"
    left = [path.name for path in state.iterdir()] if state.exists() else []
    stumps = ("new-", "old-", "births", "departures", "config.draft", "landing.stone", "work-", "attributes")
    assert [name for name in left if name.startswith(stumps)] == []
    assert not [*state.glob("bundles/*.new*")]
    assert "refs/staddle/work" not in repository.git("for-each-ref", "refs/staddle/")
    for entry in common.glob("worktrees/*"):
        assert (entry / "HEAD").exists() and (entry / "index").exists() and (entry / "gitdir").exists()
    repository.git("fsck", "--no-progress", "--no-dangling")
