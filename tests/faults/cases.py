"""Cases for sweeps beside those of `drill`: milestones' trees, and what an operator does around a run."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from staddle.faults.bystanders import CORNER, build, git
from staddle.faults.cases import (
    LAND,
    LANDING,
    REST,
    RUN,
    STADDLE,
    TREASURY,
    Story,
    environment,
    landed_once,
    no_run_left,
    spawned,
)
from staddle.faults.cases import run as run_verb
from staddle.faults.cutter import Cut
from staddle.faults.cutting import cut
from staddle.faults.picture import differences, leftovers, snapshot
from staddle.faults.sweep import Case
from tests.kit import write_plan

TREES = 3
BRANCHES = [f"feat/venture-m{number}-part" for number in range(1, TREES + 1)]
OURS = ["*venture-wt-m*", "ref refs/heads/feat/venture-m?-part", "log refs/heads/feat/venture-m?-part", "config",
        "ref refs/remotes/origin/*", "log refs/remotes/origin/*"]  # fmt: skip
EDIT = "limit = 2  # the operator's\n"


def with_plan(folder: Path, seed: Path | None) -> Path:
    """A repository with bystanders and a plan of three milestones, the second's branch on the remote alone."""
    main = build(folder, seed)
    write_plan(main / "milestones.yaml", TREES)
    git(folder, "clone", "--quiet", "origin.git", "colleague")
    git(folder / "colleague", "commit", "--quiet", "--allow-empty", "-m", "chore: news")
    git(folder / "colleague", "push", "--quiet", "origin", "main", f"main:refs/heads/{BRANCHES[1]}")
    return main


def standing(main: Path) -> list[str]:
    """The branches that have a tree."""
    listed = git(main, "worktree", "list", "--porcelain")
    return [branch for branch in BRANCHES if f"branch refs/heads/{branch}\n" in listed]


def judge(main: Path, expected: Sequence[str]) -> Callable[[Cut], list[str]]:
    """The faults that a case has after its recovery, which must have made exactly the `expected` trees stand."""
    before = snapshot(main)

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
        faults += leftovers(main, BRANCHES) + differences(before, snapshot(main), apart=OURS)
        if standing(main) != list(expected):
            faults.append(f"trees: {standing(main)}")
        for branch in standing(main):
            tree = main.parent / f"venture-wt-{branch.split('-')[1]}-part"
            faults += [f"{tree.name}: {line}" for line in git(tree, "status", "--porcelain").splitlines()]
        return faults

    return check


def worktrees_case(folder: Path, seed: Path | None) -> Case:
    """Nothing made yet; the next `worktrees` must give all three trees."""
    main = with_plan(folder, seed)
    return Case(main, judge(main, BRANCHES))


def remove_case(folder: Path, seed: Path | None) -> Case:
    """All three trees stand; the next `remove` of m1 must leave the other two."""
    main = with_plan(folder, seed)
    run_verb(main, "worktrees")
    return Case(main, judge(main, BRANCHES[1:]))


def sync_case(folder: Path, seed: Path | None) -> Case:
    """Two trees have a commit each, one of them unfinished work too; `sync` has to bring the base's news to both."""
    main = with_plan(folder, seed)
    run_verb(main, "worktrees")
    trees = [main.parent / f"venture-wt-m{number}-part" for number in (1, 3)]
    for tree in trees:
        (tree / f"{tree.name}.txt").write_text("done\n")
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--no-verify", "-m", f"feat: {tree.name}")
    (trees[0] / f"{trees[0].name}.txt").write_text("half done\n")
    colleague = folder / "colleague"
    (colleague / "news.txt").write_text("news\n")
    git(colleague, "add", "--all")
    git(colleague, "commit", "--quiet", "-m", "feat: news")
    git(colleague, "push", "--quiet", "origin", "main")
    before = snapshot(main)

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
        ours = [*OURS, "entry venture-wt-m*"]
        faults += leftovers(main, BRANCHES) + differences(before, snapshot(main), apart=ours)
        for tree in trees:
            state = [git(tree, *words).strip() for words in (("log", "--format=%s", "-2"), ("status", "--porcelain"))]
            dirty = f"M {tree.name}.txt" if tree == trees[0] else ""
            wanted = [f"feat: {tree.name}\nfeat: news", dirty]
            faults += [] if state == wanted and (tree / "news.txt").exists() else [f"{tree.name}: {state}"]
        faults += (
            [] if (trees[0] / f"{trees[0].name}.txt").read_text() == "half done\n" else ["unfinished work is lost"]
        )
        return faults

    return Case(main, check)


def land_case(folder: Path, seed: Path | None) -> Case:
    """m1 has a commit to land; the next command must leave it landed once, at the remote and here."""
    main = with_plan(folder, seed)
    run_verb(main, "worktrees")
    tree, subject = main.parent / "venture-wt-m1-part", "feat(part1): FR-X-001 the first part"
    (tree / "part.txt").write_text("done\n")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--no-verify", "-m", subject)
    git(main, "push", "--quiet", "origin", "main")
    before = snapshot(main)

    def check(recovery: Cut) -> list[str]:
        if recovery.returncode == 3 and (locks := list((folder / "origin.git").rglob("*.lock"))):
            for lock in locks:  # the remote's git died too, as on a machine of its own it would not have
                lock.unlink()
            run_verb(main, "land", "m1")
            recovery = recovery._replace(returncode=0)
        faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
        ours = [*OURS, *LANDING, "entry venture-wt-m*", "file parpour/part.txt", "file origin.git/*", "file .local*"]
        faults += leftovers(main, BRANCHES) + differences(before, snapshot(main), apart=ours)
        there = git(folder / "origin.git", "log", "--format=%s", "main").splitlines()
        faults += [] if there.count(subject) == 1 == there.index(subject) + 1 else [f"the remote's base: {there[:3]}"]
        at_home, remote = git(main, "rev-parse", "main"), git(folder / "origin.git", "rev-parse", "main")
        faults += [] if at_home == remote else ["the base here is not where the remote's is"]
        return faults + ([] if (main / "part.txt").exists() else ["the checkout does not have it"])

    return Case(main, check)


def manual_case(folder: Path, seed: Path | None) -> Case:
    """A tree whose second commit conflicts: after a cut its rebase tells where it stands, and can be given up whole."""
    main = with_plan(folder, seed)
    run_verb(main, "worktrees")
    tree, colleague = main.parent / "venture-wt-m1-part", folder / "colleague"
    for place, names in ((tree, ("first.txt", "shared.txt")), (colleague, ("news.txt", "shared.txt"))):
        for name in names:
            (place / name).write_text(f"{place.name}\n")
            git(place, "add", "--all")
            git(place, "commit", "--quiet", "--no-verify", "-m", f"feat: {name} of {place.name}")
    git(colleague, "push", "--quiet", "origin", "main")
    tip = git(main, "rev-parse", BRANCHES[0])

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 1 else [f"the next command exits {recovery.returncode}"]
        faults += (
            [] if "given up" in run_verb(main, "sync", "m1", "--abort", codes=(0, 1, 2)) else ["it cannot be given up"]
        )
        state = git(tree, "rev-parse", "HEAD") + git(tree, "symbolic-ref", "HEAD") + git(tree, "status", "--porcelain")
        faults += leftovers(main, BRANCHES) + [str(path) for path in main.glob(".git/worktrees/*/rebase-*")]
        return faults if state == f"{tip}refs/heads/{BRANCHES[0]}\n" else [*faults, f"m1: {state}"]

    return Case(main, check)


def abandoned(folder: Path, seed: Path | None) -> tuple[Path, Callable[[], list[str]]]:
    """Three trees, a commit and uncommitted work in the first; and what gives the faults of that tree later."""
    main = with_plan(folder, seed)
    run_verb(main, "worktrees")
    tree = main.parent / "venture-wt-m1-part"
    (tree / "part.txt").write_text("done\n")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--no-verify", "-m", "feat: part")
    (tree / "part.txt").write_text("half done\n")
    (tree / "new.txt").write_text("new\n")

    def look() -> list[str]:
        words = (("rev-parse", "HEAD"), ("symbolic-ref", "HEAD"), ("status", "--porcelain"), ("diff",))
        return [git(tree, *argv) for argv in words] + [
            (tree / "new.txt").read_text() if (tree / "new.txt").exists() else "no new.txt"
        ]

    before = look()
    return main, lambda: [] if look() == before else [f"m1 is not as it was: {look()}"]


def abandon_case(folder: Path, seed: Path | None) -> Case:
    """After a cut, the same command leaves nothing of the tree; and it can come back as it was."""
    main, faults_of_tree = abandoned(folder, seed)
    gone = judge(main, BRANCHES[1:])

    def check(recovery: Cut) -> list[str]:
        faults = gone(recovery)
        run_verb(main, "undo", "m1")
        return faults + leftovers(main, BRANCHES) + faults_of_tree()

    return Case(main, check)


def regret_case(folder: Path, seed: Path | None) -> Case:
    """An abandoned tree has been made anew; after a cut, the same `undo` brings the old one back as it was."""
    main, faults_of_tree = abandoned(folder, seed)
    run_verb(main, "remove", "--abandon", "--recreate", "m1")

    def check(recovery: Cut) -> list[str]:
        back_before = 3
        faults = [] if recovery.returncode in (0, back_before) else [f"the next command exits {recovery.returncode}"]
        return faults + leftovers(main, BRANCHES) + faults_of_tree()

    return Case(main, check)


def split_case(folder: Path, seed: Path | None) -> Case:
    """A tree changes the schema and a file of its own, and holds unfinished work; `split-schema` must part the two."""
    main = with_plan(folder, seed)
    write_plan(main / "milestones.yaml", TREES, schema={"paths": ["events.py"]})
    run_verb(main, "worktrees")
    tree = main.parent / "venture-wt-m1-part"
    for number in (1, 2):
        for name in ("events.py", "own.py"):
            (tree / name).write_text(f"{number}\n")
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--no-verify", "-m", f"chore: step number {number}")
    (tree / "own.py").write_text("half done\n")
    before, schema = snapshot(main), "chore/venture-schema-m1"

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
        ours = [*OURS, "entry venture-wt-m1-part/*", f"ref refs/heads/{schema}", f"log refs/heads/{schema}"]
        faults += leftovers(main, BRANCHES) + differences(before, snapshot(main), apart=ours)
        parts = (("main", schema), (schema, BRANCHES[0]))
        changed = [git(tree, "diff", "--name-only", f"{old}...{new}").split() for old, new in parts]
        faults += [] if changed == [["events.py"], ["own.py"]] else [f"parted into {changed}"]
        status = git(tree, "status", "--porcelain").split()
        return faults + ([] if status == ["M", "own.py"] else [f"status: {status}"])

    return Case(main, check)


def blocked_case(folder: Path, seed: Path | None) -> Case:
    """The operator has edited the file that would land: refused, and all stands as it stood, the whole run included."""
    main = spawned(folder, seed)
    (main / TREASURY).write_text(EDIT)
    before = snapshot(main)

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 3 else [f"the next command exits {recovery.returncode}"]
        branches = [f"pqa/run42-b{number}" for number in (1, 2, 3)]
        return faults + leftovers(main, branches) + differences(before, snapshot(main), apart=["entry run42-b?/index"])

    return Case(main, check)


def sweep_case(folder: Path, seed: Path | None) -> Case:
    """A reconcile was killed right after its landing; `sweep` takes the run away, and so must the next `sweep`."""
    landed = killed_after_landing(spawned(folder, seed), at=None)
    shutil.rmtree(folder)
    folder.mkdir()
    main = spawned(folder, seed)
    before, (old, tip) = snapshot(main), git(main, "rev-parse", "main", "pqa/run42-b2").split()
    killed_after_landing(main, at=landed)

    def check(recovery: Cut) -> list[str]:
        changed = differences(before, snapshot(main), apart=[*LANDING, *RUN])
        return no_run_left(main, recovery) + changed + landed_once(main, old, tip)

    return Case(main, check)


def killed_after_landing(main: Path, at: int | None) -> int:
    """Cut `reconcile` at a place, and give the number of the call that follows the move of main."""
    env = environment(main.parent)
    calls = cut([*STADDLE, *LAND], at=at, roots=[main.parent], cwd=main, env=env).calls
    return max(number for number, call in enumerate(calls, 2) if "refs/heads/main.lock" in call)


def undo_case(folder: Path, seed: Path | None) -> Case:
    """A loser is kept in a bundle; the next `undo` must bring it back, or find that it is back."""
    main = spawned(folder, seed)
    run_verb(main, *LAND)
    before = snapshot(main)

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode == 0 else [f"the next command exits {recovery.returncode}"]
        held = [git(main, "show", f"pqa/run42-b1:{CORNER}/{name}") for name in ("control.py", "wip.txt")]
        faults += [] if held == ["candidate 1\n", "not committed\n"] else [f"brought back: {held}"]
        return faults + leftovers(main) + differences(before, snapshot(main), apart=RUN[:2])

    return Case(main, check)


def agent_case(folder: Path, seed: Path | None) -> Case:
    """An agent's own `git commit` in a candidate is cut; the next `reconcile run42` must leave nothing of the run."""
    main = spawned(folder, seed)
    (main / AGENTS_TREE / CORNER / "control.py").write_text("agent\n")
    before = snapshot(main)
    return Case(main, lambda recovery: no_run_left(main, recovery) + differences(before, snapshot(main), apart=RUN))


def gated_case(folder: Path, seed: Path | None) -> Case:
    """The plan has a check; whether the gate or the landing is cut, the survivor must have landed exactly once."""
    main = spawned(folder, seed)
    write_plan(main / "milestones.yaml", 1, checks={"same": {"run": ["test", "-d", CORNER], "evidence": "exit-code"}})
    before, (old, tip) = snapshot(main), git(main, "rev-parse", "main", "pqa/run42-b2").split()
    apart = [*LANDING, *RUN, "file tmp*", "file staddle-*", "file .local*"]

    def check(recovery: Cut) -> list[str]:
        return no_run_left(main, recovery) + differences(before, snapshot(main), apart) + landed_once(main, old, tip)

    return Case(main, check)


def context_case(folder: Path, seed: Path | None) -> Case:
    """Two payloads, no trees: the survivor's must have landed exactly once, and the folders be gone."""
    main = build(folder, seed)
    run_verb(main, "spawn", "run42", "2", "--mode", "context")
    for number in (1, 2):
        payload = main / ".pqa/branches" / f"b{number}" / "files" / TREASURY
        payload.parent.mkdir(parents=True)
        payload.write_text(f"candidate {number}\n")
    before, old = snapshot(main), git(main, "rev-parse", "main").strip()

    def check(recovery: Cut) -> list[str]:
        faults = no_run_left(main, recovery) + differences(before, snapshot(main), apart=[*LANDING, *RUN])
        faults += [f"left: {path.name}" for path in main.glob(".pqa/branches/*")]
        tip = git(main, "log", "-1", "--format=%P", "main").split()[-1:]
        return faults + landed_once(main, old, "".join(tip))

    return Case(main, check)


def agents_case(folder: Path, seed: Path | None) -> Case:
    """A milestone's agent writes a file and commits it; cut wherever, the next `agents` has the work done, once."""
    main = with_plan(folder, seed)
    message = "feat(part1): FR-X-001 the first part"
    shell = f"test -e part.txt || echo done > part.txt; git add part.txt && git commit --quiet -m '{message}'"
    requirements = [{"id": "FR-X-001", "title": "the first part"}]
    agents = {"script": {"command": {"shell": shell}}}
    write_plan(main / "milestones.yaml", TREES, agents=agents, first={"requirements": requirements})
    run_verb(main, "worktrees")
    tree, before = main.parent / "venture-wt-m1-part", snapshot(main)

    def check(recovery: Cut) -> list[str]:
        faults = [] if recovery.returncode in (0, 1) else [f"the next command exits {recovery.returncode}"]
        ours = ["*venture-wt-m1-part*", f"ref refs/heads/{BRANCHES[0]}", f"log refs/heads/{BRANCHES[0]}"]
        faults += leftovers(main, BRANCHES) + differences(before, snapshot(main), apart=ours)
        subjects = git(tree, "log", "--format=%s", "origin/main..HEAD").splitlines()
        status = git(tree, "status", "--porcelain")
        return faults + ([] if (subjects, status) == ([message], "") else [f"m1: {subjects}, {status}"])

    return Case(main, check)


AGENTS_TREE = ".pqa_worktrees/run42-b3"
AGENTS_COMMIT = ("git", "-C", AGENTS_TREE, "commit", "--quiet", "--all", "--message", "feat: agent")
SWEEP, UNDO = ("sweep",), ("undo", "run42", "b1")
STORIES = {
    "worktrees": Story(("worktrees",), ("worktrees",), worktrees_case),
    "remove": Story(("remove", "m1"), ("remove", "m1"), remove_case),
    "sync": Story(("sync", "m1", "m3"), ("sync", "m1", "m3"), sync_case),
    "land": Story(("land", "m1"), ("land", "m1"), land_case),
    "train": Story(("train",), ("train",), land_case),
    "agents": Story(("agents", "m1"), ("agents", "m1"), agents_case),
    "abandon": Story(("remove", "--abandon", "m1"), ("remove", "--abandon", "m1"), abandon_case),
    "regret": Story(("undo", "m1"), ("undo", "m1"), regret_case),
    "manual": Story(("sync", "m1", "--manual"), ("sync", "m1", "--manual"), manual_case),
    "split-schema": Story(("split-schema", "m1"), ("split-schema", "m1"), split_case),
    "blocked": Story(LAND, LAND, blocked_case),
    "gated": Story(LAND, LAND, gated_case),
    "context": Story(LAND, LAND, context_case),
    "agent": Story(AGENTS_COMMIT, REST, agent_case),
    "sweep": Story(SWEEP, SWEEP, sweep_case),
    "undo": Story(UNDO, UNDO, undo_case),
}
