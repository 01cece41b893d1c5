"""Guide: what a person is told where a rebase has stopped: the files, whose side is which, and the commands."""

from collections.abc import Sequence
from pathlib import Path

from ..core.names import quoted, shell
from ..edges.conflicts import Conflict

SIDES = {"base": 2, "ours": 2, "mine": 3, "theirs": 3}
"""The words for a side, a person's and git's in a rebase, and the stage that holds it."""


CUT = "git was killed while it worked there: what the tree holds may be half a commit"


def side_taken(side: str, chosen: Sequence[Conflict]) -> str:
    """What taking one side of some conflicts came to, git's reversed words said."""
    whose, word = ("the base's", "ours") if SIDES[side] == SIDES["base"] else ("your commit's", "theirs")
    files = ", ".join(quoted(conflict.path) for conflict in chosen) or "nothing: no file is in conflict"
    return f'took {whose} side, which git calls "{word}" in a rebase, of {files}'


def guide(
    name: str, folder: Path, where: str, conflicts: Sequence[Conflict], staged: Sequence[str], *, cut: bool
) -> tuple[str, ...]:
    """The lines for a rebase that has stopped at the commit that `where` names; `staged` are decided already."""
    lines = [f"{name}: a rebase is under way in {folder}", f"stopped at {where}"]
    if cut:
        return (*lines, CUT, *_ways(name)[1:])
    lines += [f"  in conflict: {quoted(conflict.path)} ({conflict.kind})" for conflict in conflicts]
    lines += [f"  decided, look at it: {quoted(path)}" for path in staged] if not conflicts else []
    if not conflicts:
        return (*lines, "", "nothing is left to decide:", *_ways(name))
    return (
        *lines,
        "",
        "base is what the milestone is put onto; mine is your own commit. In a rebase git",
        'says it the other way round: its "ours" is the base, its "theirs" is your commit.',
        "",
        f"edit the files (cd {shell(folder)}), or take a side of each whole:",
        f"  staddle sync {name} --take base|mine [FILE ...]",
        "then:",
        *_ways(name),
    )


def _ways(name: str) -> tuple[str, ...]:
    return (
        f"  staddle sync {name} --continue    commits it and goes on",
        f"  staddle sync {name} --abort       gives up: branch and files as they were",
    )
