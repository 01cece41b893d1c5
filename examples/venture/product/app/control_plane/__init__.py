"""Control plane: the ventures under management and the door to the rest."""

from .api import routes
from .service import ControlPlane, Venture

__all__ = ["ControlPlane", "Venture", "routes"]
