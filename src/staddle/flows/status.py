"""status: one line a milestone - where its tree stands, what its checks said, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Oid
from ..core.verdict import Judged, Verdict
from ..edges.git import Changes
from ..edges.verdicts import Store
from ..guard.pool import each
from .survey import Base, Finding, Standing, survey
from .workspace import Workspace

READERS = 4
"""Trees read at once: beyond four the disk, not the cores, decides."""


@dataclass(frozen=True)
class Status:
    """Where one milestone stands; `ahead` and `behind` count commits against the base, None without a tree."""

    name: str
    service: str
    track: str
    folder: Path
    branch: str
    standing: Standing
    ahead: int | None
    behind: int | None
    changed: int
    untracked: int
    under_way: str | None
    checks: dict[str, str]
    next_step: str

    @property
    def verdict(self) -> str:
        """The checks in a word: pass, the first red one, stale, or none."""
        red = next((f"{verdict} {check}" for check, verdict in self.checks.items() if verdict not in CALM), None)
        if red:
            return red
        said = set(self.checks.values())
        return "stale" if "stale" in said else "-" if "-" in said or not said else "pass"


CALM = ("pass", "flaky", "base-red", "stale", "-")


def status(workspace: Workspace, targets: list[str]) -> list[Status]:
    """The status of the chosen milestones, in the plan's order; takes no lock and writes nothing."""
    found = survey(workspace, workspace.chosen(targets))
    rows = {
        done.thing.name: done for done in each(found.findings, lambda one: _one(workspace, found.base, one), READERS)
    }
    for done in rows.values():
        if done.error:
            raise done.error
    return [row.result for finding in found.findings if (row := rows[finding.name]).result is not None]


def _one(workspace: Workspace, base: Base, finding: Finding) -> Status:
    milestone, git = finding.milestone, workspace.git
    stands = finding.standing in (Standing.OK, Standing.ADOPT)
    changes = git.changes(finding.folder) if stands else Changes((), ())
    ahead, behind = git.ahead_behind(finding.tip, base.oid) if finding.start == "branch" else (None, None)
    under_way = finding.entry.under_way() if finding.entry else None
    kept = Store(workspace.state).latest(finding.name)
    checks = _checks(kept, milestone.checks, git.tree_of(finding.tip) if kept else None, changes)
    done = all(git.has_subject(base.oid, one.message(milestone.scope)) for one in milestone.requirements)
    landed = bool(milestone.requirements) and done and not ahead
    step = _next_step(finding, base, changes, under_way, (ahead or 0, behind or 0), checks, landed)
    return Status(
        name=finding.name,
        service=milestone.service,
        track=milestone.track,
        folder=finding.folder,
        branch=milestone.branch,
        standing=finding.standing,
        ahead=ahead,
        behind=behind,
        changed=len(changes.tracked),
        untracked=len(changes.untracked),
        under_way=under_way,
        checks=checks,
        next_step=step,
    )


def _checks(kept: dict[str, Judged], declared: Iterable[str], tree: Oid | None, changes: Changes) -> dict[str, str]:
    """Each declared check's word: its verdict while it still speaks of what the tree holds."""
    words = {}
    for name in declared:
        judged = kept.get(name)
        fresh = judged is not None and judged.tree == tree and not changes
        words[name] = "-" if judged is None else str(judged.verdict) if fresh else "stale"
    return words


def _next_step(
    finding: Finding,
    base: Base,
    changes: Changes,
    under_way: str | None,
    distance: tuple[int, int],
    checks: dict[str, str],
    landed: bool,
) -> str:
    ahead, behind = distance
    name = finding.name
    red = any(word not in CALM for word in checks.values())
    steps = (
        (finding.standing in (Standing.CREATE, Standing.GONE, Standing.ADOPT), f"worktrees {name}"),
        (finding.standing in (Standing.DRIFT, Standing.FOREIGN), finding.note),
        (under_way is not None, f"end the {under_way}"),
        (bool(changes), "commit"),
        (landed, f"landed: remove {name}"),
        (ahead == 0, f"agents {name}"),
        (red, "mend it, then verify"),
        (any(word != str(Verdict.PASS) for word in checks.values()), f"verify {name}"),
        (behind > 0, f"rebase onto {base.name}"),
        (True, "ready to land"),
    )
    return next(step for holds, step in steps if holds)
