"""Claiming: taking over, because a person says so, a run that no journal knows; nothing else is ever owned by name."""

import time

from ..core.errors import UsageError
from ..core.names import Candidate, RunId, candidate
from ..core.runs import Run, Stage
from ..edges.entries import entries, is_linked
from ..edges.git import Git
from ..edges.state import State
from . import candidates, roster, trust


def found(git: Git, run: RunId) -> list[Candidate]:
    """The candidates of a run that stand, as a branch, a tree or both, whoever made them; by number."""
    homes = {candidates.folder(git, Candidate(run, number)): Candidate(run, number) for number in range(1, 100)}
    standing = {homes[entry.folder] for entry in entries(git) if entry.folder in homes}
    named = {one for ref in git.refs("refs/heads/pqa/") if (one := candidate(ref)) and one.run == run}
    return sorted(standing | named)


def claim(git: Git, state: State, run: RunId) -> Run:
    """Write the journal of a run as if spawned here, and put it on the roster; UsageError when there is none."""
    ours = found(git, run)
    base = git.commit("HEAD")
    if not ours or base is None:
        raise UsageError(f"nothing bears the name of run {run}", f"git -C {git.main} branch --list 'pqa/*'")
    since = time.time()
    taken = Run(run, Stage.READY, base, git.current_branch(), ours[-1].number, since, trusted=trust.digests(git))
    linked = {entry.folder: entry.admin for entry in entries(git)}
    members = []
    for one in ours:
        place = candidates.folder(git, one)
        if not place.exists() or (place in linked and is_linked(place, linked[place])):
            branch = one.ref.removeprefix("refs/heads/")
            kind = roster.Kind.CANDIDATE
            members.append(roster.Member(place.name, place, branch, made_tree=True, made_branch=True, kind=kind))
    roster.enrol(state, members)
    return candidates.save(state, taken)
