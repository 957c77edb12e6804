"""The database of a configuration that is broken: a bad edit must not keep anybody from asking how things are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alerts.deadlines.errors import InputError
from alerts.settings.environment_overrides import override
from alerts.settings.value_references import References
from alerts.shipped import DATABASE
from alerts.strict_yaml.yaml_events import read

BLOCK = re.compile(r"^database[ \t]*:.*\n?(?:[ \t#].*\n?|\n)*", re.MULTILINE)


def rescued_database(folder: Path, database: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the address of the database, read by itself from files that cannot be read whole; None where it cannot."""
    if database or environ.get("ALERTS_DATABASE"):
        return database or environ["ALERTS_DATABASE"]
    try:
        stated: dict[str, Any] = {}
        override(stated, environ)
        if "database" in stated:
            return _resolved(stated["database"], References(dict(environ), folder))
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("[!.]*.yaml"))]
        blocks = [found[0] for text in texts for found in BLOCK.finditer(text)]
        if not blocks:
            return DATABASE
        return _stated(blocks[0], References(dict(environ), folder)) if len(blocks) == 1 else None
    except (OSError, UnicodeDecodeError, InputError):
        return None


def _stated(block: str, references: References) -> str | None:
    with TemporaryDirectory() as own:
        path = Path(own) / "database.yaml"
        path.write_text(block, encoding="utf-8")
        stated = read(path)[0].get("database")
    return _resolved(stated, references)


def _resolved(stated: object, references: References) -> str | None:
    errors: list[str] = []
    found = references.resolve(stated, lambda _: "", ("database",), errors)
    return found if isinstance(found, str) and not errors else None
