"""A picture of everything in and around a repository, and a list of the stumps that a dead command left in it."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

from .bystanders import UNPLUGGED, git

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "sequencer")
_FURNITURE = (".pqa_worktrees", ".pqa_worktrees/.gitignore")  # stay when the last candidate is gone
_ENTRY_FILES = ("gitdir", "HEAD", "commondir", "index")
_STAGING = (
    *((".git/staddle", pattern) for pattern in ("new-*", "old-*", "trash*/*", "*.draft", "**/.*.new")),
    *((".git/staddle", journal) for journal in ("births.json", "departures.json")),
    *((folder, ".*.staddle-*") for folder in ("..", ".pqa_worktrees")),
)


def snapshot(main: Path) -> dict[str, str]:
    """Everything in and around the repository but staddle's own state: refs, logs, config, entries, files, by name."""
    root, common = main.parent, main / ".git"
    facts = {"HEAD": _text(common / "HEAD"), "fsck": git(main, "fsck", "--no-progress", "--no-dangling")}
    refs = git(main, "for-each-ref", "--format=%(refname) %(objectname) %(symref)")
    facts |= {f"ref {name}": value for name, _, value in (line.partition(" ") for line in refs.splitlines())}
    facts |= {f"staged {main.name}": git(main, "diff", "--cached", "--raw", "--no-abbrev")}
    for label, folder in (("entry", common / "worktrees"), ("log", common / "logs"), ("hook", common / "hooks")):
        facts |= {f"{label} {path.relative_to(folder)}": _text(path) for path in _files(folder)}
    facts["config"] = _text(common / "config")
    files = set(_files(root, skip=(common, main / ".pqa"))) - {main / name for name in _FURNITURE}
    return facts | {f"file {path.relative_to(root)}": _text(path) for path in files}


def _files(folder: Path, skip: Sequence[Path] = ()) -> Iterator[Path]:
    """Every file and every link below a folder, in order, and empty folders as well; links are never followed."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(here, name) not in skip)
        links = [name for name in folders if Path(here, name).is_symlink()]
        if not folders and not files:
            yield Path(here)
        yield from (Path(here, name) for name in sorted([*files, *links]))


def _text(path: Path) -> str:
    """Mode and content of one file, short enough to show and exact enough to compare."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    if not stat.S_ISREG(mode):
        return f"{stat.filemode(mode)}"
    content = path.read_bytes()
    digest = f"sha256 {sha256(content).hexdigest()[:16]}, {len(content)} bytes"
    return f"{mode & 0o777:o} {repr(content)[1:] if len(content) < 200 else digest}"


def differences(before: Mapping[str, str], after: Mapping[str, str], apart: Sequence[str] = ()) -> list[str]:
    """What became of each fact, one line each; facts that match a pattern of `apart` may change."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    names = [name for name in names if not any(fnmatchcase(name, pattern) for pattern in apart)]
    return [_difference(name, before.get(name), after.get(name)) for name in names]


def _difference(name: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"new: {name}: {new}"
    return f"lost: {name}: {old}" if new is None else f"changed: {name}: {old} -> {new}"


def leftovers(main: Path, branches: Iterable[str] = ()) -> list[str]:
    """Stumps of a dead command: locks, staging, half entries, folders and branches without an entry, processes.

    `branches` are the names the command could have made; each must have a tree, or be gone with its log.
    """
    common = main / ".git"
    locks = (path for path in _files(common) if path.suffix == ".lock" or path.name == "packed-refs.new")
    found = [f"lock: {path.relative_to(main)}" for path in locks]
    staging = [path for folder, pattern in _STAGING for path in (main / folder).glob(pattern)]
    found += [f"staging: {path.name}" for path in staging]
    gitdirs = [common, *_folders(common / "worktrees")]
    found += [f"under way: {folder / name}" for folder in gitdirs for name in _UNDER_WAY if (folder / name).exists()]
    found += [stump for entry in gitdirs[1:] for stump in _entry_stumps(entry)]
    trees = [*main.glob(".pqa_worktrees/[!.]*/"), *main.parent.glob("[!.]*-wt-*/")]
    found += [f"tree without entry: {tree.name}" for tree in trees if not _has_entry(tree)]
    found += [stump for branch in branches for stump in _branch_stumps(main, branch, gitdirs[1:])]
    return found + [f"process: {process}" for process in _processes(main.parent)]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _entry_stumps(entry: Path) -> list[str]:
    missing = [name for name in _ENTRY_FILES if not (entry / name).is_file() or not (entry / name).stat().st_size]
    if missing:
        return [f"half entry: {entry.name}: no {', '.join(missing)}"]
    tree = Path((entry / "gitdir").read_text().strip()).parent
    return [] if tree.is_dir() or tree.name == UNPLUGGED else [f"entry without tree: {entry.name}: {tree}"]


def _has_entry(tree: Path) -> bool:
    link = tree / ".git"
    with suppress(OSError):
        entry = Path(link.read_text().removeprefix("gitdir:").strip())
        return (entry / "gitdir").read_text().strip() == str(link)
    return False


def _branch_stumps(main: Path, branch: str, entries: Sequence[Path]) -> Iterator[str]:
    ref = f"refs/heads/{branch}"
    if not git(main, "for-each-ref", ref):
        if (main / ".git/logs" / ref).is_file():
            yield f"log without branch: {branch}"
    elif f"ref: {ref}" not in [(entry / "HEAD").read_text().strip() for entry in entries if (entry / "HEAD").is_file()]:
        yield f"branch without tree: {branch}"


def _processes(root: Path) -> Iterator[str]:
    """Living processes that stand below the folder, or carry staddle's marker and name the folder beside it."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (process / "environ").read_text(errors="replace")
            marked = "STADDLE_UNIT=" in environment and str(root) in environment
            if process.name != str(os.getpid()) and (marked or (process / "cwd").readlink().is_relative_to(root)):
                words = (process / "cmdline").read_text(errors="replace").split("\0")
                yield f"{process.name} {' '.join(words)}"
