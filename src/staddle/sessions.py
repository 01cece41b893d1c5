"""nox sessions from the plan: one for each verb, and one `verify-<id>` for each milestone.

Only names and words are needed to list sessions, so neither the command line nor what it imports is
loaded here; a session starts it as a program of its own.
"""

import os
import sys
from pathlib import Path

import nox

from .core.errors import StaddleError
from .core.verbs import VERBS
from .edges.plans import load_plan

PATIENCE_SECONDS = 60
"""nox follows ^C up with TERM, which tells a child that ^C did not reach; KILL must not cut its unwinding short."""


def register(noxfile: str) -> None:
    """Register a session for every verb, and for every milestone of the plan beside `noxfile`.

    A missing plan leaves out the milestones; a bad one ends nox with its faults and exit code 2.
    """
    for verb in VERBS:
        _session(verb.name, verb.summary, (verb.name,), ())
    plan = Path(noxfile).parent / "milestones.yaml"
    if not plan.exists():
        return
    try:
        milestones = load_plan(plan).plan.milestones
    except StaddleError as error:
        sys.exit(f"{error.what}\n  try: {error.hint}")
    for milestone in milestones:
        name = milestone.id.lower()
        summary = f"Run the checks of {milestone.id} ({milestone.service}) inside its tree."
        _session(f"verify-{name}", summary, ("verify", name), ("verify",))


def _session(name: str, summary: str, arguments: tuple[str, ...], tags: tuple[str, ...]) -> None:
    def run(session: nox.Session) -> None:
        session.run(
            sys.executable,
            "-m",
            "staddle",
            *arguments,
            *session.posargs,
            env={"STADDLE_DOOR": str(os.getpid())},
            external=True,
            terminate_timeout=PATIENCE_SECONDS,
        )

    run.__doc__ = summary
    run.__name__ = name.replace("-", "_")
    nox.session(python=False, name=name, default=False, tags=list(tags))(run)
