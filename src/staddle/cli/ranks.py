"""The verb that says which candidate is the best: rank."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .options import AsJson
from .runs import KnownRun

if TYPE_CHECKING:
    from ..core.ranking import Entrant, Place
    from ..flows.rank import Ranked

HEADS = ("place", "candidate", "verdict", "agreed tests", "diff", "why")


def rank(run: KnownRun, json: AsJson = False) -> None:
    from ..core.names import require_run, split_target
    from ..edges import console
    from ..flows.rank import rank_run, require_winner
    from ..flows.workspace import open_site

    one = split_target(run)
    name = one.run if one else require_run(run)
    ranked = rank_run(open_site(), name, tell=console.talk)
    ranking, seen = ranked.ranking, {each.number: each for each in ranked.entrants}
    if json:
        console.answer_json(_data(ranked))
    else:
        console.table(HEADS, [_row(place, seen[place.number]) for place in ranking.places])
    if ranked.note:
        console.talk(ranked.note)
    winner = require_winner(name, ranking)
    console.talk(f"b{winner} is first: {ranking.why}. To land it: staddle reconcile {name} auto")


def _row(place: "Place", one: "Entrant") -> tuple[str, ...]:
    tests = f"{place.tests} x {place.group}" if one.may_win else "-"
    why = "; ".join(filter(None, (place.why, one.note)))
    return str(place.place), f"b{place.number}", one.standing, tests, f"{one.lines}/{one.files}", why


def _data(ranked: "Ranked") -> dict[str, Any]:
    """The ranking as JSON data; candidates are called as people call them."""
    ranking = ranked.ranking

    def named(record: dict[str, Any]) -> dict[str, Any]:
        return {"candidate": f"b{record.pop('number')}", **record}

    return {
        "winner": f"b{ranking.winner}" if ranking.winner else None,
        "why": ranking.why,
        "rivals": [f"b{number}" for number in ranking.rivals],
        "test": ranking.test,
        "note": ranked.note,
        "places": [named(asdict(place)) for place in ranking.places],
        "candidates": [
            named(asdict(one))
            | {
                "standing": one.standing,
                "passes": sorted(one.passes),
                "checks": {
                    each.check: {"verdict": each.verdict, "reason": each.reason}
                    for each in ranked.verdicts.get(one.number, ())
                },
            }
            for one in ranked.entrants
        ],
    }


COMMANDS: dict[str, Callable[..., None]] = {"rank": rank}
