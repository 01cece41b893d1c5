"""conflicts: which trees will get in each other's way, uncommitted work included; changes nothing, not even objects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from ..core.errors import UsageError
from ..core.globs import matches
from ..core.matrix import Cell, Matrix, Side, Turn, culprits
from ..core.model import Milestone, Plan
from ..core.names import Oid
from ..core.order import landing_order
from ..core.runs import Mode
from ..edges.entries import Entry, entries
from ..edges.git import Changes, Git
from ..edges.gitcalls import GitError
from ..edges.shelf import Merged, Shelf
from ..guard.shelving import shelf
from .rows import in_order
from .survey import READABLE, Base, Finding, survey
from .whereabouts import NOTHING_HERE, Place, Whereabouts
from .workspace import Workspace


def conflicts(around: Whereabouts, targets: Sequence[str]) -> Matrix:
    """The chosen milestones and candidates, all milestones when none is named, against the base and all milestones."""
    milestones, places = around.chosen(targets)
    if around.workspace:
        return foreseen(around.workspace, milestones, places if targets else ())
    if not places:
        raise UsageError("there is nothing here to compare", NOTHING_HERE)
    with shelf(around.site.git) as aside:
        sides = _candidates(aside, around.site.git, places)
        return compare(aside, _target(around.site.git, places[0]), sides, [one.name for one in places], None)


def foreseen(workspace: Workspace, milestones: Sequence[Milestone], places: Sequence[Place] = ()) -> Matrix:
    """These milestones, and candidates, against the base and all milestones."""
    with shelf(workspace.git) as aside:
        found = survey(workspace, workspace.plan.milestones)
        sides = in_order(found.findings, lambda one: side(aside, workspace.git, one))
        sides += _candidates(aside, workspace.git, places)
        asked = [*(one.id.lower() for one in milestones), *(place.name for place in places)]
        return compare(aside, found.base, sides, asked, workspace.plan)


def side(aside: Shelf, git: Git, finding: Finding, changes: Changes | None = None) -> Side:
    """What a milestone's tree holds, or its branch where the tree cannot say; `changes` spares a look."""
    name, entry, branch = finding.name, finding.entry, finding.milestone.branch
    if finding.start == "base" and entry and entry.branch == branch:
        return Side(name, None, why=f"{branch} has no commit")
    if entry is None or finding.standing not in READABLE:
        note = "" if entry is None else f"its branch is compared, not its tree: {finding.note}"
        return Side(name, finding.tip, note)
    return _of_tree(aside, git, Side(name, finding.tip), finding.tip, entry, changes)


def compare(
    aside: Shelf, base: Base, sides: Sequence[Side], asked: Collection[str], plan: Plan | None, *, in_turn: bool = True
) -> Matrix:
    """Merge in memory those asked about with the base and with all sides; `in_turn`, also on top of each other."""
    aside.attributes_of(base.oid)
    ground = Side(base.name, base.oid)
    alone = _merged(aside, [(ground, one) for one in (ground, *sides)])
    onto = {one.name: merged for (_, one), merged in alone.items()}
    changing = _changing(aside, onto.pop(base.name), onto)
    active = [one for one in sides if changing.get(one.name) or onto[one.name].why]
    couples = [
        (one, other)
        for one, other in combinations(active, 2)
        if {one.name, other.name} & {*asked} and (one.rivals != other.rivals or not one.rivals)
    ]
    merges = {pair: merged for pair, merged in alone.items() if pair[1].name in asked and pair[1] in active}
    merges |= _merged(aside, couples)
    schema = plan.schema.paths if plan else ()
    touching = {name for name, paths in changing.items() if any(matches(path, schema) for path in paths)}
    order = [one.id.lower() for one in landing_order(plan.milestones)] if plan and in_turn and asked else []
    commits = {one.name: one.commit for one in active if one.commit and not onto[one.name].why}
    cells = tuple(_cell(*pair, merged, changing, touching) for pair, merged in merges.items())
    turns = _turns(aside, base.oid, {name: commits[name] for name in order if name in commits}, asked, cells)
    return Matrix(
        base=base.name,
        asked=tuple(asked),
        sides=tuple(one.name for one in active),
        cells=cells,
        turns=tuple(turns),
        changing=changing,
        idle=tuple(one.name for one in sides if one not in active and one.name in asked),
        notes={one.name: one.note for one in sides if one.note and one.name in asked},
    )


Pair = tuple[Side, Side]


def _merged(aside: Shelf, pairs: Sequence[Pair]) -> dict[Pair, Merged]:
    """Each pair merged; one whose content is not known is not tried."""
    known = {pair: (pair[0].commit, pair[1].commit) for pair in pairs if pair[0].commit and pair[1].commit}
    unknown = {pair: Merged(None, why=pair[0].why or pair[1].why) for pair in pairs if pair not in known}
    merged = dict(zip(known, aside.merged(list(known.values())), strict=True)) | unknown
    return {pair: merged[pair] for pair in pairs}


def _changing(aside: Shelf, base: Merged, onto: Mapping[str, Merged]) -> dict[str, tuple[str, ...]]:
    """The files that each side would change on the base, those in conflict with it included."""
    trees = {name: merged.tree for name, merged in onto.items() if merged.tree and base.tree}
    found = zip(trees, aside.changed(base.tree, trees.values()) if base.tree else (), strict=True)
    return {name: tuple(sorted({*paths, *onto[name].conflict})) for name, paths in found}


def _cell(
    one: Side, other: Side, merged: Merged, changing: Mapping[str, tuple[str, ...]], touching: Collection[str]
) -> Cell:
    theirs = {*changing.get(other.name, ())}
    both = () if merged.conflict else tuple(path for path in changing.get(one.name, ()) if path in theirs)
    touches = one.name in touching or other.name in touching
    return Cell(one.name, other.name, merged.conflict, both, touches, merged.why)


class _Stack:
    """Sides on top of each other on the base, each made once."""

    def __init__(self, aside: Shelf, base: Oid, commits: Mapping[str, Oid]) -> None:
        self._aside, self._commits = aside, commits
        self._made: dict[tuple[str, ...], Oid | None] = {(): base}

    def merged(self, names: tuple[str, ...], name: str) -> Merged:
        """What one more gives on top of these, which it is no fault of when they do not fit themselves."""
        below = self.commit(names)
        return self._aside.merged([(below, self._commits[name])])[0] if below else Merged(None)

    def commit(self, names: tuple[str, ...]) -> Oid | None:
        """All of these, in this order; None when one of them does not fit."""
        if names not in self._made:
            below, merged = self.commit(names[:-1]), self.merged(names[:-1], names[-1])
            self._made[names] = None
            if below and merged.tree and not merged.conflict:
                self._made[names] = self._aside.commit(merged.tree, below, self._commits[names[-1]])
        return self._made[names]


def _turns(
    aside: Shelf, base: Oid, commits: Mapping[str, Oid], asked: Collection[str], cells: Sequence[Cell]
) -> list[Turn]:
    """Each side on top of those before it that fit; one that does not is left out for those after it."""
    stack, turns, landed = _Stack(aside, base, commits), list[Turn](), tuple[str, ...]()
    for name in commits:
        merged = stack.merged(landed, name)
        if merged.tree and not merged.conflict:
            landed = (*landed, name)
        if name in asked:
            partners = _partners(stack, landed, name, cells) if merged.conflict else ()
            turns.append(Turn(name, merged.conflict, partners, merged.why))
    return turns


def _partners(stack: _Stack, landed: tuple[str, ...], name: str, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Beside which of them it conflicts: one that it conflicts with anyway, else as few as it takes."""
    known = [{cell.one, cell.other} - {name} for cell in cells if cell.conflict and name in (cell.one, cell.other)]
    if already := next((one for one in landed if {one} in known), None):
        return (already,)
    return culprits(landed, lambda names: bool(stack.merged(names, name).conflict))


def _candidates(aside: Shelf, git: Git, places: Sequence[Place]) -> list[Side]:
    tips, trees = git.refs("refs/heads/pqa/"), {entry.folder: entry for entry in entries(git)}

    def look(place: Place) -> Side:
        tip, entry = tips.get(place.candidate.ref), trees.get(place.folder)
        if place.run.mode is Mode.CONTEXT:
            return Side(place.name, None, why="what lies in a folder of files and patches is not compared")
        if tip is None:
            return Side(place.name, None, why=f"its branch {place.branch} is gone")
        committed = Side(place.name, tip, rivals=place.run.id)
        return _of_tree(aside, git, committed, tip, entry) if entry and entry.folder.is_dir() else committed

    return in_order(places, look)


def _of_tree(aside: Shelf, git: Git, committed: Side, tip: Oid, entry: Entry, changes: Changes | None = None) -> Side:
    """A side with what its tree holds beyond the commit it is at."""
    if operation := entry.under_way():
        return replace(committed, note=f"a {operation} is under way: its branch is compared, not its tree")
    try:
        if not (git.changes(entry.folder) if changes is None else changes):
            return committed
        return replace(committed, commit=aside.commit(aside.seen(entry), tip))
    except GitError as error:
        return replace(committed, commit=None, why=f"{entry.folder}: {error.said}")


def _target(git: Git, place: Place) -> Base:
    """What the candidates of a run are to land on; where it began when that is gone, or was no branch."""
    oid = git.commit(place.run.target) if place.run.target else None
    return Base(
        (place.run.target or "").removeprefix("refs/heads/") if oid else "the run's start", oid or place.run.base, None
    )
