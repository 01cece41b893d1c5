"""Reports: the JUnit files that test runners write, and the verdicts kept from one command to the next."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from ..core.names import Oid
from ..core.verdict import Counts, Verdict
from .state import SECRET_FOLDER, State, write_durably


@dataclass(frozen=True)
class Judged:
    """A check's latest verdict in the tree of one target: on which commit, why, how long, where to read more.

    `clean` tells whether the tree held exactly that commit; `finished` is in seconds since the epoch.
    """

    target: str
    check: str
    verdict: Verdict
    reason: str
    commit: Oid
    clean: bool
    seconds: float
    finished: float
    log: str
    coverage: str = ""


def read_junit(path: Path) -> Counts | None:
    """The counts of a JUnit report, None when it is missing or not one."""
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - our own check wrote it; expat bounds entity growth
    except (OSError, ElementTree.ParseError):
        return None
    passed, skipped, failed = 0, 0, []
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append("::".join(filter(None, (case.get("classname"), case.get("name")))))
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Counts(passed, len(failed), skipped, failed[0] if failed else "")


def check_folder(state: State, target: str, check: str) -> Path:
    """Where a check's log, report and verdict are kept."""
    folder = state.folder / "verdicts" / target / check
    folder.mkdir(mode=SECRET_FOLDER, parents=True, exist_ok=True)
    return folder


def keep(state: State, judged: Judged) -> None:
    """Make this the check's latest verdict."""
    text = json.dumps(asdict(judged), indent=1)
    write_durably(check_folder(state, judged.target, judged.check) / "verdict.json", text)


def latest(state: State, target: str) -> dict[str, Judged]:
    """The latest verdict of each check of a target, by the check's name."""
    found = {}
    for path in sorted((state.folder / "verdicts" / target).glob("*/verdict.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        found[path.parent.name] = Judged(**data | {"verdict": Verdict(data["verdict"]), "commit": Oid(data["commit"])})
    return found
