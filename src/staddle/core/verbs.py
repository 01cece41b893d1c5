"""The verbs: one list from which the command line, nox, make and the scripts take their names and words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """One verb: its name at every door, what it does in a line, and an example of its arguments."""

    name: str
    summary: str
    example: str


VERBS = (
    Verb("init", "Start here: write milestones.yaml, noxfile.py and Makefile where they are missing.", "--dry-run"),
    Verb("plan", "Show what the plan declares against what git has; change nothing.", "--json"),
    Verb("worktrees", "Give every milestone its tree on its branch, set up and ready.", "m1 m3"),
    Verb("path", 'Print where a milestone\'s tree is: cd "$(staddle path m3)".', "m3"),
    Verb("status", "Show all trees at a glance: branch, changes, checks, next step.", "--json"),
    Verb("prompts", "Render a prompt for each requirement into its tree.", "m3"),
    Verb("agents", "Start an agent inside each tree, one requirement after another.", "m3 --agent copilot"),
    Verb("verify", "Run the declared checks inside the trees, side by side.", "m3 --check unit"),
    Verb("spawn", "Make N candidate trees for one hard task, all of them or none.", "run42 3"),
    Verb("reconcile", "Land a run's survivor, if one is named, and take all the rest of it away.", "run42 b2"),
    Verb("sweep", "Finish or take back whatever dead commands left.", "--json"),
    Verb("undo", "Bring a candidate back that a run took away, uncommitted work included.", "run42 b1"),
    Verb("remove", "Take a tree away after its work has landed; refuse whatever could lose something.", "m3 --dry-run"),
)


def verb(name: str) -> Verb:
    """The verb called `name`; KeyError when there is none."""
    return {verb.name: verb for verb in VERBS}[name]
