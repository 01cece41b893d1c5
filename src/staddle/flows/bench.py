"""The bench: where the contents of a run are judged to be ranked, each in a scratch tree of its own, side by side."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from msgspec import structs

from ..core.model import Check, Plan
from ..core.names import Oid
from ..core.runs import Run
from ..core.verdict import Judged
from ..edges.surroundings import GO_ON
from .checking import Options, run_checks
from .crossing import Seen, crossing_checks, seen
from .scratch import scratch_tree
from .subject import Subject, scratch_subject
from .workspace import Site, Tell

TARGET = 0
"""The number by which the target itself is known among its candidates."""
EVERY_TEST = "1"

Commits = Mapping[int, Oid]


@dataclass(frozen=True)
class Bench:
    """Judges commits, each by the number of the candidate it stands for, and says so; `onto` is the target's name."""

    site: Site
    run: Run
    plan: Plan
    onto: str
    tell: Tell

    def judge(self, commits: Commits) -> dict[int, list[Judged]]:
        """The verdicts of all the plan's checks."""
        return self._judge(commits, self.plan.checks, {}, lambda who: f"{who} merged with {self.onto}")

    def examine(self, commits: Commits) -> dict[int, Seen]:
        """What the tests come to, every single one of them."""
        checks, more = crossing_checks(self.plan.checks), {GO_ON: EVERY_TEST}
        judged = self._judge(commits, checks, more, lambda who: f"{who} with the tests of {self.onto} alone")
        return {number: seen(found) for number, found in judged.items()}

    def cross(self, commits: Commits, author: int, paths: Iterable[str]) -> dict[int, Seen]:
        """What the tests of candidate `author` in these files come to; that some are red is the purpose."""
        self.tell(f"the new tests of b{author} on {', '.join(f'b{number}' for number in commits)}")
        checks = {name: structs.replace(check, retries=0) for name, check in crossing_checks(self.plan.checks).items()}
        judged = self._judge(commits, checks, {GO_ON: "\n".join(sorted(paths))}, None)
        return {number: seen(found) for number, found in judged.items()}

    def _judge(
        self,
        commits: Commits,
        checks: Mapping[str, Check],
        more: Mapping[str, str],
        titled: Callable[[str], str] | None,
    ) -> dict[int, list[Judged]]:
        """The verdicts on the commits; told under each one's title, or not at all without titles."""
        subjects: dict[int, Subject] = {}
        titles: dict[str, str] = {}
        with ExitStack() as standing:
            for number, commit in commits.items():
                name = f"{self.run.id}-b{number}-rank"
                place = standing.enter_context(scratch_tree(self.site, name, commit))
                subject = scratch_subject(self.plan, self.site.git, place, checks, more)
                subjects[number] = replace(subject, base=self.site.git.commit(f"{commit}^1"))
                titles[name] = titled(f"b{number}" if number else self.onto) if titled else ""

            def tell(line: str) -> None:
                name, _, rest = line.partition(" ")
                if title := titles.get(name, name):
                    self.tell(f"{title}, {rest}")

            options = Options(retry_failed=not more)  # in an examination red is an answer like another
            judged = run_checks(self.site, list(subjects.values()), options, tell=tell)
        return {number: [one for one in judged if one.target == its.name] for number, its in subjects.items()}
