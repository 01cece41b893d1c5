"""A scratch tree for the time of a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.names import Oid
from ..guard import scratch
from .workspace import Site, changing

WAIT_SECONDS = 1.0


@contextmanager
def scratch_tree(site: Site, name: str, commit: Oid) -> Iterator[Path]:
    """A tree detached at `commit` for the block; Held when another process has the one of this name."""
    with site.state.lock(scratch.lock_name(name), WAIT_SECONDS, f"a proof in {name}"):
        with changing(site, f"a proof in {name}") as trap:
            place = scratch.make(site.git, site.state, trap, name, commit)
        try:
            yield place
        finally:
            with changing(site, f"a proof in {name}"):
                scratch.discard(site.git, site.state, place)
