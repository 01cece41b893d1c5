"""The fence: agents' processes may move their tree's branch and its HEAD in the repository, and no other ref.

Invariants. Nothing of the repository says so, only the environment of an agent: a variable that names what may move,
and git's own for a setting, which includes a file of ours from the state folder. That file sets core.hooksPath for this
repository alone; the hooks there go on to those that would have run without them. So nothing is to be taken back after
a kill, and people and staddle, which keeps git's variables from its own calls, are not fenced in. An agent can take its
fence away: what it did is judged all the same.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import Refused
from ..edges.git import Git
from ..edges.state import State
from . import hooks

WAIT_SECONDS = 10.0
NOWHERE = """[url "/dev/null/nothing is pushed from here: "]
\tpushInsteadOf = ""
"""
"""Leads every push astray that names no address of its own for pushing: --no-verify passes a hook over."""

VARIABLE = "STADDLE_FENCE"
"""Bears the branch's full name, a colon, and git's own folder of the tree."""

SCRIPT = f"""#!/bin/sh
# Written by staddle for agents: no ref moves that is not their tree's; else the repository's own hook of this name.
{hooks.OWN}
mine=${{{VARIABLE}%%:*}}
refuse() {{
    echo "staddle: $1: this agent moves ${{mine#refs/heads/}} and its own tree's HEAD, nothing else" >&2
    exit 1
}}
case ${{mine:+$name $1}} in
    pre-push*) refuse "nothing is pushed from here" ;;
    "reference-transaction prepared")
        updates=$(cat)
        while read -r old new ref; do
            case $ref in
                "$mine") [ "${{new##*[!0]*}}" ] && refuse "$ref stays" ;;
                refs/bisect/* | refs/worktree/* | refs/rewritten/*) own_tree=needed ;;
                */*) refuse "$ref stays as it is" ;;
                *) own_tree=${{ref:+needed}} ;;
            esac
            [ -z "$own_tree" ] || [ "$GIT_DIR" -ef "${{{VARIABLE}#*:}}" ] || refuse "$ref is of another tree"
        done <<END
$updates
END
        [ -x "$own" ] || exit 0
        printf '%s\\\\n' "$updates" | "$own" "$@"
        exit ;;
esac
[ ! -x "$own" ] || exec "$own" "$@"
"""


def put_up(git: Git, state: State) -> None:
    """Have in the state folder what fences agents in; idempotent."""
    home = _home(state)
    with state.lock("fence", WAIT_SECONDS, "putting up the fence for agents"):
        home.mkdir(exist_ok=True)
        hooks.put_hooks(git, home, SCRIPT, (*hooks.NAMES, "reference-transaction"))
        # git's own housekeeping would pack everybody's refs, which the fence takes for moving them
        hooks.put(home / "tree", f"[core]\n\thooksPath = {hooks.quoted(str(home))}\n[gc]\n\tauto = 0\n{NOWHERE}")
        places = (hooks.condition(git.common), hooks.condition(git.common / "worktrees", "/*"))
        hooks.put(home / "config", "".join(f"{place}\n\tpath = tree\n" for place in places))


def variables(state: State, ref: str, git_dir: Path) -> dict[str, str]:
    """The variables that fence an agent in, in the tree with this branch and git's folder of it."""
    return {
        VARIABLE: f"{ref}:{git_dir}",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "include.path",
        "GIT_CONFIG_VALUE_0": str(_home(state) / "config"),
    }


def require_outside(git: Git) -> None:
    """Refused inside an agent's fence in this repository: what its git may not move, our commands are not to move."""
    git_dir = Path(os.environ.get(VARIABLE, "").partition(":")[2])
    if git_dir.is_relative_to(git.common):
        raise Refused("agent", "trees and branches are not an agent's to change", "leave it to who started the agent")


def planted(state: State) -> Iterator[Path]:
    """What stands in the fence's folder, and git would run, that `put_up` has not put there."""
    return hooks.strange(_home(state), SCRIPT)


def _home(state: State) -> Path:
    return state.folder / "fence"
