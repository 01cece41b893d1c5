"""The registry: `.pqa/state.json` in the main checkout, for people and generators to read.

It is written from the journals and git after every command on runs, and read by nothing here: deleting it,
or killing a command before it is rewritten, loses nothing.
"""

import json
from contextlib import suppress

from ..edges.git import Git
from ..edges.state import State, write_durably
from . import assignments, candidates

FOLDER = ".pqa"


WAIT_SECONDS = 10.0


def register(git: Git, state: State) -> None:
    """Write down all runs: stage, base, target, and each candidate's tree, branch, commit and agent."""
    with state.lock("registry", WAIT_SECONDS, "writing the registry"):
        _register(git, state)


def _register(git: Git, state: State) -> None:
    runs = candidates.every(state)
    folder = git.main / FOLDER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()) or (not runs and not folder.exists()):
        return  # a person's own, or not needed
    folder.mkdir(exist_ok=True)
    with suppress(FileExistsError), (folder / ".gitignore").open("x") as ignore:
        ignore.write("*\n")
    refs = git.refs("refs/heads/pqa/")
    data = {
        run.id: {
            "stage": run.stage,
            "mode": run.mode,
            "base": run.base,
            "target": run.target,
            "survivor": run.survivor,
            "candidates": {
                f"b{candidate.number}": {
                    "branch": candidate.ref.removeprefix("refs/heads/"),
                    "tree": str(place),
                    "commit": refs.get(candidate.ref),
                    "agent": _agent(state, f"{run.id}-b{candidate.number}"),
                }
                for candidate, place in zip(run.candidates, candidates.places(git, run), strict=True)
            },
        }
        for run in runs
    }
    write_durably(folder / "state.json", json.dumps({"version": 1, "runs": data}, indent=1))


def _agent(state: State, target: str) -> dict[str, object] | None:
    work = assignments.current(assignments.load(state, target))
    if work is None:
        return None
    told = {"state": work.outcome, "digest": work.digest, "tokens": work.tokens, "cost": work.cost}
    return {"name": work.agent, "task": work.task, **told}
