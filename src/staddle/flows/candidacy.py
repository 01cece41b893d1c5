"""Candidacy: where each candidate of the runs that have not ended stands, and what is to be done with it next."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.model import Plan
from ..core.names import Oid, RunId
from ..core.runs import Mode, Stage
from ..core.verdict import Verdict
from ..edges.entries import Entry, entries, is_linked
from ..edges.git import Changes, Git
from ..edges.gitcalls import GitError
from ..edges.shelf import Shelf
from ..edges.verdicts import Store
from ..guard import assignments
from .rows import CALM, NO_CHANGES, Row, answers, attended, check_words, content_now, in_order, no_answer
from .subject import Subject
from .survey import Standing
from .whereabouts import Place
from .workspace import Site


@dataclass(frozen=True, kw_only=True)
class CandidateRow(Row):
    """Where one candidate stands, and how far its run has come; `untracked` counts the files of a payload."""

    kind: str = "candidate"
    run: RunId
    stage: Stage
    mode: Mode


def candidate_rows(aside: Shelf, site: Site, places: Sequence[Place], plan: Plan | None) -> list[CandidateRow]:
    """A row for each of these candidates, those left out that have gone because another one's branch is preserved."""
    if not places:
        return []
    tips, trees = site.git.refs("refs/heads/pqa/"), tuple(entries(site.git))
    standing = [place for place in places if not _has_gone(place, tips)]
    return in_order(standing, lambda place: _row(aside, site, place, tips.get(place.candidate.ref), trees, plan))


def _has_gone(place: Place, tips: Mapping[str, Oid]) -> bool:
    run, candidate = place.run, place.candidate
    return run.kept and candidate.number != run.survivor and candidate.ref not in tips


def _row(
    aside: Shelf, site: Site, place: Place, tip: Oid | None, trees: Sequence[Entry], plan: Plan | None
) -> CandidateRow:
    git, run = site.git, place.run
    entry = next((entry for entry in trees if entry.folder == place.folder), None)
    holder = next((one.folder for one in trees if one.branch == place.branch and one is not entry), None)
    standing, changes = _payload(place) if run.mode is Mode.CONTEXT else _tree(git, place, entry)
    ahead = git.ahead_behind(tip, run.base)[0] if tip else None
    under_way = entry.under_way() if entry else None
    latest = Store(site.state).latest(place.name)
    kept = {name: judged for name, judged in latest.items() if judged.finished >= run.began}  # not a namesake's
    now = content_now(aside, git, entry, tip, changes) if tip and kept else None
    asked = standing is Standing.OK and run.mode is Mode.WORKTREE and not changes
    again = answers(site, lambda: candidate_subject(plan, place)) if plan and asked else no_answer
    checks = check_words(kept, kept, now, again)
    agent = assignments.standing(site.state, place.name)
    what = _unfinished(place, ahead) or _obstacle(place, standing, under_way, ahead, holder)
    return CandidateRow(
        name=place.name,
        run=run.id,
        stage=run.stage,
        mode=run.mode,
        folder=place.folder,
        branch=place.branch,
        standing=Standing.DRIFT if holder else standing,
        ahead=ahead,
        changed=len(changes.tracked),
        untracked=len(changes.untracked),
        under_way=under_way,
        checks=checks,
        agent=agent,
        next_step=attended(agent, place.name, what or _work(git, place, changes, ahead, checks)),
    )


def candidate_subject(plan: Plan, place: Place) -> Subject:
    """A candidate as something that may be asked about; nothing is put into its tree."""
    setup = [command.argv for command in plan.setup]
    extra = plan.surroundings
    return Subject(place.name, place.folder, plan.checks, extra.env, setup, extra.furnished, base=place.run.base)


def _payload(place: Place) -> tuple[Standing, Changes]:
    files = [name for _, _, names in os.walk(place.folder) for name in names]
    return Standing.OK if place.folder.is_dir() else _missing(place), Changes((), tuple(files))


def _tree(git: Git, place: Place, entry: Entry | None) -> tuple[Standing, Changes]:
    is_being_made = entry is None and place.run.stage is Stage.SPAWNING
    if is_being_made or not os.path.lexists(place.folder):
        return _missing(place), NO_CHANGES
    if entry is None or not is_linked(place.folder, entry.admin):
        return Standing.FOREIGN, NO_CHANGES
    try:
        return Standing.OK if entry.branch == place.branch else Standing.DRIFT, git.changes(place.folder)
    except (GitError, OSError):
        if place.folder.exists():
            raise
        return Standing.GONE, NO_CHANGES  # taken away while we looked


def _missing(place: Place) -> Standing:
    return Standing.CREATE if place.run.stage is Stage.SPAWNING else Standing.GONE


def _unfinished(place: Place, ahead: int | None) -> str:
    """What ends a run that was begun to be ended, or was never whole; empty when it waits for a choice."""
    run = place.run
    if run.stage is Stage.KEPT and ahead is not None:
        return f"merge or mend {place.branch} by hand, then: reconcile {run.id}"
    return "" if run.stage is Stage.READY else f"reconcile {run.id} finishes it"


def _obstacle(place: Place, standing: Standing, under_way: str | None, ahead: int | None, holder: Path | None) -> str:
    """What is not as it was made; empty when all is."""
    if standing is Standing.FOREIGN:
        return "what stands there is no tree of this repository"
    if place.run.mode is Mode.CONTEXT:
        return ""
    if ahead is None:
        return "its branch is gone: choose another"
    if holder:
        return f"{place.branch} is checked out in {holder}"
    if under_way:
        return f"end the {under_way}"
    return f"git switch {place.branch}" if standing is Standing.DRIFT else ""


def _work(git: Git, place: Place, changes: Changes, ahead: int | None, checks: dict[str, str]) -> str:
    """What a candidate's maker does next, or who chooses."""
    end = f"reconcile {place.run.id} b{place.candidate.number}"
    if place.run.mode is Mode.CONTEXT:
        return end if changes else f"fill {place.folder.relative_to(git.main)}, then: {end}"
    if changes:
        return "commit"
    if any(word not in CALM for word in checks.values()):
        return "mend it"
    if Verdict.CANCELLED in checks.values():
        return f"verify {place.name}"
    return end if ahead else "work there, commit"
