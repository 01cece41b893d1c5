"""The verbs: one list from which the command line, nox, make and the scripts take their names and words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """One verb: its name at every door, what it does in a line, and an example of its arguments."""

    name: str
    summary: str
    example: str


VERBS = (
    Verb("init", "Write milestones.yaml, noxfile.py, Makefile where missing.", "--dry-run"),
    Verb("plan", "Show what the plan declares against what git has.", "--json"),
    Verb("worktrees", "Give every milestone its tree on its branch, set up and ready.", "m1 m3"),
    Verb("path", 'Print where a milestone\'s tree is: cd "$(staddle path m3)".', "m3"),
    Verb("status", "Show all trees at a glance: branch, changes, checks, next step.", "--json"),
    Verb("prompts", "Render a prompt for each requirement into its tree.", "m3"),
    Verb("agents", "Start an agent inside each tree, one requirement after another.", "m3 --agent copilot"),
    Verb("verify", "Run the declared checks inside the trees, side by side.", "m3 --check unit"),
    Verb("spawn", "Make N candidate trees for one hard task, all of them or none.", "run42 3"),
    Verb("reconcile", "Land a run's survivor, if named, and take the rest away.", "run42 b2"),
    Verb("sweep", "Finish or take back whatever dead commands left.", "--json"),
    Verb("undo", "Bring back what was taken away: a candidate, or a milestone's tree.", "run42-b1"),
    Verb("drill", "Cut runs at every step in a copy; see that nothing is left.", "--quick"),
    Verb("remove", "Take a landed tree away; refuse what could lose anything.", "m3 --dry-run"),
)


def verb(name: str) -> Verb:
    """The verb called `name`; KeyError when there is none."""
    return {verb.name: verb for verb in VERBS}[name]
