"""Test files: what adding to one leaves as it was, and what takes something away from it."""

import pytest

from staddle.core.testfiles import (
    altered_names,
    is_of,
    is_settings,
    pytest_settings,
    report_name,
    supports_tests,
    takes_over,
)

OLD = """import app

LIMIT = 3


class TestApp:
    def test_in(self):
        assert app.f(LIMIT)


def test_one():
    assert app.f(1) == 1
"""


@pytest.mark.parametrize(
    ("new", "altered"),
    [
        (OLD, ()),
        ("import os\n" + OLD + "\ndef test_two():\n    assert True\n", ()),
        (OLD.replace("== 1", ">= 1"), ("test_one",)),
        (OLD.replace("LIMIT = 3", "LIMIT = 0"), ("LIMIT",)),
        (OLD.replace("    def test_in", "    @skip\n    def test_in"), ("TestApp::test_in",)),
        (OLD + "\ndef test_one():\n    pass\n", ("test_one",)),
        (OLD + "\npytestmark = skip\n", ("pytestmark",)),
        (OLD.replace("import app", "import mock as app"), ("app",)),
        (OLD[: OLD.index("def test_one")], ("test_one",)),
        ("def (", ("all of it",)),
    ],
)
def test_what_a_test_file_no_longer_holds_as_it_was_is_named(new: str, altered: tuple[str, ...]) -> None:
    assert altered_names(OLD, new) == altered


def test_names_of_tests_in_reports_lead_back_to_their_file() -> None:
    assert report_name("tests/unit/test_x.py::TestY::test_z") == "tests.unit.test_x.TestY::test_z"
    assert is_of("tests.test_x.TestY::test_z", "tests/test_x.py")
    assert is_of("tests.test_x", "tests/test_x.py")
    assert not is_of("tests.test_x__b2::test_z", "tests/test_x.py")


@pytest.mark.parametrize(
    "path",
    [
        *("conftest.py", "tests/unit/conftest.py", "pytest.ini", "sitecustomize.py", "lib/usercustomize.py", "x.pth"),
        *("pytest.py", "_pytest/__init__.py", "src/pluggy.py", "json.py", "tests/json/__init__.py"),
        *("json.cpython-311-x86_64-linux-gnu.so", "src/pytest/__init__.py"),
    ],
)
def test_what_decides_by_itself_how_tests_go_is_known_by_its_name(path: str) -> None:
    assert takes_over(path)


@pytest.mark.parametrize(
    "path",
    ["app.py", "app/json.py", "src/app/types.py", "test/__init__.py", "tests/helpers.py", "code/main.py", "json"],
)
def test_files_that_shadow_nothing_are_left_alone(path: str) -> None:
    assert not takes_over(path)


def test_what_tests_stand_on_is_what_else_is_in_their_folders() -> None:
    assert supports_tests("tests/golden.txt") and supports_tests("app/tests/data/one.json")
    assert not supports_tests("tests/test_x.py") and not supports_tests("tests.txt")


@pytest.mark.parametrize(
    ("path", "old", "new", "same"),
    [
        ("pyproject.toml", "[project]\nname = 'x'\n", "[project]\nname = 'y'\n", True),
        ("pyproject.toml", "", "[tool.pytest.ini_options]\naddopts = '-k one'\n", False),
        ("pyproject.toml", "", "[project.entry-points.pytest11]\nx = 'x'\n", False),
        ("pyproject.toml", "", "[", False),
        ("setup.cfg", "[flake8]\nx = 1\n", "[flake8]\nx = 2\n", True),
        ("setup.cfg", "", "[tool:pytest]\naddopts = -k one\n", False),
        ("tox.ini", "[tox]\n", "[tox]\n[pytest]\naddopts = -k one\n", False),
    ],
)
def test_of_settings_only_what_pytest_reads_counts(path: str, old: str, new: str, same: bool) -> None:
    assert is_settings(path)
    assert (pytest_settings(path, old) == pytest_settings(path, new)) is same
