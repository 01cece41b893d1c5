import pytest

from app.control_plane import ControlPlane, Venture, routes
from app.errors import Conflict, NotFound
from app.web import answer


@pytest.fixture
def plane() -> ControlPlane:
    plane = ControlPlane()
    plane.create_venture("acme", "ada")
    return plane


def test_a_venture_is_found_by_name(plane: ControlPlane) -> None:
    assert plane.venture("acme") == Venture("acme", "ada")


def test_a_name_is_taken_once(plane: ControlPlane) -> None:
    with pytest.raises(Conflict):
        plane.create_venture("acme", "bob")


def test_an_unknown_venture_is_not_found(plane: ControlPlane) -> None:
    with pytest.raises(NotFound):
        plane.venture("globex")


def test_workflow_creation(plane: ControlPlane) -> None:
    """FR-VNT-CTRL-001: a venture's workflow is created and can be read back; an unknown venture has none."""
    table = routes(plane)
    status, workflow = answer(table, "POST", "/workflows", {"venture": "acme", "kind": "spend"})
    assert status == 201
    assert workflow == {"workflow_id": "wf-1", "venture": "acme", "kind": "spend", "state": "pending"}
    assert answer(table, "GET", "/workflows/wf-1", {}) == (200, workflow)
    assert answer(table, "POST", "/workflows", {"venture": "globex", "kind": "spend"})[0] == 404
