"""Secrets: what variables with secret names hold is in no log, and in nothing that is printed or kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from staddle.edges.masking import secrets_in
from staddle.edges.reports import failure_tail
from tests.kit import Repository

Planned = Callable[..., Repository]
SECRET = "ghx_0a1b2c3d4e5f"
REQUIREMENTS = [{"id": "FR-X-001", "title": "first thing"}]
MESSAGE = "feat(part1): FR-X-001 first thing"


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("GITHUB_TOKEN", SECRET, [SECRET]),
        ("api_key", SECRET, [SECRET]),
        ("PGPASSWORD", "Swordfish 1", ["Swordfish 1"]),
        ("CREDENTIALS", 'a"b\\c\nd-e', ['a\\"b\\\\c\\nd-e', 'a"b\\c\nd-e']),
        ("HOME", SECRET, []),
        ("USE_TOKEN", "true", []),
        ("KEYBOARD", "Dvorakintl", []),
        ("KEY_FILE", "/etc/passwd", []),
        ("GIT_CONFIG_KEY_0", "include.path", []),
    ],
)
def test_what_looks_like_a_secret_is_known_by_name_and_value(name: str, value: str, found: list[str]) -> None:
    assert secrets_in({name: value}) == found


def test_a_secret_in_a_test_report_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "s<cret-123")
    fault = '<failure message="s&lt;cret-123">said s&lt;cret-123</failure>'
    (tmp_path / "junit.xml").write_text(f'<testsuite><testcase name="one">{fault}</testcase></testsuite>')
    assert failure_tail(tmp_path / "junit.xml") == ["said ***"]


def kept(repository: Repository) -> str:
    """Everything that staddle keeps: logs, records and registries of the repository, files of the tree."""
    places = (repository.main / ".git/staddle", repository.tree(1) / ".staddle")
    return "".join(path.read_text(errors="replace") for place in places for path in place.rglob("*") if path.is_file())


def test_a_secret_is_in_nothing_that_is_printed_or_kept_of_an_agent(planned: Planned) -> None:
    shell = f'echo "I say $MY_TOKEN"; git commit -q --allow-empty -m "{MESSAGE}"'
    agents = {"script": {"command": {"shell": shell}}}
    check = {"run": {"shell": "echo checked $MY_TOKEN; exit 1"}}
    own = {"requirements": REQUIREMENTS, "checks": {"unit": check}}
    repository = planned(1, agents=agents, surroundings={"copy": [".env"]}, milestone=own)
    (repository.main / ".git/info/exclude").write_text(".env\n")
    (repository.main / ".env").write_text(f"MY_TOKEN={SECRET}\n")
    said = ""
    for argv, code in (("worktrees", 0), ("prompts", 0), ("agents", 0), ("verify", 1), ("status", 0)):
        done = repository.staddle(argv, code=code, MY_TOKEN=SECRET)
        said += done.stdout + done.stderr
    assert "checked ***" in said
    assert "I say ***" in kept(repository)
    assert SECRET not in said + kept(repository)
