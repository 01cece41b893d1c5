"""Policy: versioned bundles of rules and the engine that applies the current one."""

from .api import routes
from .bundle import Bundle, Role, parse_bundle
from .engine import Action, PolicyDenied, PolicyEngine

__all__ = ["Action", "Bundle", "PolicyDenied", "PolicyEngine", "Role", "parse_bundle", "routes"]
