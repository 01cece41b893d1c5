"""The forge: GitHub, asked through gh, the only program that knows how one is logged in there.

Every call names repository and pull request, and runs outside of any checkout: gh would otherwise guess them from the
branch that stands there, switch branches in it, and write into its configuration. What was done is read back, because
a connection that breaks tells nothing.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from ..core.errors import UsageError, WorkFailed
from ..core.model import Plan
from ..core.names import Oid
from .git import Git
from .process import Outcome, capture, scrubbed
from .remotes import urls

HOST = "github.com"
LIMIT_SECONDS = 120.0
NOT_LOGGED_IN = 4
"""gh's exit code when it has no token; with a wrong one it ends with 1 and says HTTP 401."""

ENVIRONMENT = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
AMBIENT = ("GH_REPO", "GH_DEBUG", "GH_FORCE_TTY", "CLICOLOR_FORCE")
FIELDS = (
    "number,url,state,title,body,isDraft,baseRefName,headRefOid,isCrossRepository,mergeCommit,mergeable,"
    "mergeStateStatus,reviewDecision,statusCheckRollup"
)
_PATH = r"/*(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(\.git)?/*"
_URL = re.compile(rf"(https?|ssh|git)://([^/@]*@)?(?P<host>[^/@:]+)(:\d+)?{_PATH}")
_SCP = re.compile(rf"([^/@:]*@)?(?P<host>[^/@:]+):{_PATH}")
WELL = ("SUCCESS", "NEUTRAL", "SKIPPED")
UNDER_WAY = ("", "PENDING", "EXPECTED", "QUEUED", "IN_PROGRESS", "WAITING", "REQUESTED")


class Stage(StrEnum):
    """What has become of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Checks(StrEnum):
    """What the forge's checks of a pull request come to."""

    NONE = "none"
    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


class Review(StrEnum):
    """What its reviewers have said; REQUIRED is an approval that the forge demands and has not got."""

    NONE = "none"
    REQUIRED = "required"
    CHANGES = "changes"
    APPROVED = "approved"


REVIEWS = {
    "APPROVED": Review.APPROVED,
    "CHANGES_REQUESTED": Review.CHANGES,
    "REVIEW_REQUIRED": Review.REQUIRED,
}


@dataclass(frozen=True)
class Request:
    """A pull request as it is at one moment.

    `head` is the commit it offers, or offered when it ended; `red` and `waiting` name checks. `blocked` tells that the
    forge's own rules keep it from being merged, `fits` that it merges without conflict, None while the forge is
    finding out.
    """

    number: int
    url: str
    state: Stage
    head: Oid
    base: str
    title: str
    body: str
    merge_commit: Oid | None
    review: Review
    red: tuple[str, ...]
    waiting: tuple[str, ...]
    passed: tuple[str, ...]
    fits: bool | None
    blocked: bool
    is_draft: bool

    @property
    def checks(self) -> Checks:
        """Its checks in a word."""
        if self.red:
            return Checks.FAILED
        return Checks.PENDING if self.waiting else Checks.PASSED if self.passed else Checks.NONE


@dataclass(frozen=True)
class Forge:
    """One repository on a forge."""

    host: str
    owner: str
    name: str

    @classmethod
    def of(cls, git: Git, plan: Plan) -> Self | None:
        """The repository that the plan's remote is; None when that is not on a forge that gh knows.

        The URL counts as it is written, and only then as `insteadOf` rewrites it: what is fetched from a mirror of
        GitHub is still GitHub's, and an abbreviation of one's own is read when it has been spelled out.
        """
        hosts = (HOST, *filter(None, [os.environ.get("GH_HOST", "").lower()]))
        places = urls(git, plan.remote) if git.tracks(plan.remote) else ()
        return next((cls(*found) for url in places if (found := repository(url, hosts))), None)

    def __str__(self) -> str:
        return f"{self.host}/{self.owner}/{self.name}"

    def find(self, branch: str) -> Request | None:
        """The open pull request of a branch, else the latest that was; None when there never was one.

        Those of forks, whose branch has the name by chance, are passed over.
        """
        argv = ("pr", "list", "--repo", str(self), "--head", branch, "--state", "all", "--json", FIELDS)
        found = [one for one in json.loads(self._run(*argv)) if not one["isCrossRepository"]]
        requests = sorted(map(_request, found), key=lambda one: (one.state is Stage.OPEN, one.number))
        return requests[-1] if requests else None

    def state(self, number: int) -> Request:
        """The pull request as it is now."""
        return _request(json.loads(self._run("pr", "view", str(number), "--repo", str(self), "--json", FIELDS)))

    def create(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Request:
        """Open a pull request; the one that is open already, when there is."""
        argv = ("pr", "create", "--repo", str(self), "--head", branch, "--base", base, "--title", title)
        outcome = self._attempt(*argv, "--body-file", "-", *["--draft"] * draft, stdin=body)
        if outcome.rc != 0:
            found = self.find(branch)
            if found is None or found.state is not Stage.OPEN:
                raise self._failed(argv, outcome)
            return found
        return self.state(int(outcome.out.decode().strip().rpartition("/")[2]))

    def update(self, number: int, base: str, title: str, body: str) -> None:
        """Give a pull request these texts and this base.

        Not with `gh pr edit`: that of 2.23 asks for classic projects too, and GitHub refuses the whole of it for that.
        """
        where = ("--method", "PATCH", f"repos/{self.owner}/{self.name}/pulls/{number}")
        texts = ("--raw-field", f"title={title}", "--raw-field", f"body={body}", "--raw-field", f"base={base}")
        self._run("api", "--hostname", self.host, *where, *texts)

    def merge(self, number: int, subject: str, body: str, head: Oid) -> None:
        """Have the forge squash a pull request into one commit, if it still offers `head`; WorkFailed otherwise.

        A failure does not tell that it has not been merged: look at its state. The branch stays: gh would delete the
        local one too, and fails over a tree that has it checked out when the merge is done already.
        """
        texts = ("--squash", "--subject", subject, "--body-file", "-")
        self._run("pr", "merge", str(number), "--repo", str(self), *texts, "--match-head-commit", head, stdin=body)

    def _run(self, *argv: str, stdin: str = "") -> bytes:
        outcome = self._attempt(*argv, stdin=stdin)
        if outcome.rc != 0:
            raise self._failed(argv, outcome)
        return outcome.out

    def _attempt(self, *argv: str, stdin: str = "") -> Outcome:
        if shutil.which("gh") is None:
            raise UsageError(f"gh is not installed, and {self} is reached through it", "https://cli.github.com")
        environment = scrubbed({name: value for name, value in os.environ.items() if name not in AMBIENT})
        text = stdin.encode(errors="replace")
        return capture(["gh", *argv], cwd=Path("/"), env=environment | ENVIRONMENT, stdin=text, timeout=LIMIT_SECONDS)

    def _failed(self, argv: Iterable[str], outcome: Outcome) -> WorkFailed:
        said = outcome.err.decode(errors="replace").strip() or f"exit code {outcome.rc}"
        if outcome.rc == NOT_LOGGED_IN or "HTTP 401" in said:
            return WorkFailed(f"gh is not logged in at {self.host}", f"gh auth login --hostname {self.host}")
        hint = "wait an hour; gh api rate_limit" if "rate limit" in said else f"gh auth status; gh repo view {self}"
        return WorkFailed(f"gh {' '.join([*argv][:3])}: {said}", hint)


def repository(url: str, hosts: Iterable[str]) -> tuple[str, str, str] | None:
    """Host, owner and name of the repository that `url` spells, by https, ssh or as scp does; None on other hosts."""
    found = _URL.fullmatch(url) or _SCP.fullmatch(url)
    if found is None:
        return None
    host = re.sub(r"^(www|ssh)\.(?=github\.com$)", "", found["host"].lower())
    return (host, found["owner"], found["name"]) if host in hosts else None


def _request(data: Mapping[str, Any]) -> Request:
    """What gh tells of a pull request."""
    checks = _checks(data["statusCheckRollup"] or [])
    commit, is_open = data["mergeCommit"], data["state"] == "OPEN"
    return Request(
        number=data["number"],
        url=data["url"],
        state=Stage(data["state"].lower()),
        head=Oid(data["headRefOid"]),
        base=data["baseRefName"],
        title=data["title"],
        body=data["body"],
        merge_commit=Oid(commit["oid"]) if commit else None,
        review=REVIEWS.get(data["reviewDecision"], Review.NONE),
        red=tuple(name for name, end in checks.items() if end not in (*WELL, *UNDER_WAY)),
        waiting=tuple(name for name, end in checks.items() if end in UNDER_WAY),
        passed=tuple(name for name, end in checks.items() if end in WELL),
        fits={"MERGEABLE": True, "CONFLICTING": False}.get(data["mergeable"]),
        blocked=is_open and data["mergeStateStatus"] == "BLOCKED",
        is_draft=data["isDraft"],
    )


def _checks(rollup: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each check came to, by its workflow's name and its own; of one that ran again, the last time."""
    came_to = {}
    for one in sorted(rollup, key=lambda one: one.get("startedAt") or ""):
        name = " / ".join(filter(None, (one.get("workflowName"), one.get("name") or one.get("context"))))
        came_to[name] = one.get("conclusion") or one.get("state") or ""
    return came_to
