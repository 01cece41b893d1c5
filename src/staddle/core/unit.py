"""Units: what is to run under a supervisor, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Reason = Literal["exited", "limit", "cancelled", "lost", "error"]
"""Why a job ended: by itself, at its limit, at our wish, with its supervisor; or it could not be started or ended."""


@dataclass(frozen=True)
class Job:
    """One command to run: `unit` marks all its processes, `env` is its whole environment, times are seconds.

    A slash divides `unit`: a sweep of `a/b` ends what is left of `a/b` and of `a/b/c`. The output goes to
    `log`; beyond `log_cap` bytes, its middle is left out. A `confined` one writes no core file and no file of
    more than 4 GiB, and has at most 4096 files open.
    """

    unit: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stdin: Path | None
    log: Path
    limit: float
    grace: float = 5.0
    log_cap: int = 10 << 20
    confined: bool = False


@dataclass(frozen=True)
class Ended:
    """A job is over and none of its processes lives, unless `message` names some that would not go.

    `rc` is the exit code, or minus the signal that ended the leader; 126 or 127 when it could not be
    started. `strays` names processes that outlived the leader and had to be ended; `seconds` runs to
    the leader's end or the decision to stop it.
    """

    unit: str
    reason: Reason
    rc: int
    log: Path
    seconds: float = 0.0
    strays: tuple[str, ...] = ()
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether the command ended by itself, with exit code 0."""
        return self.reason == "exited" and self.rc == 0

    @property
    def not_found(self) -> bool:
        """Whether the command's program is not there."""
        return self.reason == "error" and self.rc == 127
