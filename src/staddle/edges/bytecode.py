"""Bytecode: where Python keeps a check's, so that none is read that was made of another text.

Python takes bytecode for current when its source has the size and the second that it had then; an edit, or git, may
well leave both as they were. So what lies in a tree is compiled anew for every check, and only there: the bytecode of
libraries, which costs a second to make, is shared.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIBRARIES = ".venv"


@contextmanager
def fresh_bytecode(tree: Path, temporary: Path) -> Iterator[Path]:
    """The folder for PYTHONPYCACHEPREFIX during the block; none of the tree's own is in it before and after.

    `temporary` is the tree's own folder for such things. A tree with libraries of its own has the whole folder in
    there, to be removed with it; the others share one beside.
    """
    shared = not (tree / LIBRARIES).is_dir()
    folder = (temporary.parent if shared else temporary) / "bytecode~"
    forget = [folder / place.relative_to("/") for place in {tree, tree.resolve(), temporary, temporary.resolve()}]
    _forget(forget)
    try:
        yield folder
    finally:
        _forget(forget)


def _forget(places: list[Path]) -> None:
    for place in places:
        for path in place.iterdir() if place.is_dir() else ():
            if path.name != LIBRARIES:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
