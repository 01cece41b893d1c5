"""The order that `needs` leaves to milestones, and the circles that leave none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from .model import Milestone


def landing_order(milestones: Sequence[Milestone]) -> tuple[Milestone, ...]:
    """These milestones, each after those of them that it needs, otherwise as given."""
    waiting, placed = list(milestones), []
    missing = {milestone.id for milestone in milestones}
    while waiting:
        ready = next(milestone for milestone in waiting if missing.isdisjoint(milestone.needs))
        waiting.remove(ready)
        missing.discard(ready.id)
        placed.append(ready)
    return tuple(placed)


def circles(needs: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Circles among `needs`, as ("M1", "M2", "M1"), no member in two of them; none when an order exists."""
    stuck = _stuck(needs)
    seen: set[str] = set()
    for member in needs:
        walk: list[str] = []
        while member in stuck and member not in seen:
            seen.add(member)
            walk.append(member)
            member = next(need for need in needs[member] if need in stuck)  # noqa: PLW2901 - the walk goes on from there
        if member in walk:
            yield (*walk[walk.index(member) :], member)


def _stuck(needs: Mapping[str, Sequence[str]]) -> set[str]:
    """Those that can never be reached in order; each of them needs another of them."""
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError:
        reached: set[str] = set()
        while ready := sorter.get_ready():
            sorter.done(*ready)
            reached.update(ready)
        return needs.keys() - reached
    return set()


def first_red(low: int, high: int, is_red: Callable[[int], bool]) -> int:
    """The smallest number in `low..high` that is red, when every larger one is too and `high` is known to be."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_red(middle) else (middle + 1, high)
    return high
