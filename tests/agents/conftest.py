"""What the tests of real agents stand on: the sample product, a model beside it, and no way out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.kit import Repository

from .clients import CLIENTS, Client, surroundings
from .stub_model import STAND_IN, Script, StubModel

ROOT = Path(__file__).resolve().parents[2]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
REFUSING = "http://127.0.0.1:9"
"""A proxy at which nobody listens: nothing is sent anywhere."""
ENVIRONMENT = ["mkdir -p .venv", f"ln -s {sys.prefix}/bin {sys.prefix}/lib {sys.prefix}/pyvenv.cfg .venv"]
"""Set-up commands that give a tree this very environment."""
Product = Callable[..., Repository]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample product's origin, built with a stand-in for uv that writes an empty lock file."""
    top = tmp_path_factory.mktemp("sample")
    uv = top / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\necho version = 1 > uv.lock\n")
    uv.chmod(0o755)
    env = os.environ | {"PATH": f"{uv.parent}:{os.environ['PATH']}"}
    subprocess.run([sys.executable, ROOT / "examples/venture/build.py", "demo"], cwd=top, env=env, check=True)
    return top / "demo" / "origin.git"


@pytest.fixture
def product(built: Path, tmp_path: Path) -> Product:
    """The sample product with this project's plan; trees use this environment; `limit` is the agents', in seconds."""

    def make(limit: int = 120, **keys: object) -> Repository:
        shutil.copytree(built, tmp_path / "origin.git")
        main = tmp_path / "parpour"
        subprocess.run(["git", "clone", "--quiet", tmp_path / "origin.git", main], check=True)
        text = (ROOT / "milestones.yaml").read_text().replace("--cov-report=html", "").replace(" --cov=", " --ignore=")
        agents = {name: client.agent | {"limit": limit} for name, client in CLIENTS.items()}
        plan = yaml.safe_load(text) | {"repo": ".", "setup": ENVIRONMENT, "agents": agents}
        del plan["agent"]
        (main / "milestones.yaml").write_text(yaml.safe_dump(plan | keys))
        repository = Repository(main)
        for name, value in (("user.name", "Dev"), ("user.email", "dev@venture.invalid")):
            repository.git("config", name, value)  # gemini hides the home's from its tools
        return repository

    return make


@pytest.fixture
def play(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., StubModel]]:
    """Starts a model with a script, and leads every agent program that is started from now on to it."""
    models = []

    def start(script: Script = STAND_IN, scripts: Mapping[str, Script] | None = None) -> StubModel:
        models.append(model := StubModel(script, scripts).__enter__())
        for name, value in (surroundings(model.url, sealed) | dict.fromkeys(PROXIES, REFUSING)).items():
            monkeypatch.setenv(name, value)
        return model

    yield start
    for model in models:
        model.__exit__(None, None, None)


@pytest.fixture(params=[pytest.param(client, id=name) for name, client in CLIENTS.items()])
def client(request: pytest.FixtureRequest) -> Client:
    """Each agent program; skipped where it is not installed."""
    found: Client = request.param
    if not found.found:
        pytest.skip(f"{found.name} is not installed; nox -s agents-real -- {found.name}")
    return found


@pytest.fixture
def copilot() -> Client:
    """The one with which is tried what does not depend on the program."""
    if not CLIENTS["copilot"].found:
        pytest.skip("copilot is not installed; nox -s agents-real")
    return CLIENTS["copilot"]
