"""Names: what git's things and ours may be called, and which of them are ours."""

import difflib
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple, NewType

from .errors import UsageError

Oid = NewType("Oid", str)
"""A full object id: 40 (or 64) lower-case hex digits."""

MilestoneId = NewType("MilestoneId", str)
"""A milestone's id as the plan writes it, `M3`; targets on the command line may be `m3`."""

RunId = NewType("RunId", str)
"""The name of a superposition run, `run42`; its candidates are `run42-b1`, `run42-b2`."""

_RUN = r"[a-z0-9](?:[a-z0-9_-]{0,46}[a-z0-9])?"
_CANDIDATE_REF = re.compile(rf"refs/heads/pqa/(?P<run>{_RUN})-b(?P<number>[1-9][0-9]{{0,8}})")
_OWN_NAMESPACE = "refs/staddle/"
_WORDS = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_BRANCH = "feat/{}-m{}-{}"
_TREE = "../{}-wt-m{}-{}"
_CLIP = 60
_MOST_KNOWN = 500

_GIT_REFUSES = (
    (r"^-", "git would take a leading - for an option"),
    (r"\.\.", "git refuses '..' in a branch"),
    (r"\.lock(/|$)", "git refuses a part that ends in .lock"),
    (r"(^|/)\.|\.$", "git refuses a dot at the beginning of a part or at the end"),
    (r"[\x00-\x20\x7f~^:?*\[\\]", "git refuses spaces, control characters and ~ ^ : ? * [ \\ in a branch"),
    (r"@\{|^@$", "git gives @ a meaning of its own"),
    (r"^/|/$|//|^$", "git refuses empty parts"),
)
_NOT_A_MILESTONE = (
    (r"^feature/", "feature/ is spelled feat/ here"),
    (r"^wip/", "work in progress is not ready for production, whatever carries it has a milestone's name"),
    (r"^(develop|dev|main|master|trunk)$", "that branch is shared, a milestone's is its own"),
    (r"^[^/]*$", "a bare name is too vague, it shows neither kind nor milestone"),
    (r"^(?!feat/)", "a milestone's branch begins with feat/"),
)


class Candidate(NamedTuple):
    """One candidate of a run, by number from 1: `run42-b2`."""

    run: RunId
    number: int

    @property
    def ref(self) -> str:
        """The full name of its branch."""
        return f"refs/heads/pqa/{self.run}-b{self.number}"


def candidate(ref: str) -> Candidate | None:
    """The candidate whose branch `ref` is, by full match; None for everybody else's refs."""
    match = _CANDIDATE_REF.fullmatch(ref)
    if match is None or run_fault(match["run"]):
        return None
    return Candidate(RunId(match["run"]), int(match["number"]))


def owns(ref: str) -> bool:
    """Whether the name of `ref` is one of ours; only the journal says whether we made it."""
    return candidate(ref) is not None or (ref.startswith(_OWN_NAMESPACE) and ref != _OWN_NAMESPACE)


def run_fault(text: str) -> str | None:
    """Why `text` cannot name a run; None when it can."""
    if re.search(r"-b[0-9]+$", text):
        return "a run's name does not end like a candidate's, in -b and a number"
    if not re.fullmatch(_RUN, text):
        return "a run's name is 1 to 48 of a-z, 0-9, - and _, and begins and ends with a letter or digit"
    return None


def require_run(text: str) -> RunId:
    """The run called `text`; raises UsageError when no run can be."""
    if fault := run_fault(text):
        raise UsageError(f"{quoted(text)} cannot name a run: {fault}", "choose a name such as run42")
    return RunId(text)


def require_milestone(target: str, known: Sequence[MilestoneId]) -> MilestoneId:
    """The milestone that `target`, `m3` or `M3`, means; raises UsageError with the list of the plan's."""
    wanted = MilestoneId(target.upper())
    if wanted in known:
        return wanted
    message = f"{quoted(target)} is no milestone of the plan{did_you_mean(wanted, known)}"
    raise UsageError(message, f"choose one of: {' '.join(known)}")


def git_fault(branch: str) -> str | None:
    """Why git would refuse `branch` as a branch; None when it would not."""
    return _first_reason(branch, _GIT_REFUSES)


def branch_fault(branch: str, project: str | None, number: str | None) -> str | None:
    """Why `branch` is not a branch of milestone M<number>; None when it is. None for `project` or `number` fits all."""
    form, pattern = _milestone_form(_BRANCH, project, number)
    if re.fullmatch(pattern, branch):
        return None
    reason = git_fault(branch) or _first_reason(branch, _NOT_A_MILESTONE) or _deviation(branch, _BRANCH, project)
    return f"{quoted(branch)} is not {form}: {reason}"


def tree_fault(tree: str, project: str | None, number: str | None) -> str | None:
    """Why `tree` is not the place of milestone M<number>'s tree; None when it is."""
    form, pattern = _milestone_form(_TREE, project, number)
    if re.fullmatch(pattern, tree):
        return None
    beside = re.fullmatch(r"\.\./[^/]+", tree)
    reason = _deviation(tree, _TREE, project) if beside else "a tree stands right beside the main checkout"
    return f"{quoted(tree)} is not {form}: {reason}"


def path_fault(path: str) -> str | None:
    """Why `path` may lead out of a checkout or into git's own files; None when it cannot."""
    parts = path.split("/")
    reasons = (
        (path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path), "it is not relative to the checkout"),
        ("\\" in path, "folders are separated by /, not by a backslash"),
        (".." in parts, "it leaves the checkout"),
        (".git" in map(str.casefold, parts), "git's own files are not touched"),
        (path.startswith("-"), "programs would take a leading - for an option"),
        ("" in parts or "." in parts, "it has an empty part or a '.'"),
    )
    return next((f"{quoted(path)} is refused: {reason}" for found, reason in reasons if found), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A clause to append to a message, naming the known word nearest to `word`; empty when none is near."""
    lower = {name.lower(): name for name in islice(known, _MOST_KNOWN)}
    near = difflib.get_close_matches(word[:_CLIP].lower(), lower, n=1)
    return f"; did you mean {quoted(lower[near[0]])}?" if near else ""


def quoted(text: str) -> str:
    """`text` on one line, in quotes, without control characters, cut when long."""
    return repr(text if len(text) <= _CLIP else text[:_CLIP] + "...")


def _first_reason(text: str, reasons: Iterable[tuple[str, str]]) -> str | None:
    return next((reason for pattern, reason in reasons if re.search(pattern, text)), None)


def _milestone_form(shape: str, project: str | None, number: str | None) -> tuple[str, str]:
    form = shape.format(project or "<project>", number or "<N>", "<name>")
    project_pattern = re.escape(project) if project else r"[a-z][a-z0-9-]*"
    return form, shape.replace(".", r"\.").format(project_pattern, number or r"[1-9][0-9]*", _WORDS)


def _deviation(name: str, shape: str, project: str | None) -> str:
    """Which part of a name that nearly has the right form is the wrong one."""
    _, any_project = _milestone_form(shape, None, None)
    _, any_number = _milestone_form(shape, project, None)
    if not re.fullmatch(any_project, name):
        return "the name is lower-case words and digits joined by single hyphens"
    if not re.fullmatch(any_number, name):
        return "it names another project"
    return "it carries another milestone's number"
