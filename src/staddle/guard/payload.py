"""Payloads: the candidates of a context run, each a folder with files by their path in the repository, and patches.

There is one set of folders, so one such run at a time. A payload becomes a commit in the object store when it is
chosen; from then on it is a candidate like any other. The folder of a loser is kept as it is.
"""

import os
from pathlib import Path

from ..core.errors import Refused
from ..core.names import Candidate, Oid, shell
from ..core.runs import Mode, Run
from ..edges.git import Git, RefUpdate
from ..edges.gitcalls import GitError
from ..edges.objects import Objects
from ..edges.state import State
from . import branches, keeping
from .locks import clear_stale
from .removal import delete_folder

HOME = ".pqa/branches"


def folder(git: Git, number: int) -> Path:
    """Where a candidate's payload lies."""
    return git.main / HOME / f"b{number}"


def make(git: Git, run: Run) -> None:
    """Make the empty folders of all candidates; Refused when something else stands in the way of their home."""
    for home in (git.main / ".pqa", git.main / HOME):
        if home.is_symlink() or (home.exists() and not home.is_dir()):
            raise Refused("not-a-folder", f"{home} is not a folder of its own", f"ls -l {shell(home)}")
    for candidate in run.candidates:
        (folder(git, candidate.number) / "files").mkdir(parents=True, exist_ok=True)


def commit(git: Git, state: State, run: Run, candidate: Candidate) -> Oid:
    """The commit of a payload on the run's base; Refused when it is empty, holds strays, or cannot be made into one."""
    place = folder(git, candidate.number)
    files = place / "files"
    if strays := [path for path in place.glob("*") if path != files and path.suffix != ".patch"]:
        what = f"{strays[0]} is neither in files/ nor a patch, and would not land"
        raise Refused("stray", what, f"mv {shell(strays[0])} {shell(files)}/")
    if nested := next((path for path in files.rglob(".git")), None):
        what = f"{nested} is a repository of its own inside the payload"
        raise Refused("nested", what, f"mv {shell(nested)} somewhere")
    index = state.folder / f"work-{candidate.number}.index"
    index.with_name(f"{index.name}.lock").unlink(missing_ok=True)  # of a git that was cut
    message = f"feat: candidate b{candidate.number} of run {run.id}\n\nRun: {run.id}\n"
    try:
        made = Objects(git).payload(place, index, run.base, message, run.began)
    except GitError as error:
        raise Refused("bad-patch", f"the payload {place} does not apply: {error.what}", f"ls {shell(place)}") from None
    if git.tree_of(made) == git.tree_of(run.base):
        raise Refused("empty", f"{place} changes nothing", f"put files by their path into {shell(files)}")
    return made


def publish(git: Git, run: Run, candidate: Candidate, tip: Oid) -> None:
    """Let the candidate's branch be at its payload's commit; Refused when somebody has a branch of that name."""
    clear_stale(git, git.common / f"{candidate.ref}.lock", run.since)
    found = git.refs(candidate.ref).get(candidate.ref)
    if found is None:
        git.update_refs([RefUpdate(candidate.ref, tip, None)], "staddle: payload")
    elif found != tip:
        name = candidate.ref.removeprefix("refs/heads/")
        raise Refused("name-taken", f"{name} exists and is not the payload", f"git branch -m {name} another-name")


def withdraw(git: Git, run: Run) -> None:
    """Take back what `publish` did, because the choice is taken back; nothing for runs of trees."""
    if run.mode is Mode.CONTEXT and run.survivor and run.tip and not run.kept:
        name = run.candidates[run.survivor - 1].ref.removeprefix("refs/heads/")
        branches.delete(git, [branches.Branch(name, run.tip)], run.since, run.began)


def clear(git: Git, state: State, run: Run) -> list[str]:
    """Remove the folders of all payloads; what a loser holds is kept, and told of in a line."""
    told = []
    for candidate in run.candidates:
        place = folder(git, candidate.number)
        if candidate.number != run.survivor and _holds_anything(place):
            told += keeping.keep_folder(state, run, candidate, place)
        delete_folder(place)
    home = git.main / HOME
    if home.is_dir() and not any(home.iterdir()):
        home.rmdir()
    return told


def _holds_anything(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink() and any(names for _, _, names in os.walk(place))
