"""The verb that judges: verify."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UsageError, WorkFailed
from .options import AsJson, Judgeable, PlanFile

if TYPE_CHECKING:
    from ..core.verdict import Judged

SHOWN = 3
"""Of how many red checks the last lines are shown."""

Everything = Annotated[bool, typer.Option("--all", help="All milestones, and all candidates of all runs.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at once; as many as there are cores.")]
Checks = Annotated[list[str] | None, typer.Option("--check", metavar="NAME", help="This check alone; may be repeated.")]
When = Annotated[str, typer.Option("--strategy", metavar="WHEN", help="continue, stop at red, or first-green.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Run again what was red on the same content.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run everything again.")]
JunitFile = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write one JUnit report of all.")]


def verify(
    targets: Judgeable = None,
    everything: Everything = False,
    plan: PlanFile = None,
    check: Checks = None,
    jobs: Jobs = None,
    strategy: When = "continue",
    retry_failed: RetryFailed = False,
    no_cache: NoCache = False,
    junit: JunitFile = None,
    json: AsJson = False,
) -> None:
    from ..edges import console, reports
    from ..flows.checking import Options, Strategy
    from ..flows.verify import verify as run_checks
    from ..flows.whereabouts import look_around

    if strategy not in tuple(Strategy):
        raise UsageError(f"there is no strategy {strategy!r}", f"one of: {', '.join(Strategy)}")
    if everything and targets:
        raise UsageError("--all leaves no choice, and targets make one", f"staddle verify {' '.join(targets)}")
    around, only, begun = look_around(plan), check or [], time.monotonic()
    chosen = around.judgeable(console.talk) if everything else targets or []
    around.require_checks(chosen, only, console.talk)
    if junit is not None:
        reports.make_room(junit)
    options = Options(jobs, no_cache, retry_failed, Strategy(strategy))
    with console.live() as watch:
        verdicts = run_checks(around, chosen, options, only=only, tell=console.talk, watch=watch)
    if junit is not None:
        reports.merge_junit(verdicts, junit)
    if json:
        console.answer_json([asdict(judged) | {"whose": judged.verdict.whose} for judged in verdicts])
    else:
        _show(verdicts)
        console.talk(_sums(verdicts, time.monotonic() - begun))
    _require_green(verdicts)


def _show(verdicts: "Sequence[Judged]") -> None:
    """The table of all, unless its lines stand right above, and the last lines of what was red."""
    from ..edges import console

    red = _red(verdicts)
    if not (console.is_terminal() and all(judged.verdict.green for judged in verdicts)):
        rows = [(v.target, v.check, v.verdict.value, _took(v), v.reason) for v in verdicts]
        console.table(("", "check", "verdict", "took", "why"), rows, clip=True)
    for line in dict.fromkeys(f"{one.target} coverage: {one.coverage}" for one in verdicts if one.coverage):
        console.answer(line)
    for judged in red[:SHOWN]:
        console.talk(f"--- {judged.target} {judged.check}: {judged.reason}")
        for line in _tail(judged):
            console.talk(f"    {line}")
        if _log(judged):
            console.talk(f"    {judged.log}")


def _red(verdicts: "Sequence[Judged]") -> "list[Judged]":
    from ..core.verdict import Verdict

    return [one for one in verdicts if not one.verdict.green and one.verdict is not Verdict.CANCELLED]


def _took(judged: "Judged") -> str:
    return f"{judged.seconds:.1f} s{', cached' * judged.cached}"


def _log(judged: "Judged") -> list[str]:
    """The last lines of its log; none without one."""
    from ..edges.reports import log_tail

    return log_tail(Path(judged.log)) if judged.log else []


def _tail(judged: "Judged") -> list[str]:
    """The last lines of its first failing test, else of its log."""
    from ..edges.reports import failure_tail

    told = failure_tail(Path(judged.log).with_name("junit.xml")) if judged.log else []
    return told or _log(judged)


def _sums(verdicts: "Sequence[Judged]", seconds: float) -> str:
    """How many came to which verdict, green ones first, how many of them were known before, and the time it took."""
    from ..core.verdict import Verdict

    counted, cached = Counter(judged.verdict for judged in verdicts), sum(judged.cached for judged in verdicts)
    words = ", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict if counted[verdict])
    return f"{words or 'no checks'}; {f'{cached} cached, ' if cached else ''}{seconds:.1f} s"


def _require_green(verdicts: "Sequence[Judged]") -> None:
    """WorkFailed when one is red: those that failed are counted apart from those that came to no answer."""
    from ..core.verdict import Verdict

    red = _red(verdicts)
    if not red:
        return
    without = (Verdict.ERROR, Verdict.SKIPPED, Verdict.CANCELLED)
    silent = sum(judged.verdict in without for judged in verdicts)
    failed = sum(judged.verdict not in without for judged in red)
    counts = [f"{failed} failed"] * bool(failed) + [f"{silent} did not run to an end"] * bool(silent)
    log = next((judged.log for judged in red if _log(judged)), None)
    hint = f"less {log}" if log else _again(red[0])
    raise WorkFailed(f"of {len(verdicts)} check{'s' * (len(verdicts) != 1)} {', '.join(counts)}", hint)


def _again(red: "Judged") -> str:
    """What to do about a red check that left no log."""
    from ..core.verdict import BY_SETUP, POLICY

    if red.check == POLICY:
        return f"staddle lint {red.target}"
    if red.reason.endswith(BY_SETUP):
        return f"write its installation into setup: in the plan, then: staddle worktrees; staddle verify {red.target}"
    return f"staddle verify {red.target} --retry-failed"


COMMANDS: dict[str, Callable[..., None]] = {"verify": verify}
