"""Rendering: a notification in, a message out. The words live in `templates/`, the structure here."""

from alerts.rendering.renderer import Medium, Renderer

__all__ = ["Medium", "Renderer"]
