"""Squash: a branch's own commits cut into parcels, each of which lands as one commit for one requirement."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from .errors import Refused
from .message import parse
from .model import REQUIREMENT_ID, Milestone
from .names import Oid, shell
from .trailers import right_form

OUR_TRAILERS = ("milestone:", "verified:", "landed-from:")


@dataclass(frozen=True)
class Own:
    """A commit of a branch's own: what has to be kept when it is made again on another one."""

    oid: Oid
    tree: Oid
    parents: tuple[Oid, ...]
    author: str
    email: str
    date: str
    message: str

    @property
    def subject(self) -> str:
        """Its first line."""
        return self.message.partition("\n")[0]

    @property
    def authorship(self) -> dict[str, str]:
        """The variables that make a new commit its author's."""
        return {"GIT_AUTHOR_NAME": self.author, "GIT_AUTHOR_EMAIL": self.email, "GIT_AUTHOR_DATE": self.date}

    @property
    def requirement(self) -> str | None:
        """The requirement that its first line names."""
        found = re.search(REQUIREMENT_ID, self.subject)
        return found[0] if found else None


@dataclass(frozen=True)
class Parcel:
    """The commits, oldest first, that become one: all that a branch has for one requirement."""

    requirement: str
    commits: tuple[Own, ...]

    @property
    def tip(self) -> Own:
        """The last of them."""
        return self.commits[-1]


def parcels(milestone: Milestone, commits: Sequence[Own]) -> tuple[Parcel, ...]:
    """Cut a branch's commits into parcels, in their order.

    Refused, with their list, when some name no requirement or one requirement's are apart: what they would land with
    is the author's to say.
    """
    rebase = f'cd "$(staddle path {milestone.id.lower()})" && git rebase --interactive {shell(commits[0].oid[:10])}^'
    if unlabelled := [commit for commit in commits if commit.requirement is None]:
        count = f"{len(unlabelled)} commit{'s name' if len(unlabelled) > 1 else ' names'} no requirement"
        raise Refused("unlabelled", f"{milestone.branch}: {count} to land with:{_listed(unlabelled)}", rebase)
    cut = [Parcel(name or "", tuple(group)) for name, group in groupby(commits, key=lambda one: one.requirement)]
    if len(cut) > len({parcel.requirement for parcel in cut}):
        what = f"{milestone.branch}: the commits of its requirements are interleaved:{_listed(commits)}"
        raise Refused("interleaved", what, rebase)
    return tuple(cut)


def squash_message(milestone: Milestone, parcel: Parcel, verified: str, *, again: bool) -> str:
    """The message of the one commit: the plan's first line, what the commits say, and where it came from.

    `again` says that the requirement has landed before: then the first line is that of the last commit.
    """
    declared = next((one for one in milestone.requirements if one.id == parcel.requirement), None)
    subject = declared.message(milestone.scope) if declared and not again else parcel.tip.subject
    fixes = [f"Fixes: #{declared.issue}"] if declared and declared.issue else []
    ours = [f"Milestone: {milestone.id}", f"Verified: {verified}", f"Landed-From: {parcel.tip.oid}"]
    paragraphs = [subject, *_body(parcel, subject), "\n".join([*_trailers(parcel, fixes), *ours])]
    return "\n\n".join(paragraphs) + "\n"


def _body(parcel: Parcel, subject: str) -> Iterator[str]:
    """What the commits say below their first lines, under those lines when there are several."""
    for commit in parcel.commits:
        message = parse(commit.message)
        below = message.below[: len(message.below) - message.trailers]
        text = "\n".join(below).strip("\n")
        if len(parcel.commits) == 1:
            yield from [text] if text else []
        elif text or message.subject != subject:
            indented = "\n".join(f"  {line}".rstrip() for line in text.split("\n"))
            yield f"- {message.subject}" + (f"\n\n{indented}" if text else "")


def _trailers(parcel: Parcel, fixes: Iterable[str]) -> list[str]:
    """The trailers of all the commits and their other authors, each once: what is fixed first, people last."""
    found = [*fixes]
    for commit in parcel.commits:
        message = parse(commit.message)
        lines = message.below[len(message.below) - message.trailers :]
        found += [line for line in lines if ":" in line and not line.lower().startswith(OUR_TRAILERS)]
    authors = {(one.author, one.email) for one in parcel.commits} - {(parcel.tip.author, parcel.tip.email)}
    written = [f"Co-Authored-By: {name} <{email}>" for name, email in sorted(authors)]
    found += [line for line in written if right_form(line) == line]
    once = {line.casefold(): line for line in reversed(found)}  # the first spelling counts
    return sorted(dict.fromkeys(once[line.casefold()] for line in found), key=_place)


def _place(line: str) -> int:
    """Where a trailer stands: what is fixed first, people last."""
    key = line.partition(":")[0].lower()
    return {"fixes": 0, "co-authored-by": 2}.get(key, 1)


def _listed(commits: Iterable[Own]) -> str:
    return "".join(f"\n  {commit.oid[:10]} {commit.subject}" for commit in commits)
