import hashlib
import sqlite3

import pytest

from app.artifacts import ArtifactStore, compile_artifact
from app.errors import DomainError, NotFound


def test_an_artifact_is_known_by_the_digest_of_its_bytes() -> None:
    artifact = compile_artifact({"title": "plan"}, {"intro": "Hello"})
    assert artifact.digest == hashlib.sha256(artifact.content).hexdigest()


def test_other_inputs_compile_to_another_digest() -> None:
    assert compile_artifact({}, {"a": "1"}).digest != compile_artifact({}, {"a": "2"}).digest


def test_a_listed_part_must_be_there() -> None:
    with pytest.raises(DomainError, match="annex"):
        compile_artifact({"parts": ["intro", "annex"]}, {"intro": "Hello"})


def test_an_artifact_is_kept(database: sqlite3.Connection) -> None:
    store, artifact = ArtifactStore(database), compile_artifact({}, {"a": "1"})
    store.put(artifact)
    store.put(artifact)
    assert store.get(artifact.digest) == artifact


def test_an_unknown_digest_is_not_found(database: sqlite3.Connection) -> None:
    with pytest.raises(NotFound):
        ArtifactStore(database).get("0" * 64)


def test_same_inputs_compile_to_same_bytes() -> None:
    """FR-VNT-ARTIF-001: the order in which inputs arrive leaves no trace in the artifact."""
    one = compile_artifact({"title": "plan", "by": "ada"}, {"intro": "Hello", "annex": "Æ"})
    two = compile_artifact({"by": "ada", "title": "plan"}, {"annex": "Æ", "intro": "Hello"})
    assert one.content == two.content
    assert one.digest == two.digest
