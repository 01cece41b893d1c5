"""Messages: what the plan demands of a commit's message and a pull request's title.

{type}({scope}): {FR-ID} {description}

why, in the body

Fixes: #42
Co-Authored-By: Name <email>
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .model import COMMIT_TYPES, REQUIREMENT_ID, Milestone, Plan
from .names import did_you_mean, quoted
from .policy import Finding
from .trailers import are_trailers, right_form

LONGEST = 72
"""Characters of a first line: what `git log` shows in 80 columns, and what GitHub shows before it cuts."""

NEEDS_REQUIREMENT = ("feat", "test", "fix")
NEEDS_NO_SCOPE = ("chore",)
SCISSORS = "------------------------ >8 ------------------------"

_HEAD = re.compile(r"(?P<type>[A-Za-z]+)(?P<scope>\([^()]*\))?(?P<mark>!?)(?P<colon>\s*:\s*)(?P<rest>.*)")
_MERGE = re.compile(r"Merge (branch(es)?|commits?|tag|remote-tracking branch(es)?|pull request) ")
_REVERT = re.compile(r'(Revert|Reapply) ".*"')
_AUTOSQUASH = re.compile("(fixup|squash|amend)! ")
_WIP = re.compile(r"\W*(wip|work in progress)\b", re.IGNORECASE)
_CAPITAL = re.compile("[A-Z][a-z]+")
_BROAD = re.compile("all|everything|whole|codebase")
_VAGUE = re.compile(
    f"{_BROAD.pattern}|a|add|added|adds|again|an|and|any|bugs?|changed?|changes|cleanup|code|commit|do|done|few|"
    "files?|final|fix|fixed|fixes|for|improved?|improvements?|improves|in|issues?|it|latest|make|minor|misc|more|new|of|"
    "please|problems?|project|refactor|same|several|small|some|something|stuff|temp|tests?|testing|that|the|things?|this|to|"
    "tweaks?|updated?|updates|various|works?"
)
_NAME = re.compile("Copilot|Debian|Docker|Git|Jinja|Kubernetes|Linux|Nox|Postgres|Python|Redis")


class Message(NamedTuple):
    """A message, taken apart as git does: its first line, the lines below, and how many of them are trailers."""

    subject: str
    below: tuple[str, ...]
    trailers: int


def parse(text: str) -> Message:
    """Take a finished message apart; trailers are the last paragraph, when it is one of trailers."""
    subject, *below = [line.rstrip() for line in text.strip().split("\n")]
    last = len(below) - next((place for place, line in enumerate(reversed(below)) if not line), len(below))
    return Message(subject, tuple(below), len(below) - last if last and are_trailers(below[last:]) else 0)


def as_committed(text: str, comment: str = "#") -> str:
    """What git commits of the file that an editor leaves: nothing below the scissors, and no comments."""
    kept, _, _ = f"\n{text}".partition(f"\n{comment} {SCISSORS}")
    return "\n".join(line for line in kept.split("\n") if not line.startswith(comment)).strip()


def lint_message(
    plan: Plan, text: str, where: str, milestone: Milestone | None = None, *, being_written: bool = False
) -> list[Finding]:
    """What is wrong with a message, of a commit on `milestone`'s branch where that is known.

    While it is being written, git's own of merges, and of fixups to be squashed later, are let through.
    """
    message = parse(text)
    if _REVERT.fullmatch(message.subject) or (being_written and _MERGE.match(message.subject)):
        return []
    if _AUTOSQUASH.match(message.subject):
        todo = f"git rebase --interactive --autosquash {plan.base}"
        found = Finding("autosquash", where, "it waits to be squashed: autosquash them first", todo)
        return [] if being_written else [found]
    rules = _Rules(plan, milestone)
    return [Finding(rule, where, what, hint) for rule, what, hint in (*rules.subject(message.subject), *_body(message))]


Fault = tuple[str, str, str]
"""A rule's name, what is wrong, a hint."""


class _Rules(NamedTuple):
    """The rules of first lines, for one plan and the branch of one milestone, or of any."""

    plan: Plan
    milestone: Milestone | None

    def subject(self, subject: str) -> Iterator[Fault]:
        if subject in self._declared():
            return
        if not subject:
            yield "empty", "it says nothing", self._example()
        elif _WIP.match(subject):
            yield "wip", "what is in progress is not ready for production", "finish it, then say what it does"
        else:
            head = _HEAD.fullmatch(subject)
            yield from self._head(head) if head else self._no_head(subject)
            if len(subject) > LONGEST:
                what = f"the first line has {len(subject)} characters, more than {LONGEST}"
                yield "length", what, "say it shorter, and the rest below a blank line"
            if subject.endswith("."):
                yield "full-stop", "the first line ends with a full stop", "take it away"

    def _no_head(self, subject: str) -> Iterator[Fault]:
        word = subject.split(maxsplit=1)[0].lower()
        what = f"{word!r} is not followed by (scope) and a colon" if word in COMMIT_TYPES else "it begins with no type"
        yield "type", what, self._example()
        if re.match("fr(-|_?[0-9])", word):
            yield self._malformed(subject.split(maxsplit=1)[0])
        yield from _vague(subject)

    def _head(self, head: re.Match[str]) -> Iterator[Fault]:
        kind, scope, rest = head["type"], head["scope"] and head["scope"][1:-1], head["rest"]
        if kind not in COMMIT_TYPES:
            yield (
                "type",
                f"{quoted(kind)} is no type{did_you_mean(kind, COMMIT_TYPES)}",
                f"one of: {' '.join(COMMIT_TYPES)}",
            )
        if head["mark"] or head["colon"] != ": ":
            what = "'!' is not used here" if head["mark"] else "between head and text stand a colon and one space"
            yield "format", what, self._example()
        yield from self._scope(kind, scope)
        found = re.match(rf"({REQUIREMENT_ID})(?:\s+|$)", rest)
        yield from self._requirement(kind, rest, found[1] if found else None)
        yield from self._description(rest[found.end() :] if found else rest)

    def _scope(self, kind: str, scope: str | None) -> Iterator[Fault]:
        known = dict.fromkeys((*(one.scope for one in self.plan.milestones), *self.plan.scopes))
        choice = f"one of: {' '.join(known)}"
        if scope is None and kind not in NEEDS_NO_SCOPE:
            yield "scope", f"{quoted(kind)} is followed by no (scope)", choice
        elif scope is not None and scope not in known:
            yield "scope", f"{quoted(scope)} is no scope{did_you_mean(scope, known)}", choice

    def _requirement(self, kind: str, rest: str, found: str | None) -> Iterator[Fault]:
        words = rest.split()
        if found:
            owner = next((one for one in self.plan.milestones for it in one.requirements if it.id == found), None)
            if self.milestone and owner and owner != self.milestone:
                what = f"{found} is {owner.id}'s, and this is the branch of {self.milestone.id}"
                yield "requirement", what, f"commit it on {owner.branch}"
        elif words and words[0].lower().startswith("fr-"):
            yield self._malformed(words[0])
        elif kind in NEEDS_REQUIREMENT:
            elsewhere = re.search(REQUIREMENT_ID, rest)
            what = f"{elsewhere[0]} does not stand" if elsewhere else "no requirement's id stands"
            yield "requirement", f"{what} right after the colon, as a {kind} needs it", self._example(kind)

    def _malformed(self, word: str) -> Fault:
        return "requirement", f"{quoted(word)} is not an id such as FR-VNT-TREAS-003", self._example()

    def _description(self, text: str) -> Iterator[Fault]:
        if _WIP.match(text) or re.search(r"\bwip\W*$", text, re.IGNORECASE):
            yield "wip", "what is in progress is not ready for production", "finish it, then say what it does"
            return
        yield from _vague(text)
        first = re.split(r"[\s:,]", text)[0]
        own = {*self.plan.agents, self.plan.project, *(one.service for one in self.plan.milestones)}
        if _CAPITAL.fullmatch(first) and not _NAME.fullmatch(first) and first.lower() not in own:
            yield (
                "case",
                f"the description begins with a capital, {first!r}",
                f"{first.lower()}; a name may come second",
            )

    def _declared(self) -> Iterator[str]:
        """The first lines that the plan itself prescribes."""
        for milestone in [self.milestone] if self.milestone else self.plan.milestones:
            yield from (one.message(milestone.scope).rstrip() for one in milestone.requirements)

    def _example(self, kind: str = "feat") -> str:
        """A right first line, the branch's own requirement's where that is known."""
        for milestone in [self.milestone] if self.milestone else self.plan.milestones:
            for requirement in milestone.requirements:
                if requirement.type == kind:
                    return requirement.message(milestone.scope)
        scope = self.milestone.scope if self.milestone else self.plan.milestones[0].scope
        return f"{kind}({scope}): FR-ID what it does"


def _vague(text: str) -> Iterator[Fault]:
    words = re.findall(r"[^\W_]+", text.lower())
    hint = "say which part does what now"
    vague = all(map(_VAGUE.fullmatch, words))
    if not words:
        yield "vague", "it does not say what it does", hint
    elif vague and len(words) > 1 and any(map(_BROAD.fullmatch, words)):
        yield "vague", f"{quoted(text)} is too broad: a commit does one thing", "one commit a thing"
    elif vague:
        yield "vague", f"{quoted(text)} is too vague: it fits any commit", hint
    elif len(text.split()) == 1 and text.isascii():
        yield "vague", f"{quoted(text)} is too short: one word says too little", hint


def _body(message: Message) -> Iterator[Fault]:
    """What is wrong below the first line."""
    if message.below and message.below[0]:
        yield "blank-line", "the second line is not blank", "git takes all of the first paragraph for the title"
    trailers_at = len(message.below) - message.trailers
    for place, line in enumerate(message.below):
        right = right_form(line)
        if right is not None and (right != line or place < trailers_at):
            what = f"{quoted(line)} is not as a trailer is written"
            if right == line:
                what = f"git takes {quoted(line)} for text: trailers are the last paragraph, of their own"
            yield "trailer", what, right
