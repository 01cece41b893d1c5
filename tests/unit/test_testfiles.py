"""Test files: what adding to one leaves as it was, and what takes something away from it."""

import pytest

from staddle.core.testfiles import altered_names, beside, is_of, is_test_file, report_name

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


@pytest.mark.parametrize("path", ["tests/test_x.py", "x_test.py"])
def test_a_version_beside_the_others_is_a_test_file_too(path: str) -> None:
    assert is_test_file(beside(path, 2))
    assert beside(path, 2) != path
