"""The verbs: one list from which the command line, nox, make and the scripts take their names and words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """One verb: its name at every door, what it does in a line and in a few, and an example of its arguments."""

    name: str
    summary: str
    details: str
    example: str


VERBS = (
    Verb(
        "init",
        "Write milestones.yaml, noxfile.py, Makefile where missing.",
        "They go into the main checkout of the repository around you. What exists is kept as it is.",
        "--dry-run",
    ),
    Verb(
        "plan",
        "Show what the plan declares against what git has.",
        "For each milestone: ok; landed (done, and its tree taken away); create or gone (worktrees makes its tree), "
        "adopt (made by hand), or drift and foreign (something else is there, with the reason). Trees whose milestone "
        "has left the plan are undeclared.",
        "--json",
    ),
    Verb(
        "worktrees",
        "Give every milestone its tree on its branch, set up and ready.",
        "New branches start from the plan's base, as fetched from its remote; a branch that exists is used as it is. "
        "Then the plan's set-up commands run in each new tree. Run it as often as you like; one milestone's failure "
        "does not hold up the others.",
        "m1 m3",
    ),
    Verb(
        "path",
        'Print where a tree is: cd "$(staddle path run42-b1)".',
        "A milestone's tree, a candidate's, or the folder of its payload.",
        "m3",
    ),
    Verb(
        "status",
        "Show all trees: commits, changes, checks and the next step.",
        "The plan's milestones, if there is a plan, then the candidates of this repository's runs that have not ended. "
        "Commits are those beyond the base (+) and those it has gained since (-); changes are tracked files and, "
        "after ?, new ones. A verdict on other content than the tree holds now is stale. Milestones in conflict are "
        "named below. Nothing is changed.",
        "run42",
    ),
    Verb(
        "prompts",
        "Render a prompt for each requirement or candidate.",
        "The files are written below .staddle/ in the tree, where git does not see them; their paths are printed. "
        "Candidates get the task of their run, each in another frame: b1 the smallest change, then test first, "
        "redesign, robust, fast, and so on again. Templates of yours come first: templates/ beside the plan.",
        "run42 --task task.md",
    ),
    Verb(
        "agents",
        "Put an agent into each tree, and judge it by what git shows.",
        "In a milestone's tree it has the requirements that are not done, one after another; in a candidate's the "
        "task of its run. Done is what it committed, in its tree and on its branch, by the plan's rules, "
        "leaving nothing behind; what it says of itself does not count. Or else: where agents stand, and their end.",
        "m3 run42 --detach",
    ),
    Verb(
        "verify",
        "Run the declared checks inside the trees, side by side.",
        "A check passes by its test report, not by its exit code alone. A pass on the same content is not run again; "
        "a failure is run again with --retry-failed. Nothing that a check started is left running.",
        "m3 --check unit",
    ),
    Verb(
        "sync",
        "Rebase every tree onto the fetched base; leave what conflicts.",
        "A tree moves, uncommitted work and all, when all its commits fit; one that conflicts stays exactly as it was, "
        "and its files are named. Commits that have landed, also squashed, are left out; conflicts that git remembers "
        "(rerere) are resolved again. --manual starts git's rebase in a tree that conflicts, and says what to do at "
        "each stop.",
        "m3",
    ),
    Verb(
        "land",
        "Bring a milestone's work to the base, a commit a requirement.",
        "The branch's commits are made into one for each requirement, on top of the base. The checks of the milestone "
        "and of the whole have to be green on just that content, which costs nothing when they were before. Then the "
        "base moves, at the remote first where there is one, and the other trees follow as in sync. On GitHub each "
        "goes by a pull request, squashed there.",
        "m3 --dry-run",
    ),
    Verb(
        "train",
        "Land every milestone that is ready, in order, proven together.",
        "What is red by itself, breaks a rule, or conflicts with one before it stays behind, and so does what needs "
        "it, or what an agent is at work in. All the others are tested once, as they would stand on the base; when "
        "that is red, the milestone that turns it red is found and named with its counterpart, and the rest lands, at "
        "once.",
        "--dry-run",
    ),
    Verb(
        "conflicts",
        "Foresee which trees get in each other's way, before they land.",
        "Each pair is merged in memory, uncommitted work included, and each with the base: ok; C 2, files in "
        "conflict; ~ 2, files both change though they merge; ! a side changes the schema; ? cannot be told. In turn is "
        "each on top of all that land before it. Candidates are compared when named. No tree and no object is added "
        "or changed. A conflict makes the exit code 1.",
        "m3 --json",
    ),
    Verb(
        "pr",
        "Open a milestone's pull request, or bring it up to date.",
        "The branch is pushed up to its next requirement, over nobody else's commits; the title is the commit's to be, "
        "the text comes from templates/pr.md.j2, with what the checks said of just this content. Of an open one only "
        "the part that staddle wrote is replaced. gh has to be installed and logged in.",
        "m3 --draft",
    ),
    Verb(
        "lint",
        "Hold branches, messages and changed paths to the plan's rules.",
        "For each milestone: its branch, what its tree has checked out, each message since the base, and each changed "
        "path, uncommitted ones too. Schema files change on a branch of their own, and what another milestone owns is "
        "left to it. Or else: a range of commits, a PR's title, a message's file. Warnings alone do not fail.",
        "--range origin/main..HEAD",
    ),
    Verb(
        "split-schema",
        "Move a branch's changes of the schema to a branch of its own.",
        "It becomes one commit on chore/<project>-schema-<name>, where the milestone's work began; the rest is made "
        "again on that, so that the tree's files stay as they are. Land the schema's branch; sync then leaves it out "
        "of the milestone's. sync --undo takes it all back.",
        "m3 --name events",
    ),
    Verb(
        "spawn",
        "Make N candidate trees for one hard task, all of them or none.",
        "They stand in .pqa_worktrees/RUN-bN of the main checkout, on branches pqa/RUN-bN that start where you stand; "
        "in mode context there are folders .pqa/branches/bN instead, for files/ and *.patch. What you do not say comes "
        "from PQA_BRANCHES_MODE and PQA_BRANCHES, then from [pqa] branches_mode and branches in pqa-config.toml. The "
        "same command again changes nothing.",
        "run42 3",
    ),
    Verb(
        "rank",
        "Rank a run's candidates by checks and each other's tests.",
        "Each, merged with the target, is held to the plan's checks, the target's tests, then the others' new ones. "
        "Verdict: pass, altered (what it is judged by), broken (tests of the target's), fail, empty. Agreed tests, "
        "which two contents pass, times the candidates that pass the same, come first; then the diff: lines/files "
        "outside tests. When nobody can tell, the exit code is 3.",
        "run42",
    ),
    Verb(
        "reconcile",
        "Land a run's survivor, if named, and take the rest away.",
        "The survivor is merged --no-ff into the branch that the run was spawned on, proven by the plan's top-level "
        "checks and the merge hooks. Red or in conflict, the target stays untouched and the survivor's branch is "
        "preserved. Losers are kept for 14 days (undo). Without a survivor everything goes. After a crash the same "
        "command finishes what was recorded.",
        "run42 b2",
    ),
    Verb(
        "sweep",
        "Finish or take back whatever dead commands left.",
        "Processes are ended, half-made trees taken back, recorded landings and removals finished. Runs that wait for "
        "a choice stay as they are. What undo keeps is forgotten after 14 days.",
        "--json",
    ),
    Verb(
        "undo",
        "Bring back what was taken away: a candidate or a milestone.",
        "For 14 days a loser comes back as its branch, not as a tree, with its uncommitted work as the last commit; of "
        "a payload you are told where its folder is. A milestone comes back as its branch and its tree.",
        "run42-b1",
    ),
    Verb(
        "drill",
        "Cut runs at every step in a copy; see that nothing is left.",
        "Up to 50 files of your HEAD commit are copied into a temporary repository. There spawn and reconcile, with a "
        "landing and with a conflict, are killed before each system call that changes a file; the next command runs, "
        "and what is left is compared with what should be. Your own repository is only read.",
        "--quick",
    ),
    Verb(
        "remove",
        "Take a landed tree away; refuse what could lose anything.",
        "It is refused, with every reason and the way on, while something in the tree is uncommitted, unlanded or in "
        "use. A branch that staddle made goes with its tree; undo brings both back. With --abandon also unlanded and "
        "uncommitted work goes, and is kept for 14 days: undo m3 brings it back as it was.",
        "m3 --dry-run",
    ),
    Verb(
        "ci",
        "Write the workflow that runs the plan's checks on GitHub.",
        "It goes into .github/workflows/ of the product's main checkout, to be committed there. Milestones' branches "
        "run their own checks; pull requests and the base run the plan's. With --check nothing is written: when the "
        "file is not what the plan makes of it, the difference is shown and the exit code is 1.",
        "--check",
    ),
)


def verb(name: str) -> Verb:
    """The verb called `name`; KeyError when there is none."""
    return {verb.name: verb for verb in VERBS}[name]
