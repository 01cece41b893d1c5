"""The control plane over HTTP."""

from dataclasses import asdict

from ..web import Body, Reply, Routes, required
from .service import ControlPlane


def routes(plane: ControlPlane) -> Routes:
    """GET /health, POST /ventures, GET /ventures/<name>."""

    def health(_name: str, _body: Body) -> Reply:
        return 200, {"status": "ok"}

    def create_venture(_name: str, body: Body) -> Reply:
        return 201, asdict(plane.create_venture(required(body, "name", str), required(body, "owner", str)))

    def venture(name: str, _body: Body) -> Reply:
        return 200, asdict(plane.venture(name))

    return {
        ("GET", "/health"): health,
        ("POST", "/ventures"): create_venture,
        ("GET", "/ventures/*"): venture,
    }
