"""An audit as a page of HTML to print and to file: it loads nothing, and says what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts import shipped


def audit_document(values: Mapping[str, Any]) -> str:
    """Return the page. `values`: as the template `web/audit.html` states at its top."""
    environment = Environment(
        loader=FileSystemLoader(shipped.folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("web/audit.html").render(values)
