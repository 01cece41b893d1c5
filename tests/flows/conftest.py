"""What several tests of the verbs begin with."""

import pytest

from tests.kit import Repository

from .running import work


@pytest.fixture
def run42(repository: Repository) -> Repository:
    """A run of three candidates, each with a commit of its own to the same file."""
    repository.staddle("spawn", "run42", "3")
    for number in (1, 2, 3):
        work(repository, number, "README.md", f"candidate {number}\n")
    return repository
