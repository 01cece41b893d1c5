"""Subjects: trees to be judged - what is asked of one, how a check runs in it, and what it may not alter there."""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..core.model import Check, Plan
from ..core.names import Oid
from ..core.question import Question
from ..core.unit import Job
from ..edges.git import Changes, Git
from ..edges.objects import Objects
from ..edges.servers import among_services
from ..edges.sparse import left_out
from ..edges.surroundings import (
    contents,
    environment,
    furnish,
    shared_variables,
    temporary_folder,
    tools,
    variables,
)
from ..edges.witness import witnessed

LEFT = re.compile(
    r"\.staddle|\.venv|venv|\.tox|\.nox|node_modules|__pycache__|\.(pytest|mypy|ruff)_cache|\.cache|\.hypothesis"
    r"|htmlcov|\.coverage(\..*)?|coverage\.xml|dist|build|\.DS_Store|.*\.pyc|.*\.egg-info"
)
"""What tools leave behind, which they make anew or which is told apart otherwise."""

ABSENT = "sparse-checkout"
"""Stands in a look for the tracked files that a sparse tree is without."""


@dataclass(frozen=True)
class Subject:
    """A tree to be judged: its target (`m3`, `run42-b2`), its checks, and the variables that are its own.

    `setup` are commands to run in it first; when one fails, the checks do not run. `furnished` are the paths in it that
    git does not know and the plan has put there; `required` are the tests, as pytest names them, that its work is to
    turn green. `base` is the commit that its work began at, and `elsewhere` gives the same subject in another tree:
    together they tell whose fault a red test is.
    """

    name: str
    folder: Path
    checks: Mapping[str, Check]
    own: Mapping[str, str]
    setup: Sequence[tuple[str, ...]] = ()
    furnished: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    base: Oid | None = None
    elsewhere: Callable[[str, Path], "Subject"] | None = None


def scratch_subject(
    plan: Plan,
    git: Git,
    place: Path,
    checks: Mapping[str, Check],
    identity: Mapping[str, str],
    *,
    name: str = "",
    setup: Sequence[tuple[str, ...]] | None = None,
) -> Subject:
    """A tree that has git's files alone, furnished as the plan wants it; the plan's set-up unless another is given."""
    named = name or place.name
    own = variables(plan, named, place, identity)
    furnish(plan, git.main, place, own)
    wanted = [command.argv for command in plan.setup] if setup is None else setup
    return Subject(named, place, checks, own, wanted, plan.surroundings.furnished)


@dataclass(frozen=True)
class Look:
    """A subject's tree as it is at one moment: its HEAD, its content, and what git does not count as content.

    `apart` are digests, by path, of ignored files and of those that git is told not to look at; what tools leave
    behind is passed over. Something new each time stands for what cannot be known: work inside a submodule.
    """

    commit: Oid | None
    tree: Oid
    changes: Changes
    apart: Mapping[str, str]


def look(git: Git, subject: Subject) -> Look:
    """Look at the subject's tree."""
    folder = subject.folder
    commit, changes = git.commit_at(folder), git.changes(folder, ignored=True)
    tree = git.tree_of(commit) if commit and not changes else content(git, subject)
    aside = {*subject.furnished, *git.hidden(folder), *(path for path in changes.ignored if not _is_left(path))}
    unknown = {path: secrets.token_hex(8) for path in changes.inside}
    absent = {ABSENT: hashlib.sha256(repr(away).encode()).hexdigest()} if (away := left_out(git, folder)) else {}
    return Look(commit, tree, changes, contents(folder, sorted(aside)) | unknown | absent)


def question(git: Git, subject: Subject, check: Check, found: Look) -> Question:
    """What is asked when this check is asked of the subject as it was found."""
    env = environment(subject.own, subject.folder, with_tools=False)
    return Question(
        tree=Objects(git).part(found.tree, check.inputs) if check.inputs else found.tree,
        argv=check.run.argv,
        env=shared_variables(subject.own),
        tools=tools(env["PATH"], check.run.argv[0], subject.folder),
        limit=float(check.limit),
        evidence=check.evidence,
        setup=tuple(subject.setup),
        services=tuple(check.services),
        apart=found.apart,
    )


def content(git: Git, subject: Subject) -> Oid:
    """The content of the subject's tree, uncommitted work included."""
    return Objects(git).tree_of_folder(subject.folder, temporary_folder(subject.folder) / "content.index")


def alteration(git: Git, before: Look, after: Look) -> str:
    """How a tree changed while it was judged, new files that git does not know aside; empty when it did not."""
    if after.commit != before.commit:
        return "its HEAD moved while the check ran"
    if after.tree == before.tree:
        return ""
    new = tuple(after.changes.untracked)
    altered = [
        change.path
        for change in Objects(git).diff(before.tree, after.tree)
        if not (change.added and change.path.startswith(new))
    ]
    return f"{', '.join(altered[:3])} changed while the check ran" if altered else ""


def _is_left(path: str) -> bool:
    """Whether an ignored path is what tools leave behind."""
    return any(LEFT.fullmatch(part) for part in PurePosixPath(path).parts)


def changed(git: Git, subject: Subject, tree: Oid) -> list[str]:
    """The paths in which `tree` differs from where the subject's work began."""
    return [change.path for change in Objects(git).diff(subject.base, tree)] if subject.base else []


def check_job(unit: str, subject: Subject, name: str, check: Check, kept: Path, bytecode: Path) -> Job:
    """The job of one check, its report and its log in `kept`."""
    temporary = temporary_folder(subject.folder) / name
    temporary.mkdir(exist_ok=True)
    own = witnessed(subject.own, kept) | {
        "TMPDIR": str(temporary),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return Job(
        unit=unit,
        argv=among_services(check, own, kept, temporary),
        cwd=subject.folder,
        env=environment(own, subject.folder, with_tools=False),
        stdin=None,
        log=kept / "log",
        limit=float(check.limit),
        confined=True,
    )
