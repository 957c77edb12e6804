"""The pages of the HTTP server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jinja2 import TemplateError

from alerts.rendering.template_environment import sandbox


class WebPages:
    """Renders pages from the templates in `web/`. The last folder holds the shipped ones."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._environment = sandbox(folders, autoescape=True)

    def compile(self) -> None:
        """Compile all pages: threads that did so at once, with their first requests, would each need its memory.

        A template that is broken fails where it is rendered.
        """
        for name in self._environment.list_templates(filter_func=_is_of_pages):
            with suppress(TemplateError):
                self._environment.get_template(name)

    def source(self, name: str) -> str:
        """Return a style sheet or a picture of the pages, as it is served."""
        assert self._environment.loader is not None
        return self._environment.loader.get_source(self._environment, f"web/{name}")[0]

    def render(self, name: str, **values: object) -> str:
        """Return a page as HTML. `name` is that of the template, without its folder and ending."""
        return self._environment.get_template(f"web/{name}.html").render(values)


def _is_of_pages(name: str) -> bool:
    return name == "phrases.jinja" or (name.startswith("web/") and name.endswith(".html"))
