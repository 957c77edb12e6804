"""Rendering: a notification in, a message out. The words live in `templates/`, the structure here."""

from alerts.core.messages import Medium
from alerts.rendering.renderer import Renderer

__all__ = ["Medium", "Renderer"]
