"""What a change does to tests: added, removed, muted, loosened, changed."""

import pytest

from staddle.core.testchanges import compare_tests

OLD = """
class TestSum:
    def test_it(self):
        assert total([1, 2]) == 3
        with pytest.raises(TypeError):
            total(None)
"""
NAME = ("TestSum::test_it",)


@pytest.mark.parametrize(
    ("was", "now", "field"),
    [
        ("def test_it", "def test_that", "removed"),
        ("    def test_it", "    @pytest.mark.skip\n    def test_it", "muted"),
        ("        assert total([1, 2]) == 3\n", "", "loosened"),
        ("pytest.raises(TypeError)", "suppress(TypeError)", "loosened"),
        ("== 3", "== 4", "changed"),
        ("TypeError):", "Exception):", "changed"),
    ],
)
def test_a_test_that_proves_less_is_named(was: str, now: str, field: str) -> None:
    changes = compare_tests([(OLD, OLD.replace(was, now))])._asdict()
    assert {name: found for name, found in changes.items() if found and name != "added"} == {field: NAME}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("== 3", '== 3, "one and two are three"'),
        (
            "assert total([1, 2]) == 3",
            "assert total(\n            [1, 2]\n        ) == 3\n        assert total([]) == 0",
        ),
        ("total(None)", "total(object())"),
    ],
)
def test_a_test_that_proves_as_much_or_more_is_no_change(was: str, now: str) -> None:
    assert not any(compare_tests([(OLD, OLD.replace(was, now))]))


def test_a_stub_that_is_filled_in_and_a_test_that_is_let_loose_are_no_change() -> None:
    stub = "@pytest.mark.xfail\ndef test_it():\n    pass\n"
    assert not any(compare_tests([(stub, "def test_it():\n    assert total([1]) == 1\n")]))


def test_a_test_that_merely_moved_is_no_change() -> None:
    assert not any(compare_tests([(OLD, ""), ("", OLD)]))
