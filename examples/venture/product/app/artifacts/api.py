"""The artifact compiler over HTTP."""

from ..web import Body, Reply, Routes, required
from .compiler import compile_artifact
from .store import ArtifactStore


def routes(store: ArtifactStore) -> Routes:
    """POST /artifacts, GET /artifacts/<digest>."""

    def create(_name: str, body: Body) -> Reply:
        artifact = compile_artifact(required(body, "manifest", dict), required(body, "parts", dict))
        store.put(artifact)
        return 201, {"digest": artifact.digest}

    def artifact(digest: str, _body: Body) -> Reply:
        return 200, {"digest": digest, "content": store.get(digest).content.decode()}

    return {("POST", "/artifacts"): create, ("GET", "/artifacts/*"): artifact}
