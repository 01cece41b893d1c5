"""The documents: what they show works, what they link to exists, and what is generated is up to date."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from staddle.cli.main import app
from staddle.core.verbs import VERBS
from staddle.edges.plans import load_plan
from tests.kit import Repository

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
REFERENCE = ROOT / "docs" / "reference.md"
OWN_FOLDERS = ("docs", "src", "scripts", "templates", "examples", "benchmarks")
OWN_FILES = [
    path
    for place in (ROOT.glob("*.*"), *((ROOT / name).rglob("*.*") for name in OWN_FOLDERS))
    for path in place
    if path.suffix in {".md", ".py", ".yaml", ".toml", ".j2", ".svg", ".json"}
]
MACHINE_PATH = re.compile(r"""(?:^|[\s"'`(=>:])(/(?:root|home|Users|work|tmp|mnt)/\S*)""", re.MULTILINE)
SECONDS = 120

NOT_RUN = {
    "make demo": "fetches the product's tools with uv; its steps are tested one by one, offline",
    "make test": "is what is running",
    "pip install staddle": "needs a package index; the wheel's installation is a slow test of `init`",
}

# --- the reference -----------------------------------------------------------------------------------------------


def usage(parameter: typer.core.TyperArgument | typer.core.TyperOption) -> str:
    """How one argument or option is written: `MILESTONE`, `--plan FILE`, `--json`."""
    if isinstance(parameter, typer.core.TyperArgument):
        return parameter.metavar or str(parameter.name).upper()
    value = "" if parameter.is_flag else f" {parameter.metavar or str(parameter.name).upper()}"
    return ", ".join(parameter.opts) + value


def chapters() -> Iterator[str]:
    """The reference's chapters, one a verb, in the words of `--help`."""
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009 - a group, which typer does not say
    for verb in VERBS:
        parameters = commands[verb.name].params
        shown = [usage(parameter) for parameter in parameters]
        bare = [
            text if one.required else f"[{text}]{'...' * (one.nargs < 0)}"
            for text, one in zip(shown, parameters, strict=True)
        ]
        lines = [f"- `{text}`: {parameter.help}" for text, parameter in zip(shown, parameters, strict=True)]
        examples = [f"    staddle {verb.name} {' '.join(bare)}", f"    staddle {verb.name} {verb.example}"]
        yield "\n".join([f"## {verb.name}", "", verb.summary, "", verb.details, "", *examples, "", *lines])


def reference() -> str:
    """The text of docs/reference.md."""
    head = (
        "# Reference\n\nEvery verb with its arguments, in the words of `staddle VERB --help`. Written by "
        "`WRITE_DOCS=1 make test ARGS=tests/test_docs.py`.\n\n"
    )
    return head + "\n\n".join(chapters()) + "\n"


def test_the_reference_says_what_help_says() -> None:
    if os.environ.get("WRITE_DOCS"):
        REFERENCE.write_text(reference())
    assert REFERENCE.read_text() == reference()


# --- the commands in README --------------------------------------------------------------------------------------


def commands() -> dict[str, list[str]]:
    """The indented lines of README that a person types, and the comments between them, by heading."""
    chapters = re.split(r"^## (.*)\n", README, flags=re.MULTILINE)[1:]
    found = {
        heading: [
            line.strip() for line in re.findall(r"^    (\S.*)", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
        ]
        for heading, text in zip(chapters[::2], chapters[1::2], strict=True)
    }
    return {heading: lines for heading, lines in found.items() if lines}


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, list[str]], str]:
    """Runs lines in a folder as one types them into a shell with this environment's programs; what was printed."""
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))

    def run(at: Path, lines: list[str]) -> str:
        script = "\n".join(["set -ex", *(line for line in lines if line.split("  #")[0].strip() not in NOT_RUN)])
        done = subprocess.run(
            ["bash", "-c", script], cwd=at, stdout=-1, stderr=-2, text=True, check=False, timeout=SECONDS
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@pytest.fixture
def checkout(tmp_path: Path, repository: Repository) -> Path:
    """A copy of this project with a small product for its plan, and with trees whose tests are green."""
    top = tmp_path / "checkout"
    (top / ".venv").mkdir(parents=True)
    for name in ("bin", "lib", "pyvenv.cfg"):
        (top / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    for name in ("Makefile", "noxfile.py", "pyproject.toml"):
        shutil.copy(ROOT / name, top)
    shutil.copytree(ROOT / "scripts", top / "scripts")
    (top / ".venv" / ".installed").touch()
    repository.commit(repository.main, ".gitignore", "__pycache__/\n", "chore: ignore")
    for name in ("unit/test_treasury.py", "integration/test_treasury_api.py"):
        repository.commit(repository.main, f"tests/{name}", "def test_it(): pass\n", "test: treasury")
    repository.git("push", "--quiet", "origin", "main")
    (top / ".demo").symlink_to(tmp_path)
    plan = (ROOT / "milestones.yaml").read_text().replace("uv sync --quiet", "true")  # needs an index, as does --cov
    plan = plan.replace(": pytest ", f": {sys.executable} -m pytest ")
    (top / "milestones.yaml").write_text(re.sub(r" --cov\S*", "", plan))
    return top


def test_every_command_of_readme_stands_where_a_test_runs_it_or_has_a_reason() -> None:
    assert commands().keys() == {"Two commands", "In your own repository", "Several candidates for one hard task"}
    lines = {line.split("  #")[0].strip() for lines in commands().values() for line in lines}
    assert NOT_RUN.keys() <= lines


def test_one_can_go_on_by_hand_after_the_demonstration(checkout: Path, typed: Callable[[Path, list[str]], str]) -> None:
    said = typed(checkout, ["make worktrees ARGS=m3", *commands()["Two commands"], "pwd"])
    assert "Session verify-m3 was successful" in said
    assert "m3: would remove" in said
    assert said.endswith("venture-wt-m3-treasury\n")


def test_ones_own_repository_gets_its_trees(tmp_path: Path, typed: Callable[[Path, list[str]], str]) -> None:
    repository = Repository(tmp_path / "your-repository")
    repository.main.mkdir()
    repository.git("init", "--quiet")
    repository.commit(repository.main, "README.md", "hello\n", "chore: begin")
    typed(tmp_path, commands()["In your own repository"])
    assert (tmp_path / "your-repository-wt-m1-first" / "README.md").read_text() == "hello\n"


def test_candidates_are_made_one_lands_and_another_comes_back(
    repository: Repository, typed: Callable[[Path, list[str]], str]
) -> None:
    lines = commands()["Several candidates for one hard task"]
    between = lines.index("# people or agents commit in each; then")
    typed(repository.main, lines[:between])
    trees = [repository.main / ".pqa_worktrees" / f"run42-b{number}" for number in (1, 2, 3)]
    for number, tree in enumerate(trees, 1):
        repository.commit(tree, "answer.txt", f"{number}\n", f"feat: answer {number}")
    (trees[0] / "draft.txt").write_text("draft\n")
    typed(repository.main, lines[between:])
    assert (repository.main / "answer.txt").read_text() == "2\n"
    assert [tree.exists() for tree in trees] == [False] * 3
    assert repository.git("show", "pqa/run42-b1:answer.txt", "pqa/run42-b1:draft.txt") == "1\ndraft"


# --- the rest ----------------------------------------------------------------------------------------------------


def test_the_examples_of_readme_are_all_that_the_plan_needs(tmp_path: Path) -> None:
    milestone, checks = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    plan = tmp_path / "milestones.yaml"
    plan.write_text(f"{checks}\n{(ROOT / 'milestones.yaml').read_text()}\n{milestone}")
    assert load_plan(plan).plan.checks.keys() == {"suite", "api"}
    assert [milestone.id for milestone in load_plan(plan).plan.milestones] == [f"M{n}" for n in range(1, 10)]


def test_every_relative_link_leads_somewhere() -> None:
    pages = [path for path in OWN_FILES if path.suffix == ".md"]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    assert len(links) >= 4
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_no_path_of_one_machine_is_written_down() -> None:
    texts = {path: path.read_text(errors="replace") for path in OWN_FILES if path.is_file()}
    assert [f"{path.name}: {found}" for path, text in texts.items() for found in MACHINE_PATH.findall(text)] == []
