"""Running a command under the cutter: the program beside this module, started for one command at a time."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.errors import UsageError, WorkFailed
from ..edges.process import capture
from .cutter import NO_NOTIFICATION, Cut

PROGRAM = (sys.executable, "-E", "-S", "-m", "staddle.faults.cutter")
_IMPORTED_FROM = Path(__file__).resolve().parents[2]
_PATIENCE_SECONDS = 30.0
"""What the cutter may take beyond the command's time limit: it ends what is left, and says so."""


def cut(
    argv: Sequence[str],
    *,
    at: int | None = None,
    mode: str = "kill",
    roots: Sequence[Path] = (),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Cut:
    """Run a command, act by `mode` at its `at`-th file-changing call below `roots`, and wait for its last process.

    kill: SIGKILL every process. torn: the same after half of a write. group: SIGKILL the leader's process group, the
    others go on. self: SIGKILL the process that makes the call. term, int, hup: signal the leader, the call goes on.
    enospc: this and every later call that needs space fails. eio: this call fails.

    UsageError where the kernel or the container does not allow it.
    """
    options = [f"--mode={mode}", f"--timeout={timeout}", f"--cwd={cwd or Path.cwd()}"]
    options += [f"--root={root.resolve()}" for root in roots]
    options += [] if at is None else [f"--at={at}"]
    with tempfile.TemporaryFile() as report:
        program = [*PROGRAM, *options, f"--report={report.fileno()}", "--", *argv]
        limit = timeout + _PATIENCE_SECONDS
        done = capture(program, cwd=_IMPORTED_FROM, env=env, timeout=limit, pass_fds=[report.fileno()])
        report.seek(0)
        found = report.read()
    output = (done.out + done.err).decode(errors="replace")
    if done.rc == NO_NOTIFICATION:
        needed = "use Linux 5.19 or newer on x86_64 or aarch64, in a container that allows seccomp(2)"
        raise UsageError(f"system calls cannot be stopped here: {output.strip()}", needed)
    if not found:
        raise WorkFailed(f"the cutter itself failed:\n{output}")
    return Cut(**json.loads(found), output=output)
