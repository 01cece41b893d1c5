"""train: land every milestone that is ready, in the order that their needs leave, proven together and landed at once.

What cannot go is found cheaply before anything is tested together: a milestone that is red by itself, one whose
commits conflict with those before it. Then all the rest is proven once. When that is red, the check that stopped it
is asked of shorter trains until the milestone is found that turns it red, and the other one of the pair.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from ..core.errors import Held, Refused
from ..core.model import Milestone
from ..core.names import Oid
from ..core.order import first_red, landing_order
from ..edges.forge import Forge
from ..edges.gitcalls import GitError
from ..guard import fetching
from . import land
from .checking import Options, run_checks
from .forging import land_by_requests
from .land import MOST_TRIES, Landed, bring_up, publish
from .loads import Load, Squashed, Stack, stack, weigh
from .proof import Red, prove
from .survey import READABLE, Base, Finding, find_base, survey
from .verify import milestone_subject
from .workspace import TREE_WAIT_SECONDS, Tell, Workspace, changing, occupying


@dataclass(frozen=True)
class Wanted:
    """How to go about it: `gate` False leaves the checks out, `dry_run` moves nothing and runs nothing.

    With a forge what is ready lands by pull requests, one after another, each of which may `wait` so many seconds.
    """

    forge: Forge | None = None
    wait: float | None = None
    gate: bool = True
    fetch: bool = True
    dry_run: bool = False


def train(workspace: Workspace, targets: list[str], wanted: Wanted, *, tell: Tell) -> list[Landed]:
    """Land what is ready of the chosen milestones, all of them without targets; what became of each, in landing order.

    One whose tree another process works in stays behind; Held when that is so of all.
    """
    order = landing_order(workspace.chosen(targets))
    names = [milestone.id.lower() for milestone in order]
    one = _Train(workspace, wanted, order, tell)
    with ExitStack() as held:
        workspace.state.prepare()
        for name in sorted(names):
            try:
                held.enter_context(workspace.state.lock(f"tree-{name}", TREE_WAIT_SECONDS, "staddle train"))
            except Held as error:
                one.out[name] = Landed(name, "busy", why=error.what)
                if len(one.out) == len(names):
                    raise
        held.enter_context(occupying(workspace, (), "train"))
        one.run()
    if wanted.forge and not wanted.dry_run:
        one.land_by_requests(wanted.forge)
    return [one.out[name] for name in names]


@dataclass
class _Train:
    """The milestones in order; `out` tells what became of one, `loads` and `made` are those that may still go."""

    workspace: Workspace
    wanted: Wanted
    order: Sequence[Milestone]
    tell: Tell
    out: dict[str, Landed] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    made: dict[str, tuple[Squashed, ...]] = field(default_factory=dict)

    def run(self) -> None:
        """Drop what cannot go, round by round, until the rest has landed or nothing is left."""
        fetch, screened = self.wanted.fetch, not self.wanted.gate
        for _ in range(len(self.order) + MOST_TRIES):
            with changing(self.workspace, "train") as trap:
                if fetch and self.workspace.git.tracks(self.workspace.plan.remote):
                    fetching.fetch(self.workspace.git, self.workspace.state, self.workspace.plan.remote)
                base = find_base(self.workspace)
                tip = self._board(base)
                if not self.loads and not self.wanted.dry_run:
                    bring_up(self.workspace, trap, self.tell)  # what a killed one has landed
            fetch = False
            if self.wanted.dry_run or not self.loads:
                self._end("ready")
                return
            if not screened:
                screened = True
                if self._screen(base):
                    continue
            if self.wanted.gate and (red := self._prove(self.loads, tip, base)):
                self._isolate(red, base)
            elif self.wanted.forge:
                self._end("ready")
                return
            elif self._publish(base, tip):
                self._end("landed")
                return
            else:
                self.tell(f"{base.name} moved: making the commits once more")
                fetch = True
        raise Refused("moving", f"{self.workspace.plan.base} moves faster than it can be landed on", "staddle train")

    def land_by_requests(self, forge: Forge) -> None:
        """Land on the forge what may go, in order, until one does not."""
        wanted = land.Wanted(gate=self.wanted.gate)
        for load in self.loads:
            name = load.finding.name
            self.out[name] = land_by_requests(
                self.workspace, forge, name, wanted, wait=self.wanted.wait, tell=self.tell
            )
            if not self.out[name].well:
                return

    def _end(self, did: str) -> None:
        """What became of those that could go."""
        for load in self.loads:
            name = load.finding.name
            self.out[name] = Landed(name, did, self.made[name])

    def _board(self, base: Base) -> Oid:
        """Weigh every milestone that may still go, and stack what they bring onto the base: the tip of it all."""
        self.loads, self.made, tip = [], {}, base.oid
        for finding in survey(self.workspace, self.order).findings:
            if finding.name not in self.out:
                tip = self._coupled(finding, base, tip)
        return tip

    def _coupled(self, finding: Finding, base: Base, tip: Oid) -> Oid:
        """The tip with one more milestone on it, or as it was, and why is written down."""
        name, aboard = finding.name, [load.finding.milestone.id for load in self.loads]
        try:
            load = weigh(self.workspace, finding, base, aboard=aboard)
            if finding.standing in READABLE and self.workspace.git.changes(finding.folder):
                raise Refused("dirty", f"{finding.folder} has uncommitted changes")
            made = self._stack(load, tip)
            other = self._counterpart(load, base) if made.stopped else ""
        except Refused as error:
            self.out[name] = Landed(name, "blocked" if error.code == "needs" else "refused", why=error.what)
            return tip
        except GitError as error:
            self.out[name] = Landed(name, "refused", why=error.what)
            return tip
        if made.stopped:
            why = f"{', '.join(made.paths[:3])}, in {made.stopped}, conflicts with {other}"
            self.out[name] = Landed(name, "conflict", why=why)
        elif not made.commits:
            self.out[name] = Landed(name, "nothing", why="its branch has nothing that has not landed")
        else:
            self.loads.append(load)
            self.made[name] = made.commits
            return made.tip
        return tip

    def _stack(self, load: Load, tip: Oid) -> Stack:
        return stack(self.workspace, load, tip, time.time(), gate=self.wanted.gate)

    def _counterpart(self, load: Load, base: Base) -> str:
        """What a load that does not fit on the train conflicts with."""
        if self._stack(load, base.oid).stopped:
            return base.name
        pairs = (one for one in self.loads if self._stack(load, self._stack(one, base.oid).tip).stopped)
        return next((one.finding.name for one in pairs), "those before it together")

    def _screen(self, base: Base) -> bool:
        """Drop those whose own tree is red, by the answers there are; whether any was."""
        standing = [load.finding for load in self.loads if load.finding.folder.is_dir()]
        subjects = [milestone_subject(self.workspace, one, one.milestone.checks, base.oid) for one in standing]
        judged = run_checks(self.workspace, subjects, Options(), tell=self.tell)
        red = {one.target: one for one in reversed(judged) if not one.verdict.green}
        for name, one in red.items():
            self.out[name] = Landed(name, "red", why=f"{one.check}: {one.verdict}, {one.reason}; see {one.log}")
        return bool(red)

    def _prove(self, loads: Sequence[Load], tip: Oid, base: Base, only: Red | None = None) -> Red | None:
        names = ", ".join(load.finding.name for load in loads)
        self.tell(f"proving {names} together" + (f", {only.whose} {only.check} alone" if only else ""))
        return prove(self.workspace, [one.finding for one in loads], tip, base.oid, tell=self.tell, only=only)

    def _isolate(self, red: Red, base: Base) -> None:
        """Drop the milestone that turns the train red: the last of the shortest train that is, and name the other."""
        names = [load.finding.name for load in self.loads]
        shortest = names.index(red.whose) + 1 if red.whose in names else 1
        length = first_red(shortest, len(names), lambda many: self._is_red(self.loads[:many], base, red))
        before, culprit = self.loads[: length - 1], self.loads[length - 1]
        other = red.whose
        if culprit.finding.name == red.whose or not red.whose:
            fewest = first_red(0, len(before), lambda many: self._is_red([*before[:many], culprit], base, red))
            other = before[fewest - 1].finding.name if fewest else ""
        name = culprit.finding.name
        why = f"green alone, red together with {other}" if other else f"red on {base.name} as it is now"
        self.out[name] = Landed(name, "red", why=f"{why}: {red}")

    def _is_red(self, loads: Sequence[Load], base: Base, red: Red) -> bool:
        """Whether the check that was red is so with these milestones alone."""
        tip = base.oid
        for load in loads:
            tip = self._stack(load, tip).tip
        return self._prove(loads, tip, base, red) is not None

    def _publish(self, base: Base, tip: Oid) -> bool:
        """Move the base; False when it, or a branch that is aboard, is not where it was."""
        with changing(self.workspace, "train") as trap:
            refs = self.workspace.git.refs("refs/heads/")
            if any(refs.get(f"refs/heads/{one.finding.milestone.branch}") != one.finding.tip for one in self.loads):
                return False
            return publish(self.workspace, trap, base, tip, self.tell)
