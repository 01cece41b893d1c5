"""split-schema: move the schema's part of a milestone's branch onto a branch of its own, beneath the rest."""

import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Held, Refused, UsageError, WorkFailed
from ..core.message import lint_message
from ..core.model import Milestone
from ..core.names import Oid, quoted, shell
from ..core.policy import is_schema_branch, schema_paths
from ..core.squash import Own
from ..edges.entries import entries
from ..edges.objects import Change, Objects
from ..guard import moving
from ..guard.branches import Branch
from ..guard.landing import Landing, TargetMoved
from .lint import awaited, schema_branches
from .survey import Finding, find_base, survey
from .sync import kept_out
from .workspace import Workspace, changing


@dataclass(frozen=True)
class Split:
    """What was moved, or would be: the new branch and its commit, the paths, the milestone's new tip.

    Without paths there was nothing to move; `commits` counts those that the milestone keeps.
    """

    name: str
    branch: str
    commit: Oid
    paths: tuple[str, ...]
    tip: Oid
    commits: int


def split_schema(workspace: Workspace, target: str, name: str | None, *, dry_run: bool) -> Split:
    """Move what a milestone's branch changes of the schema to chore/<project>-schema-<name>; the rest stands on that.

    The tree's content stays as it is. Refused when that cannot be done safely, WorkFailed when the schema's part
    cannot stand by itself; nothing has moved then.
    """
    milestone = workspace.plan.milestone(target)
    branch = f"chore/{workspace.plan.project}-schema-{name or milestone.id.lower()}"
    if not is_schema_branch(workspace.plan, branch):
        raise UsageError(f"{quoted(branch)} is not of lower-case words and digits joined by hyphens", "--name events")
    with ExitStack() as held:
        if dry_run:
            return _planned(workspace, _finding(workspace, milestone, held), branch)[0]
        trap = held.enter_context(changing(workspace, "split-schema"))
        finding = _finding(workspace, milestone, held)
        split, landing = _planned(workspace, finding, branch)
        if split.paths:
            moving.begin(workspace.state, [landing], Branch(branch, split.commit))
            try:
                moving.move(workspace.git, workspace.state, trap, landing, Branch(branch, split.commit))
            except TargetMoved:
                what = f"{milestone.branch} moved meanwhile"
                raise Refused("moved", what, f"staddle split-schema {finding.name}") from None
    return split


def _finding(workspace: Workspace, milestone: Milestone, held: ExitStack) -> Finding:
    """The milestone's tree, kept to ourselves."""
    (finding,) = survey(workspace, [milestone]).findings
    if out := kept_out(workspace, finding, held, "split-schema"):
        if out.did == "busy":
            raise Held(out.note, "wait for it to end, then run the same command again")
        raise Refused("not-ready", f"{out.name}: {out.note}", f"staddle status {out.name}")
    return finding


def _planned(workspace: Workspace, finding: Finding, branch: str) -> tuple[Split, Landing]:
    """What is to be moved, made in the object store alone."""
    git, plan, tip, now = workspace.git, workspace.plan, finding.tip, time.time()
    objects, ahead = Objects(git), schema_branches(git, plan)
    begun = _begun(workspace, tip, ahead)
    own = objects.own_commits(begun, tip, [])
    if merges := [commit for commit in own if len(commit.parents) != 1]:
        what = f"{merges[0].oid[:10]} is a merge, which would be taken apart: {merges[0].subject}"
        raise Refused("merge", what, f"git -C {shell(finding.folder)} rebase {plan.base}")
    changes = {change.path: change for change in objects.diff(begun, tip)}
    landing = Landing(f"refs/heads/{finding.milestone.branch}", tip, tip, now, "staddle: schema split off")
    known = awaited(git, plan, tip, list(changes))
    paths = [path for path in schema_paths(plan, changes) if path not in known]
    _require_committed(workspace, finding)
    if not paths:
        return Split(finding.name, branch, begun, (), tip, len(own)), landing
    if branch in ahead:
        raise Refused("name-taken", f"{branch} exists", f"staddle split-schema {finding.name} --name another")
    place = workspace.state.folder / f"{moving.SCRATCH}{finding.name}"
    place.mkdir(exist_ok=True)
    try:
        parts = _Parts(workspace, place / "index", own, {path: changes[path] for path in paths}, now)
        schema = parts.schema(begun, finding)
        new, kept = parts.rest(schema)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if git.tree_of(new) != git.tree_of(tip):
        raise WorkFailed(
            f"what is not of the schema in {finding.name} cannot stand on it", f"staddle lint {finding.name}"
        )
    landing = Landing(landing.target, tip, new, now, landing.because)
    return Split(finding.name, branch, schema, tuple(paths), new, kept), landing


def _begun(workspace: Workspace, tip: Oid, ahead: dict[str, Oid]) -> Oid:
    """Where the branch's own work begins: above the base, and above the schema's branches that it stands on."""
    git, base = workspace.git, find_base(workspace)
    begun = git.merge_base(base.oid, tip)
    if begun is None:
        raise Refused("unrelated", "it has no commit in common with the base", f"git log {base.name}")
    for oid in ahead.values():
        beneath = git.merge_base(oid, tip)
        if beneath and git.is_ancestor(begun, beneath):
            begun = beneath
    return begun


def _require_committed(workspace: Workspace, finding: Finding) -> None:
    """Refused while schema files have uncommitted changes: these would stay behind, and be the milestone's own."""
    holder = next((one for one in entries(workspace.git) if one.branch == finding.milestone.branch), None)
    dirty = schema_paths(workspace.plan, workspace.git.uncommitted(holder.folder)) if holder else []
    if holder and dirty:
        files = " ".join(map(shell, dirty))
        at, say = f"git -C {shell(holder.folder)}", shell(f"chore: schema of {finding.name}")
        todo = f"{at} add -- {files} && {at} commit --no-verify -m {say} -- {files}"
        raise Refused("dirty", f"the schema has uncommitted changes: {', '.join(dirty)}", todo)


@dataclass(frozen=True)
class _Parts:
    """A branch's own commits, taken apart by path; `changes` are those of the schema, as they end up."""

    workspace: Workspace
    index: Path
    own: Sequence[Own]
    changes: dict[str, Change]
    now: float

    def schema(self, begun: Oid, finding: Finding) -> Oid:
        """The one commit that takes `begun` to what the schema becomes."""
        git, objects, plan = self.workspace.git, Objects(self.workspace.git), self.workspace.plan
        tree = self._with_schema(begun)
        makers = [one for one in self.own if self._touches(one)]
        (first, *others), message = makers, f"chore: schema that {finding.milestone.id} builds on"
        if not others and git.tree_of(first.oid) == self._with_schema(first.parents[0]):
            message = message if lint_message(plan, first.message, "it") else first.message
            if first is self.own[0] and message == first.message:
                return first.oid
        else:
            listed = "\n".join(f"- {path}" for path in sorted(self.changes))
            message = f"{message}\n\n{listed}"
            who = dict.fromkeys((one.author, one.email) for one in makers if one.email != first.email)
            if who:
                message += "\n\n" + "\n".join(f"Co-Authored-By: {name} <{email}>" for name, email in who)
        return objects.commit_tree(tree, [begun], message, self.now, first.authorship)

    def rest(self, schema: Oid) -> tuple[Oid, int]:
        """The commits made again on the schema's, which has its part of them; the tip, and how many are left."""
        git, objects, tip, kept = self.workspace.git, Objects(self.workspace.git), schema, 0
        for one in self.own:
            if one.oid == schema:
                continue
            tree = self._with_schema(one.oid)
            emptied = tree == git.tree_of(tip) and git.tree_of(one.oid) != git.tree_of(one.parents[0])
            if not emptied:
                tip = one.oid if one.parents[0] == tip else self._again(objects, tree, tip, one)
                kept += 1
        return tip, kept

    def _again(self, objects: Objects, tree: Oid, parent: Oid, one: Own) -> Oid:
        return objects.commit_tree(tree, [parent], one.message, self.now, one.authorship)

    def _touches(self, one: Own) -> bool:
        return any(change.path in self.changes for change in Objects(self.workspace.git).diff(one.parents[0], one.oid))

    def _with_schema(self, commit: Oid) -> Oid:
        """The tree of a commit with the schema as it ends up; WorkFailed when another file is in its place."""
        git, objects = self.workspace.git, Objects(self.workspace.git)
        files = {path: None if one.deleted else (one.new_mode, one.new) for path, one in self.changes.items()}
        tree = objects.tree_with(git.tree_of(commit), files, self.index)
        if lost := [change.path for change in objects.diff(commit, tree) if change.path not in self.changes]:
            what = f"{lost[0]} stands where a schema file has to be, in {commit[:10]}"
            raise WorkFailed(what, "move it away in a commit of its own, land that, then run it again")
        return tree
