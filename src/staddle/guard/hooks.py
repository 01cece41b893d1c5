"""Hooks: what git runs in milestones' trees, and in no other: the repository's own hooks, and the rules of `lint`.

Invariants. All is in a folder of ours beside the repository's config, but one line of that config, which includes our
file from there; that file says for which trees, by git's entry for each, it sets core.hooksPath. The folder stands
before that line is written and after it has gone. `settle` makes both what the roster says, from whatever a kill left.
Everybody may read the folder, unlike the state folder: git dies of an included file that it may not read.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..edges.entries import entries
from ..edges.git import Git
from ..edges.state import State, write_durably
from . import roster
from .locks import editing_config, forget_draft

WAIT_SECONDS = 10.0
FOLDER = "staddle-hooks"
INCLUDED = f"{FOLDER}/config"
"""The value of include.path, beside the repository's config."""

NAMES = (
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg",
    "commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "post-rewrite",
    "pre-auto-gc", "sendemail-validate",
)  # fmt: skip
"""Handed on to the repository's own, which may come to have one at any time."""

COSTLY = ("reference-transaction", "post-index-change", "push-to-checkout", "pre-receive", "update", "post-receive",
          "post-update", "proc-receive")  # fmt: skip
"""Handed on where the repository has one: git runs them all the time, or does something else where there is none."""

OWN = """name=${0##*/} ours=${0%/*} own=
while IFS= read -r folder; do
    [ "$folder" != "$ours" ] || break
    own=$folder
done <<END
$(git config --type=path --get-all core.hooksPath)
END
own=${own:-${ours%/staddle*}/hooks}/$name"""
"""How a script of ours finds the hook that would run without it; what comes after our folder would have beaten it."""

SCRIPT = f"""#!/bin/sh
# Written by staddle for the trees of milestones: the repository's own hook of this name, then the rules of the plan.
{OWN}
case $name in
    commit-msg | pre-commit) [ ! -x "$own" ] || "$own" "$@" || exit ;;
    *) [ ! -x "$own" ] || exec "$own" "$@"
       exit 0 ;;
esac
@BAKED@
if [ ! -x "$python" ] || [ ! -f "$package/staddle/githook.py" ]; then
    echo "staddle: this commit is not linted, for staddle is not in $package any more; try: staddle worktrees" >&2
    exit 0
fi
unset PYTHONHOME
PYTHONPATH=$package exec "$python" -P -m staddle.githook "$name" "$plan" "$@"
"""


def settle(git: Git, state: State, plan: Path | None = None) -> None:
    """Let the milestones' trees on the roster have their hooks, and no others; idempotent.

    `plan` is the plan to hold them to, from now on; None for the one that was named last.
    """
    home = git.common / FOLDER
    if (state.folder / "config.draft").exists():
        with state.lock("repository", WAIT_SECONDS, "settling the config"):
            forget_draft(git, state)
    trees = _trees(git, state)
    if not trees and not home.exists():
        return
    if trees:
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
        for unfinished in home.glob(".*.new"):
            unfinished.unlink()
        _write_scripts(git, home, plan)
        put(home / "tree", f"[core]\n\thooksPath = {quoted(str(home))}\n")
        put(home / "config", "".join(f"{condition(admin)}\n\tpath = tree\n" for admin in trees))
    if bool(trees) != (INCLUDED.encode() in (git.common / "config").read_bytes()):
        with state.lock("repository", WAIT_SECONDS, "naming the hooks of trees"), editing_config(git, state) as draft:
            if trees:
                text = draft.read_text(errors="surrogateescape")
                more = f"{'' if text.endswith(chr(10)) else chr(10)}[include]\n\tpath = {INCLUDED}\n"
                draft.write_text(text + more, errors="surrogateescape")
            else:
                git.unset(draft, "include.path", INCLUDED)
    if not trees:
        shutil.rmtree(home)


def is_ours(git: Git, key: str, value: str) -> bool:
    """Whether a setting of the repository is the line that `settle` writes, and what it includes says no more."""
    if (key, value) != ("include.path", INCLUDED):
        return False
    home = git.common / FOLDER
    allowed = f'(\\[includeIf "gitdir:{re.escape(_pattern(git.common / "worktrees"))}/[^"\n]*"\\]\n\tpath = tree\n)*'
    config, tree = (_text(home / name) for name in ("config", "tree"))
    return bool(re.fullmatch(allowed, config)) and tree in ("", f"[core]\n\thooksPath = {quoted(str(home))}\n")


def planted(git: Git) -> Iterator[Path]:
    """What stands in our folder of hooks, and git would run, that `settle` has not put there."""
    home = git.common / FOLDER
    return strange(home, _script(next(_plan_of(_text(home / "script")), "")))


def strange(home: Path, script: str) -> Iterator[Path]:
    """What a folder of hooks holds beside this script and the links to it."""
    for path in sorted(home.glob("[!.]*")):
        is_hook = path.is_symlink() and path.readlink() == Path("script") and path.name in (*NAMES, *COSTLY)
        is_file = path.is_file() and not path.is_symlink() and path.name in ("config", "tree", "script")
        if not is_hook and (not is_file or (path.name == "script" and _text(path) != script)):
            yield path


def _trees(git: Git, state: State) -> list[Path]:
    """The entries of the milestones' trees on the roster."""
    known = {folder for folder, one in roster.members(state).items() if one.kind is roster.Kind.MILESTONE}
    found = [entry.admin for entry in entries(git) if entry.folder in known] if known else []
    return [admin for admin in found if "\n" not in str(admin.resolve())]


def _write_scripts(git: Git, home: Path, plan: Path | None) -> None:
    put_hooks(git, home, _script(str(plan) if plan else next(_plan_of(_text(home / "script")), "")), NAMES)


def _script(plan: str) -> str:
    """The text of the one script, of this staddle and for this plan."""
    values = {"python": sys.executable, "package": str(Path(__file__).parents[2]), "plan": plan}
    return SCRIPT.replace("@BAKED@", " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items()))


def put_hooks(git: Git, home: Path, script: str, names: Sequence[str]) -> None:
    """Let the folder have one script, and a link to it by the name of each hook."""
    put(home / "script", script, mode=0o755)
    own = git.hooks_folder()
    for name in {*names, *(name for name in COSTLY if os.access(own / name, os.X_OK))}:
        if not (home / name).is_symlink():
            (home / name).symlink_to("script")


def _plan_of(script: str) -> Iterator[str]:
    """The plan that a script of ours names."""
    lines = (line for line in script.splitlines() if line.startswith("python="))
    yield from (word.removeprefix("plan=") for line in lines for word in shlex.split(line) if word.startswith("plan="))


def put(path: Path, text: str, mode: int = 0o644) -> None:
    """Let a file hold this text, and have this mode."""
    if _text(path) != text or path.stat().st_mode & 0o777 != mode:
        write_durably(path, text, mode)


def _text(path: Path) -> str:
    return path.read_text(errors="surrogateescape") if path.is_file() else ""


def condition(git_dir: Path, below: str = "") -> str:
    """The head of what holds where git works with this folder, or with what `below` matches in it."""
    return f'[includeIf "gitdir:{_pattern(git_dir)}{below}"]'


def _pattern(admin: Path) -> str:
    """The path as a glob that means it alone, as it is written into a section's name."""
    glob = re.sub(r"([*?\[\\])", r"\\\1", str(admin.resolve()))
    return glob.replace("\\", "\\\\").replace('"', '\\"')


def quoted(value: str) -> str:
    """A value as it is written into a config file."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
