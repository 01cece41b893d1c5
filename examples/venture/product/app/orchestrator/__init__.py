"""Orchestrator: workflows of steps, each step one event."""

from .api import routes
from .runner import Orchestrator
from .workflow import Step, Workflow

__all__ = ["Orchestrator", "Step", "Workflow", "routes"]
