"""Names: what git's things and ours may be called, and which of them are ours."""

import difflib
import re
import shlex
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
    (r"^wip/", "what is in progress is not ready for production"),
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


def shell(path: object) -> str:
    """A path as a shell takes it, for commands to be pasted."""
    return shlex.quote(str(path))


def split_target(target: str) -> Candidate | None:
    """The candidate that a target such as `run42-b1` means; None when it means something else."""
    return candidate(f"refs/heads/pqa/{target.removeprefix('pqa/')}")


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
    if _fits(branch, _BRANCH, project, number):
        return None
    reason = git_fault(branch) or _first_reason(branch, _NOT_A_MILESTONE) or _deviation(branch, _BRANCH, project)
    return f"{quoted(branch)} is not {_form(_BRANCH, project, number)}: {reason}"


def tree_fault(tree: str, project: str | None, number: str | None) -> str | None:
    """Why `tree` is not the place of milestone M<number>'s tree; None when it is."""
    if _fits(tree, _TREE, project, number):
        return None
    beside = re.fullmatch(r"\.\./[^/]+", tree)
    reason = _deviation(tree, _TREE, project) if beside else "a tree stands right beside the main checkout"
    return f"{quoted(tree)} is not {_form(_TREE, project, number)}: {reason}"


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


def _fits(name: str, shape: str, project: str | None, number: str | None, words: str = _WORDS) -> bool:
    """Whether `name` has this shape; None for `project` or `number` fits all."""
    any_project, any_number = r"[a-z][a-z0-9-]*", r"[1-9][0-9]*"
    pattern = shape.replace(".", r"\.").format(project or any_project, number or any_number, words)
    return re.fullmatch(pattern, name) is not None


def _form(shape: str, project: str | None, number: str | None) -> str:
    return shape.format(project or "<project>", number or "<N>", "<name>")


def _deviation(name: str, shape: str, project: str | None) -> str:
    """Which part of a name that has nearly this shape is the wrong one."""
    if not _fits(name, shape, None, None, words=".*"):
        return f"{shape.split('{}')[1]}<N>- is missing"
    if not _fits(name, shape, None, None):
        return "the last part is lower-case words and digits joined by single hyphens"
    return "it carries another milestone's number" if _fits(name, shape, project, None) else "it names another project"
