"""The verb that looks ahead: conflicts."""

from collections.abc import Callable
from dataclasses import asdict

from ..core.errors import WorkFailed
from ..core.names import split_target
from .options import AsJson, PlanFile, Shown


def conflicts(targets: Shown = None, plan: PlanFile = None, json: AsJson = False) -> None:
    from ..core import matrix as shown
    from ..edges import console
    from ..flows.conflicts import conflicts as compare
    from ..flows.whereabouts import look_around

    matrix = compare(look_around(plan), targets or [])
    if json:
        console.answer_json(asdict(matrix) | {"conflicts": matrix.conflicts, "unknown": matrix.unknown})
    else:
        heads, rows = shown.grid(matrix) or shown.pairs(matrix)
        if rows:
            console.table(heads, rows)
        for line in shown.told(matrix):
            console.answer(line)
        console.talk(shown.summary(matrix))
    if matrix.conflicts:
        behind = (name for name in matrix.asked if matrix.base in matrix.conflicts_of(name) and not split_target(name))
        first = next(behind, None)
        hint = f"staddle sync {first} --manual" if first else "land one of a pair, then: staddle sync"
        raise WorkFailed("what conflicts cannot all land as it is", hint)
    if matrix.unknown:
        raise WorkFailed("not all could be compared", "mend what is marked ?, then run the same command again")


COMMANDS: dict[str, Callable[..., None]] = {"conflicts": conflicts}
