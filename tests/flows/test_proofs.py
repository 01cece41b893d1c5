"""Proofs, drilled: what a check imported and what it was told, against environments that would lead it astray."""

import subprocess
import venv
from pathlib import Path

import pytest

from tests.flows.proving import GREEN, SUITE, Product, product, verify, words
from tests.kit import Repository

__all__ = ["product"]


def linked(repository: Repository, *places: Path) -> None:
    """Give m1's tree an environment that finds code at these places, as an editable install does."""
    folder = repository.tree(1) / ".venv"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "places.pth").write_text("\n".join(map(str, (*places, Path(pytest.__file__).parents[1]))))


def broken_in_its_tree(product: Product, **keys: object) -> Repository:
    """A product whose code is right in the main checkout, and wrong in m1's tree."""
    run = ["python", "-m", "pytest", "-q", "tests"]
    repository = product.make("import thing\ndef test_it(): assert thing.RIGHT\n", keys=keys, run=run)
    repository.commit(repository.main, "src/thing/__init__.py", "RIGHT = True\n", "feat: thing")
    repository.commit(repository.tree(1), "src/thing/__init__.py", "RIGHT = False\n", "feat: wrong thing")
    linked(repository)
    return repository


def test_an_environment_that_points_at_another_checkout_is_named_and_is_no_pass(product: Product) -> None:
    repository = broken_in_its_tree(product)
    linked(repository, repository.main / "src")
    python = repository.tree(1) / ".venv" / "bin" / "python"
    assert (
        subprocess.run([python, *SUITE[1:]], cwd=repository.tree(1), capture_output=True, check=False).returncode == 0
    )
    (judged,) = verify(repository, code=1)
    assert judged["verdict"] == "error"
    assert f"thing was imported from {repository.main}/src/thing/__init__.py" in judged["reason"]


def test_an_environment_that_points_at_the_tree_itself_shows_what_is_wrong_there(product: Product) -> None:
    repository = broken_in_its_tree(product)
    linked(repository, repository.tree(1) / "src")
    assert words(verify(repository, code=1)) == ["fail"]


def test_a_plans_own_path_counts_and_is_proven_as_well(product: Product, tmp_path: Path) -> None:
    place = tmp_path / "parpour" / "src"
    repository = broken_in_its_tree(product, surroundings={"env": {"PYTHONPATH": str(place)}})
    assert f"thing was imported from {place}" in verify(repository, code=1)[0]["reason"]


def test_the_callers_path_leads_no_check_astray(product: Product) -> None:
    repository = broken_in_its_tree(product)
    (judged,) = verify(repository, code=1, PYTHONPATH=str(repository.main / "src"))
    assert (judged["verdict"], judged["failed"]) == ("fail", ["tests.test_new"])


def test_a_folder_named_like_a_library_is_not_taken_for_one(product: Product) -> None:
    repository = product.make(GREEN)
    repository.commit(repository.tree(1), "packaging/debian.txt", "not Python\n", "chore: packaging")
    repository.commit(repository.tree(1), "json/data.py", "", "chore: a name of the standard library")
    assert words(verify(repository)) == ["pass"]


def test_a_plans_pytest_options_hold_and_the_projects_own_are_understood(product: Product) -> None:
    options = {"env": {"PYTEST_ADDOPTS": "-k second"}}
    repository = product.make("def test_first(): assert 0\ndef test_second(): pass\n", keys={"surroundings": options})
    settings = "[pytest]\naddopts = --strict-config --failed-first\ncache_dir = .cache\n"
    repository.commit(repository.tree(1), "pytest.ini", settings, "chore: pytest")
    assert words(verify(repository)) == ["pass"]


def test_a_module_that_will_not_be_looked_at_breaks_no_proof(product: Product) -> None:
    lazy = (
        "import sys, types\nclass Lazy(types.ModuleType):\n    def __getattr__(self, name): raise ImportError(name)\n"
    )
    repository = product.make(f"{lazy}sys.modules['lazy'] = Lazy('lazy')\nsys.modules['none'] = None\n{GREEN}")
    assert words(verify(repository)) == ["pass"]
