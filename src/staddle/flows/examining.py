"""The examination of a run's candidates: what is seen of each content, to rank them by.

It is a funnel: every content is judged merged with the target; those that are green and alter nothing they are judged
by bear the target's own tests alone; and those that do are asked each other's new tests, one author's at a time, for
tests that share a process can decide about each other.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.names import Oid
from ..core.ranking import Entrant
from ..core.testfiles import is_test_file, report_name
from ..core.verdict import Judged
from ..edges import reports
from ..edges.objects import OWN_IDENTITY, Objects
from ..guard import candidates
from .bench import TARGET, Bench
from .crossing import Files, Seen, Share, crossing_checks, seen, share_of, titles
from .workspace import changing

NO_REPORTS = "no check reports on single tests, so no candidate was held to the target's tests or the others' new ones"
NO_COMMIT = "no commit of its own"
UNCOMMITTED = "has uncommitted work, not ranked"


@dataclass(frozen=True)
class Merged:
    """A candidate merged with the target: its tip, the content and a commit of it, or why there is none."""

    number: int
    tip: Oid | None = None
    tree: Oid | None = None
    commit: Oid | None = None
    fault: str = ""


class Examination:
    """What is seen of the contents of a run, one by one; equal contents are looked at once.

    A content is known by the number of the first candidate that has it.
    """

    def __init__(self, bench: Bench, old: Oid, ref: str, merged: Sequence[Merged]) -> None:
        self._bench, self._old, self._ref, self._merged = bench, old, ref, merged
        self._objects = Objects(bench.site.git)
        self._first = {one.tree: one.number for one in reversed(merged) if one.tree}
        self._trees = {number: tree for tree, number in self._first.items()}
        self._own: dict[int, Seen] = {}
        self._passes = defaultdict[int, frozenset[str]](frozenset)
        self._notes = defaultdict[int, list[str]](list)
        self._required = self._requirement()
        self.note = ""
        """What has to be said of the whole, if anything."""

    def entrants(self) -> tuple[Entrant, ...]:
        """What is seen of each candidate."""
        bench = self._bench
        commits = {one.number: one.commit for one in self._merged if one.commit and one.number in self._trees}
        self._verdicts = bench.judge(commits)
        green = [number for number in commits if all(one.verdict.green for one in self._verdicts[number])]
        self._shares = {number: share_of(self._objects, self._old, self._trees[number]) for number in green}
        if crossing_checks(bench.plan.checks):
            clean = [number for number in green if not self._shares[number].altered]
            self._bear_own_tests(clean)
            self._cross([number for number in clean if not (self._missing(number) or self._broken(number))])
        else:
            self.note = NO_REPORTS
        return tuple(map(self._entrant, self._merged))

    def verdicts(self, one: Merged) -> Sequence[Judged]:
        """What the plan's checks said of a candidate."""
        return self._verdicts[self._first[one.tree]] if one.tree else ()

    def _bear_own_tests(self, clean: Sequence[int]) -> None:
        """See how these contents, and the target, bear the target's own tests alone."""
        commits = {TARGET: self._old} if clean else {}
        for number in clean:
            if self._shares[number].restored:
                commits[number] = self._commit(number, {})
            else:
                self._own[number] = self._at_first(number)
        self._own |= self._bench.examine(commits) if commits else {}
        if clean and (fault := self._own[TARGET].fault):
            self.note = f"the target's own tests could not be listed, so none is missed: {fault}"

    def _cross(self, contents: Sequence[int]) -> None:
        """Ask each of the contents the new tests of every other one; the answers to its own are known."""
        known = set[tuple[str, object]]()
        for author in contents:
            new = {path: one for path, one in self._shares[author].new.items() if (path, one) not in known}
            known |= set(new.items())
            others = [number for number in contents if number != author]
            if not new or not others:
                continue
            found = self._bench.cross({number: self._commit(number, new) for number in others}, author, new)
            for number, answer in ({author: self._at_first(author)} | found).items():
                passed = (test for test in answer.passed if test.partition("[")[0] not in self._own[TARGET].ran)
                self._passes[number] |= titles(passed, new, author)
                if answer.fault:
                    self._notes[author].append(f"its tests say nothing about b{number}: {answer.fault}")

    def _commit(self, number: int, more: Files) -> Oid:
        """A commit of a content with the target's test files, and more."""
        site, run = self._bench.site, self._bench.run
        with changing(site, f"rank {run.id}"):
            files = {**self._shares[number].restored, **more}
            tree = self._objects.tree_with(self._trees[number], files, site.state.folder / "rank.index")
            return self._objects.commit_tree(
                tree, [self._old], "with other tests, to be ranked", run.began, OWN_IDENTITY
            )

    def _at_first(self, number: int) -> Seen:
        """What a content's tests, its own new ones among them, came to when it was judged."""
        checks = crossing_checks(self._bench.plan.checks)
        return seen([one for one in self._verdicts[number] if one.check in checks])

    def _missing(self, number: int) -> list[str]:
        """The target's tests that do not run on a content that bears them."""
        if number not in self._own or self._own[number].fault:
            return []
        return sorted(self._own[TARGET].ran - self._own[number].ran)

    def _broken(self, number: int) -> str:
        """Why the target's own tests are not green on a content."""
        found = self._own.get(number, Seen())
        what = found.fault or min(found.failed, default="")
        return f"not green with the target's own tests: {what}" if what else ""

    def _entrant(self, one: Merged) -> Entrant:
        place = candidates.folder(self._bench.site.git, self._bench.run.candidates[one.number - 1])
        notes = [UNCOMMITTED] if (place / ".git").is_file() and self._bench.site.git.changes(place) else []
        if one.tree is None:
            return Entrant(one.number, None, one.fault, empty=one.fault == NO_COMMIT, note="; ".join(notes))
        number = self._first[one.tree]
        judged, share = self._verdicts[number], self._shares.get(number, Share())
        red = next((each for each in judged if not each.verdict.green), None)
        sizes = self._objects.changed_lines(self._old, one.tree)
        code = {path: lines for path, lines in sizes.items() if not is_test_file(path)}
        return Entrant(
            one.number,
            one.tree,
            fault=f"{red.check}: {red.verdict}, {red.reason}" if red else "",
            altered=(*share.altered, *(f"{test} does not run" for test in self._missing(number))),
            broken=self._broken(number),
            passes=self._passes[number],
            requirement=_passes(judged, self._required) if self._required else None,
            lines=sum(code.values()),
            files=len(code),
            note="; ".join(notes + self._notes[number]),
        )

    def _requirement(self) -> str:
        """The test of the requirement that comes next, when the run is to land on a milestone's branch."""
        git = self._bench.site.git
        for milestone in self._bench.plan.milestones:
            if self._ref == f"refs/heads/{milestone.branch}":
                for one in milestone.requirements:
                    if not git.has_subject(self._old, one.message(milestone.scope)):
                        return report_name(one.test) if one.test else ""
        return ""


def _passes(judged: Sequence[Judged], test: str) -> bool:
    """Whether a test, by the beginning of its name in reports, ran green."""
    reported = (Path(one.log).with_name("junit.xml") for one in judged if one.log)
    passed = frozenset[str]().union(*map(reports.passed_tests, reported))
    return any(name.startswith(test) for name in passed)
