"""A forge on this machine: as much of GitHub's API as gh asks for, over a unix socket and a real bare repository.

gh speaks plain HTTP to the socket that `http_unix_socket` in its configuration names, whatever host it thinks it asks.
The pull requests are Python objects that a test reads and changes; heads, merges and conflicts are the repository's.
"""

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

OWNER, NAME = "acme", "venture"
REMOTE = f"https://github.com/{OWNER}/{NAME}.git"
IDENTITY = ("-c", "user.name=GitHub", "-c", "user.email=noreply@example.invalid")


class Answered(Exception):
    """What the forge says no with."""


@dataclass
class Pull:
    """One pull request; `head` is frozen once it is closed or merged."""

    number: int
    branch: str
    base: str
    title: str
    body: str
    draft: bool = False
    state: str = "OPEN"
    head: str = ""
    merge_commit: str | None = None
    fork: bool = False


@dataclass
class Hub:
    """The forge: what it holds, what a test may set, and what it was asked."""

    bare: Path
    pulls: list[Pull] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=dict)
    """Check -> success, failure or pending; of every head alike."""
    review: str = ""
    """APPROVED, CHANGES_REQUESTED, REVIEW_REQUIRED, or nothing."""
    drop: str = ""
    """Cut the connection of the next merge: `before` it takes effect, or `after`."""
    refuse: str = ""
    """What every mutation is refused with."""
    before_merge: Callable[[], object] | None = None
    """Called when a merge is asked for, before it is looked at."""
    blocked: bool = False
    """Whether a rule of the base branch stands against every merge."""
    limited: bool = False
    token: str = "x"
    asked: list[str] = field(default_factory=list)
    """The name of each query, in order."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    again: threading.Event = field(default_factory=threading.Event)
    """Set at each query."""

    def await_asked(self, name: str, times: int) -> None:
        """Wait until the forge has answered a query so often."""
        deadline = time.monotonic() + 60
        while self.asked.count(name) < times:
            assert time.monotonic() < deadline, f"{name} was not asked {times} times"
            self.again.wait(0.2)
            self.again.clear()
        with self.lock:
            pass

    def git(self, *argv: str, stdin: str = "") -> str:
        """What a git command in the bare repository printed."""
        done = subprocess.run(
            ["git", *IDENTITY, "-C", str(self.bare), *argv], input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Answered(done.stderr or done.stdout)
        return done.stdout.strip()

    def tip(self, branch: str) -> str:
        """Where a branch is; empty when there is none."""
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def merge(self, pull: Pull, subject: str, body: str, head: str | None) -> None:
        """Squash a pull request onto its base, as the button does."""
        tip, base = self.tip(pull.branch), self.tip(pull.base)
        if pull.state != "OPEN":
            raise Answered(f"Pull Request is {pull.state.lower()}")
        if head and head != tip:
            raise Answered("Head branch was modified. Review and try the merge again.")
        if self.blocked or self.review in ("REVIEW_REQUIRED", "CHANGES_REQUESTED"):
            raise Answered("At least 1 approving review is required by reviewers with write access.")
        if self.conflicts(pull):
            raise Answered("Pull Request is not mergeable")
        tree = self.git("merge-tree", "--write-tree", base, tip).splitlines()[0]
        message = f"{subject}\n\n{body}".strip() + "\n"
        commit = self.git("commit-tree", tree, "-p", base, "-F", "-", stdin=message)
        self.git("update-ref", f"refs/heads/{pull.base}", commit, base)
        pull.state, pull.head, pull.merge_commit = "MERGED", tip, commit

    def close(self, pull: Pull) -> None:
        """Close a pull request unmerged."""
        pull.state, pull.head = "CLOSED", self.tip(pull.branch)

    def conflicts(self, pull: Pull) -> bool:
        """Whether it does not fit onto its base."""
        try:
            self.git("merge-tree", "--write-tree", self.tip(pull.base), self.tip(pull.branch))
        except Answered:
            return True
        return False

    def view(self, pull: Pull) -> dict[str, Any]:
        """A pull request as GraphQL has it, all fields at once."""
        is_open = pull.state == "OPEN"
        contexts = [
            {
                "__typename": "CheckRun",
                "name": name,
                "status": "IN_PROGRESS" if state == "pending" else "COMPLETED",
                "conclusion": "" if state == "pending" else state.upper(),
                "detailsUrl": f"https://ci.example.invalid/{name}",
            }
            for name, state in self.checks.items()
        ]
        rollup = {"contexts": {"nodes": contexts, "pageInfo": {"hasNextPage": False}}} if contexts else None
        nodes = [{"commit": {"statusCheckRollup": rollup}}]
        return {
            "id": f"PR_{pull.number}",
            "number": pull.number,
            "url": f"https://github.com/{OWNER}/{NAME}/pull/{pull.number}",
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "isDraft": pull.draft,
            "headRefName": pull.branch,
            "baseRefName": pull.base,
            "headRefOid": self.tip(pull.branch) if is_open else pull.head,
            "headRepositoryOwner": {"login": "mallory" if pull.fork else OWNER},
            "isCrossRepository": pull.fork,
            "mergeable": "CONFLICTING" if is_open and self.conflicts(pull) else "MERGEABLE",
            "mergeStateStatus": "BLOCKED" if self.blocked else "CLEAN",
            "mergeCommit": {"oid": pull.merge_commit} if pull.merge_commit else None,
            "reviewDecision": self.review,
            "statusCheckRollup": {"nodes": nodes},
            "commits": {"nodes": nodes, "totalCount": 1},
        }

    def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The data that answers one query."""
        name = (re.search(r"(?:query|mutation)\s+(\w+)", query) or [query, query])[1]
        self.asked.append(name)
        self.again.set()
        if "__type(" in query:  # decoded strictly: one key for each alias, and nothing besides
            return {alias: {key: []} for alias, key in re.findall(r"(\w+): ?__type\([^)]*\)\s*\{(\w+)", query)}
        if "projectCards" in query:
            raise Answered("Projects (classic) is being deprecated in favor of the new Projects experience.")
        if "mutation" in query:
            return self.mutate(name, variables["input"])
        return {"repository": self.query(name, variables)}

    def query(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What a query about the repository finds."""
        if name == "RepositoryInfo":
            main = {"name": "main"}
            return {"id": "R_1", "name": NAME, "owner": {"login": OWNER}, "defaultBranchRef": main, "parent": None}
        if name == "PullRequestByNumber":
            return {"pullRequest": self.view(self.pull(variables["pr_number"]))}
        states = variables.get("state") or variables.get("states") or ["OPEN", "CLOSED", "MERGED"]
        branch = variables.get("headBranch") or variables.get("headRefName")
        found = [self.view(one) for one in reversed(self.pulls) if one.branch == branch and one.state in states]
        return {"pullRequests": {"totalCount": len(found), "nodes": found, "pageInfo": {"hasNextPage": False}}}

    def mutate(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """Do what a mutation asks for."""
        if self.refuse:
            raise Answered(self.refuse)
        if name == "PullRequestCreate":
            return {"createPullRequest": {"pullRequest": self.view(self.create(given))}}
        if name != "PullRequestMerge":
            raise Answered(f"no such mutation: {name}")
        if self.before_merge:
            self.before_merge()
        drop, self.drop = self.drop, ""
        if drop != "before":
            pull = self.pull(int(given["pullRequestId"].removeprefix("PR_")))
            texts = given.get("commitHeadline", pull.title), given.get("commitBody", "")
            self.merge(pull, *texts, given.get("expectedHeadOid"))
        if drop:
            raise ConnectionAbortedError
        return {"mergePullRequest": {"clientMutationId": ""}}

    def create(self, given: dict[str, Any]) -> Pull:
        """Open a pull request, if there is not one already."""
        branch, base = given["headRefName"], given["baseRefName"]
        if any(one.branch == branch and one.base == base and one.state == "OPEN" for one in self.pulls):
            raise Answered(f"A pull request already exists for {OWNER}:{branch}.")
        if not self.tip(branch):
            raise Answered("Head sha can't be blank, Head ref must be a branch")
        if not self.git("rev-list", "--max-count=1", f"{base}..{branch}"):
            raise Answered(f"No commits between {base} and {branch}")
        draft = bool(given.get("draft"))
        self.pulls.append(Pull(len(self.pulls) + 1, branch, base, given["title"], given.get("body", ""), draft))
        return self.pulls[-1]

    def pull(self, number: int) -> Pull:
        """The pull request with this number."""
        if number > len(self.pulls):
            raise Answered(f"Could not resolve to a PullRequest with the number of {number}.")
        return self.pulls[number - 1]


class Handler(BaseHTTPRequestHandler):
    """One request of gh."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """GraphQL, or a change of a pull request's texts."""
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        hub = self.server.hub
        try:
            with hub.lock:
                self.respond(*self.answered(hub, given))
        except ConnectionAbortedError:
            self.close_connection = True

    do_PATCH = do_POST  # noqa: N815 - the name that http.server looks for

    def answered(self, hub: Hub, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        if self.headers.get("Authorization") != f"token {hub.token}":
            return 401, {"message": "Bad credentials"}
        if hub.limited:
            return 403, {"message": "API rate limit exceeded for user ID 1."}
        try:
            if self.path == "/graphql":
                return 200, {"data": hub.graphql(given["query"], given.get("variables") or {})}
            hub.asked.append(f"{self.command} {self.path}")
            pull = hub.pull(int(self.path.rpartition("/")[2]))
            pull.title, pull.body, pull.base = given["title"], given["body"], given["base"]
            return 200, {"number": pull.number}
        except Answered as no:
            return 200, {"data": None, "errors": [{"message": str(no)}]}

    def respond(self, status: int, data: dict[str, Any]) -> None:
        """Write the answer."""
        text = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self) -> str:
        """A unix socket's peer has no address."""
        return ""

    def log_message(self, *_: object) -> None:
        """`asked` is the log."""


class Server(ThreadingUnixStreamServer):
    """The socket that gh is told of."""

    daemon_threads = True
    hub: Hub


@contextmanager
def serving(bare: Path, socket: Path) -> Iterator[Hub]:
    """The forge over a bare repository, for the block."""
    with Server(str(socket), Handler) as server:
        server.hub = Hub(bare)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.hub
        finally:
            server.shutdown()
            thread.join()


def settings_of_gh(home: Path, socket: Path) -> None:
    """Have gh, for whom `home` is home, ask the forge behind `socket`."""
    folder = home / ".config" / "gh"
    folder.mkdir(parents=True)
    (folder / "config.yml").write_text(f"http_unix_socket: {socket}\n")
