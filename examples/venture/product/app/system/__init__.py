"""System: all services, wired together."""

from .wiring import System, opened, routes

__all__ = ["System", "opened", "routes"]
