import pytest

from app.compliance import CaseBook, State, WrongState
from app.errors import DomainError, NotFound


@pytest.fixture
def book() -> CaseBook:
    book = CaseBook()
    book.open("payee without address")
    return book


def test_a_new_case_is_open(book: CaseBook) -> None:
    assert book.case("case-1").state == State.OPEN


def test_a_case_in_review_may_be_sent_back(book: CaseBook) -> None:
    book.move("case-1", State.REVIEW)
    assert book.move("case-1", State.OPEN).state == State.OPEN


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSED])
def test_an_open_case_goes_to_review_and_nowhere_else(book: CaseBook, state: State) -> None:
    with pytest.raises(WrongState):
        book.move("case-1", state, "address was found")


def test_an_unknown_case_is_not_found(book: CaseBook) -> None:
    with pytest.raises(NotFound):
        book.case("case-2")


def test_case_closes_only_with_resolution(book: CaseBook) -> None:
    """FR-VNT-COMPL-001: closing a case takes a resolution; without one it stays in review."""
    book.move("case-1", State.REVIEW)
    for resolution in ("", "  "):
        with pytest.raises(DomainError, match="resolution"):
            book.move("case-1", State.CLOSED, resolution)
    assert book.case("case-1").state == State.REVIEW
    assert book.move("case-1", State.CLOSED, "address was found").resolution == "address was found"
