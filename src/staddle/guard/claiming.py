"""Claiming: taking over, because a person says so, a run that no journal knows; nothing else is ever owned by name."""

import time

from ..core.errors import UsageError
from ..core.names import Candidate, RunId, shell
from ..core.runs import MOST_CANDIDATES, Run, Stage
from ..edges.entries import entries, is_linked
from ..edges.git import Git
from ..edges.state import State
from . import candidates, roster, trust


def found(git: Git, run: RunId) -> list[Candidate]:
    """The candidates of a run that stand, as a branch, a tree or both, whoever made them; by number."""
    everyone = [Candidate(run, number) for number in range(1, MOST_CANDIDATES + 1)]
    refs, folders = git.refs("refs/heads/pqa/"), {entry.folder for entry in entries(git)}
    return [one for one in everyone if one.ref in refs or candidates.folder(git, one) in folders]


def unclaimed(git: Git, run: RunId) -> Run:
    """The run as it would be if it had been spawned here; UsageError when nothing bears its name."""
    standing, base = found(git, run), git.commit("HEAD")
    if not standing or base is None:
        raise UsageError(f"nothing bears the name of run {run}", f"git -C {shell(git.main)} branch --list 'pqa/*'")
    count = standing[-1].number
    return Run(run, Stage.READY, base, git.current_branch(), count, time.time(), trusted=trust.digests(git))


def claim(git: Git, state: State, run: Run) -> None:
    """Write the run's journal, and put what stands of it on the roster."""
    linked = {entry.folder: entry.admin for entry in entries(git)}
    members = []
    for one in found(git, run.id):
        place, branch = candidates.folder(git, one), one.ref.removeprefix("refs/heads/")
        if not place.exists() or (place in linked and is_linked(place, linked[place])):
            kind = roster.Kind.CANDIDATE
            members.append(roster.Member(place.name, place, branch, made_tree=True, made_branch=True, kind=kind))
    roster.enrol(state, members)
    candidates.save(state, run)
