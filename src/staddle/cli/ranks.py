"""The verb that says which candidate is the best: rank."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from .options import AsJson
from .runs import RunName

if TYPE_CHECKING:
    from ..core.ranking import Entrant, Place

WHY_WIDTH = 44


def rank(run: RunName, json: AsJson = False) -> None:
    from ..core.names import require_run
    from ..edges import console
    from ..flows.rank import rank_run, require_winner
    from ..flows.workspace import open_site

    name = require_run(run)
    ranked = rank_run(open_site(), name, tell=console.talk)
    ranking, seen = ranked.ranking, {one.number: one for one in ranked.entrants}
    if json:
        seen_of_each = [asdict(one) | {"passes": sorted(one.passes)} for one in ranked.entrants]
        console.answer_json(asdict(ranking) | {"note": ranked.note, "candidates": seen_of_each})
    else:
        rows = [_row(place, seen[place.number]) for place in ranking.places]
        console.table(("", "", "checks", "tests", "diff", "why"), rows)
    if ranked.note:
        console.talk(ranked.note)
    require_winner(name, ranking)


def _row(place: "Place", one: "Entrant") -> tuple[str, ...]:
    checks = "pass" if one.may_win else "fail" if one.fault else "altered" if one.altered else "broken"
    tests = f"{place.tests} x {place.group}" if one.may_win else "-"
    why = place.why if len(place.why) <= WHY_WIDTH else f"{place.why[: WHY_WIDTH - 3]}..."
    return str(place.place), f"b{place.number}", checks, tests, f"{one.lines}/{one.files}", why


COMMANDS: dict[str, Callable[..., None]] = {"rank": rank}
