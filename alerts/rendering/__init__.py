"""Rendering: a notification in, a message out. `templates/` has the texts, this package the structure."""

from alerts.core.messages import Medium
from alerts.rendering.renderer import Renderer

__all__ = ["Medium", "Renderer"]
