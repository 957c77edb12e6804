"""Rendering: a notification in, a message out. The words live in `templates/`, the structure here."""

from alerts.rendering.renderer import Form, Renderer

__all__ = ["Form", "Renderer"]
