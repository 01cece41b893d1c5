"""Ports: a block of them reserved for each tree, on the whole machine, for one user.

The register lies in the user's state folder, because trees of two repositories share one machine.
A block belongs to a tree's folder for as long as the folder exists; it is found by binding, not by
a hash, so that a port some other program already serves on is passed over.
"""

import json
import socket
from contextlib import closing
from pathlib import Path

from ..core.errors import StaddleError
from .state import locked, user_folder, write_durably

FIRST, LAST = 20000, 32000
"""Above the registered services people run, below the kernel's range for outgoing connections."""

WAIT_SECONDS = 10.0


def reserve(tree: Path, size: int) -> int:
    """The first port of the block of `size` ports that is `tree`'s, reserved now if it has none."""
    home = user_folder()
    register = home / "ports.json"
    with locked(home / "ports.mutex", WAIT_SECONDS, "staddle reserving ports"):
        blocks = {folder: block for folder, block in _load(register).items() if Path(folder).is_dir()}
        first, held = blocks.get(str(tree), (0, 0))
        if held != size:
            blocks.pop(str(tree), None)
            first = _free_block(size, list(blocks.values()))
            write_durably(register, json.dumps(blocks | {str(tree): (first, size)}, indent=1))
        return first


def _load(register: Path) -> dict[str, tuple[int, int]]:
    try:
        found = json.loads(register.read_text(encoding="utf-8"))
        return {folder: (int(first), int(size)) for folder, (first, size) in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        raise StaddleError(f"{register} is not a register of ports: {error}", f"mv {register} {register}.bad") from None


def _free_block(size: int, blocks: list[tuple[int, int]]) -> int:
    first = FIRST
    while first + size <= LAST:
        overlap = [start + length for start, length in blocks if start < first + size and first < start + length]
        if overlap:
            first = max(overlap)
        elif (busy := _busy_port(first, size)) is not None:
            first = busy + 1
        else:
            return first
    raise StaddleError(f"no {size} free ports in a row are left between {FIRST} and {LAST}", "remove trees not in use")


def _busy_port(first: int, size: int) -> int | None:
    for port in range(first, first + size):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return port
    return None
