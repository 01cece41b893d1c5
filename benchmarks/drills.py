"""Drills for runs: a spawn and a reconcile are cut anywhere, met by what a person keeps, and done several at once.

Each drill takes a way to do both, a new folder, and how many places to step over between two cuts (None: as many as
gives about 25 cuts); it gives what may have gone wrong, how often it did, and out of how many tries.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import repos

from staddle.faults.bystanders import ENV, UNPLUGGED, git
from staddle.faults.cutter import Cut
from staddle.faults.cutting import cut
from staddle.faults.picture import leftovers
from staddle.faults.sweep import Case, Result, Sweep

RUN, HOME, COUNT = "run42", ".pqa_worktrees", 3
FILES, CHANGED = 60, 12
"""The survivor changes so many files, for a merge that is cut to be seen in the checkout."""
ABOUT = 25
EDITED = "service00/package00/module_0.py"
UNTOUCHED = f" M {EDITED}\n"
"""What git says of a checkout that holds all of its commit, and the person's edit."""
KINDS = ("survivor lost", "checkout half updated", "something left")
MODES = {"kill": "kill -9", "enospc": "full disk", "term": "SIGTERM"}
ROUNDS = 5
SECONDS = 120

Words = Sequence[str]
MakeCase = Callable[[Path], Case]
Found = Iterator[tuple[str, int, int]]


@dataclass(frozen=True)
class Way:
    """One way to spawn and reconcile; both commands take the run, and then the number or the survivor."""

    name: str
    spawn: tuple[str, ...]
    reconcile: tuple[str, ...]


def product(folder: Path) -> Path:
    """A repository in whose checkout a person has an edit that is not committed."""
    main = repos.make(folder.resolve() / "product", FILES)
    (main / EDITED).write_text("half a thought\n")
    return main


def start(main: Path, command: Words, *words: str) -> subprocess.Popen[bytes]:
    """Start a command in the checkout."""
    home = {"HOME": str(main.parent / "home"), "TMPDIR": str(main.parent)}
    out = subprocess.DEVNULL
    return subprocess.Popen([*command, *words], cwd=main, env=ENV | home, stdin=out, stdout=out, stderr=out)


def run(main: Path, command: Words, *words: str) -> int:
    """Run a command in the checkout; its exit code."""
    with start(main, command, *words) as process:
        return process.wait(SECONDS)


def spawned(way: Way, folder: Path) -> Path:
    """A product with a run in which each candidate has committed, in files of its own."""
    main = product(folder)
    run(main, way.spawn, RUN, str(COUNT))
    for number in range(1, COUNT + 1):
        work(main, f"{RUN}-b{number}", number)
    return main


def work(main: Path, name: str, number: int) -> None:
    """Change some files in a candidate, other ones for each number, and commit them."""
    files = sorted((main / HOME / name).glob("service*/*/*.py"))[number:][: CHANGED * 5 : 5]
    for file in files:
        file.write_text(f"candidate = {number}\n")
    git(main / HOME / name, "commit", "--quiet", "--all", "-m", f"feat: candidate {number}")


def tip(main: Path, branch: str) -> str:
    """The commit of a branch, empty when there is none."""
    return git(main, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()


def left(main: Path, run_name: str, but: str = "") -> list[str]:
    """Every trace of a run: trees, entries, branches, locks, journals; if the run waits, all but the branch `but`."""
    places = [main / HOME, main / ".git/worktrees", *([] if but else [main / ".git/staddle/runs"])]
    found = [str(path) for place in places for path in place.glob(f"{run_name}[-.]*")]
    refs = git(main, "for-each-ref", "--format=%(refname:short)", f"refs/heads/pqa/{run_name}-b*").split()
    return leftovers(main) + found + [ref for ref in refs if ref != but]


def whole(main: Path) -> bool:
    """Whether all candidates stand clean on their branches, with no stump beside them."""
    trees = [main / HOME / f"{RUN}-b{number}" for number in range(1, COUNT + 1)]
    said = [git(tree, "status", "--porcelain", "--branch") for tree in trees if tree.is_dir()]
    return said == [f"## pqa/{tree.name}\n" for tree in trees] and not leftovers(main)


def spawn_case(folder: Path) -> Case:
    """Nothing made yet; in the end there must be nothing of the run."""
    main = product(folder)
    return Case(main, lambda _: left(main, RUN))


def spawn_alone_case(folder: Path) -> Case:
    """Nothing made yet; in the end there must be the whole run, or nothing of it."""
    main = product(folder)
    return Case(main, lambda _: [] if whole(main) else left(main, RUN))


def reconcile_case(way: Way) -> MakeCase:
    """A run whose b2 is to land; the person's edit must stay."""

    def make(folder: Path) -> Case:
        main = spawned(way, folder)
        chosen = tip(main, f"pqa/{RUN}-b2")

        def check(recovery: Cut) -> list[str]:
            kept = f"pqa/{RUN}-b2" if recovery.returncode else ""
            lost = not git(main, "for-each-ref", "--contains", chosen)
            half = git(main, "status", "--porcelain", "-uno") != UNTOUCHED
            faults = zip(KINDS, (lost, half, bool(left(main, RUN, kept))), strict=True)
            return [kind for kind, found in faults if found]

        return Case(main, check)

    return make


def sweep(folder: Path, command: Words, recover: Words, case: MakeCase, mode: str, every: int | None) -> Result:
    """Cut a command at every so many places, or at about 25, and recover."""
    (folder / "home").mkdir(parents=True)
    env = ENV | {"HOME": str(folder / "home"), "TMPDIR": str(folder / "home")}
    (folder / "whole").mkdir()
    calls = cut(command, roots=[folder / "whole"], cwd=case(folder / "whole").cwd, env=env).calls
    if not calls:
        raise RuntimeError(f"{command[0]} was not seen to change a file below {folder}")
    result = Sweep(command, recover, case, env).run(folder, [mode], every=every or max(1, round(len(calls) / ABOUT)))
    shutil.rmtree(folder)
    return result


def cut_spawn(way: Way, folder: Path, every: int | None) -> Found:
    """A spawn cut in each mode; it must clean up by itself where it can, at the next `reconcile` where it cannot."""
    command, clear = [*way.spawn, RUN, str(COUNT)], [*way.reconcile, RUN]
    for mode, name in MODES.items():
        recover, case, then = (["true"], spawn_alone_case, "") if mode == "term" else (clear, spawn_case, ", reconcile")
        result = sweep(folder / mode, command, recover, case, mode, every)
        yield f"{name} in spawn{then}: {KINDS[-1]}", len(result.failures), len(result.tried)


def cut_reconcile(way: Way, folder: Path, every: int | None) -> Found:
    """A reconcile cut in each mode, and run again."""
    command = [*way.reconcile, RUN, "b2"]
    for mode, name in MODES.items():
        result = sweep(folder / mode, command, command, reconcile_case(way), mode, every)
        for kind in KINDS:
            found = sum(kind in failure.faults for failure in result.failures)
            yield f"{name} in reconcile, again: {kind}", found, len(result.tried)


def conflict(way: Way, folder: Path, _: int | None) -> Found:
    """The survivor clashes: it must be kept, and the checkout be as it was."""
    main = spawned(way, folder)
    clash = sorted(git(main, "diff", "--name-only", f"main...pqa/{RUN}-b2").split())[0]
    (main / clash).write_text("main went on\n")
    git(main, "commit", "--quiet", "-m", "fix: main went on", clash)
    survivor = f"pqa/{RUN}-b2"
    before = picture(main), tip(main, survivor)
    code = run(main, way.reconcile, RUN, "b2")
    well = code == 1 and (picture(main), tip(main, survivor)) == before and not left(main, RUN, survivor)
    yield "conflict: survivor or checkout harmed", int(not well), 1


def picture(main: Path) -> str:
    """Where the checkout stands and what differs from there."""
    return git(main, "rev-parse", "HEAD") + git(main, "diff", "HEAD") + git(main, "status", "--porcelain", "-uno")


def look_alikes(way: Way, folder: Path, _: int | None) -> Found:
    """A person's branches under names like a run's, each with a commit that nothing else holds."""
    for name, what in ((f"{RUN}-bonus", "beside a run"), (f"{RUN}-b2", "before the run")):
        main = product(folder / name)
        mine = git(main, "commit-tree", "-p", "HEAD", "-m", "mine alone", "HEAD^{tree}").strip()
        git(main, "branch", f"pqa/{name}", mine)
        run(main, way.spawn, RUN, str(COUNT))
        run(main, way.reconcile, RUN)
        yield f"a person's pqa/{name} {what}: lost", int(tip(main, f"pqa/{name}") != mine), 1


def unplugged(way: Way, folder: Path, _: int | None) -> Found:
    """A person's worktree whose disk is not there at the moment, with a commit that only its HEAD holds."""
    main = spawned(way, folder)
    tree = main.parent / UNPLUGGED
    git(main, "worktree", "add", "-q", "--detach", str(tree))
    git(tree, "commit", "-q", "--allow-empty", "-m", "held by this HEAD alone")
    tree.rename(main.parent / "a drawer")
    run(main, way.reconcile, RUN, "b2")
    yield "a person's tree on an unplugged disk: entry lost", int(str(tree) not in git(main, "worktree", "list")), 1


def unfinished(way: Way, folder: Path, _: int | None) -> Found:
    """The survivor's tree holds work that is not committed yet."""
    main = spawned(way, folder)
    file = main / HOME / f"{RUN}-b2" / "note.txt"
    file.write_text("not committed yet\n")
    run(main, way.reconcile, RUN, "b2")
    yield "the survivor's uncommitted work: lost", int(not file.exists()), 1


def four_at_once(way: Way, folder: Path, _: int | None) -> Found:
    """Four runs reconciled in the same moment: all must land, and leave nothing."""
    missing = half = remains = 0
    runs = [f"run{number}" for number in range(1, 5)]
    for turn in range(ROUNDS):
        main = product(folder / str(turn))
        for number, name in enumerate(runs, 1):
            run(main, way.spawn, name, "2")
            work(main, f"{name}-b1", number)
        processes = [start(main, way.reconcile, name, "b1") for name in runs]
        for process in processes:
            process.wait(SECONDS)
        merges = git(main, "log", "--merges", "--format=%H", "main").split()
        missing += len(runs) - len(merges)
        half += git(main, "status", "--porcelain", "-uno") != UNTOUCHED
        remains += any(left(main, name, but=f"pqa/{name}-b1") for name in runs)
    yield "4 runs reconciled at once: did not land", missing, ROUNDS * len(runs)
    yield f"4 runs reconciled at once: {KINDS[1]}", half, ROUNDS
    yield f"4 runs reconciled at once: {KINDS[2]}", remains, ROUNDS


def twice_at_once(way: Way, folder: Path, _: int | None) -> Found:
    """One run spawned by two people in the same moment: it must stand whole."""
    broken = 0
    for turn in range(ROUNDS * 2):
        main = product(folder / str(turn))
        processes = [start(main, way.spawn, RUN, str(COUNT)) for _ in range(2)]
        for process in processes:
            process.wait(SECONDS)
        broken += not whole(main)
    yield "one run spawned twice at once: not whole", broken, ROUNDS * 2


DRILLS = (cut_spawn, cut_reconcile, conflict, look_alikes, unplugged, unfinished, four_at_once, twice_at_once)
