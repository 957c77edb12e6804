"""Warnings of open commitments whose alerts reach nobody, or only the default recipients."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cli.app import App
from alerts.cli.output import note, warn
from alerts.core.owners import Owners
from alerts.core.short_lists import few
from alerts.core.tracked import Tracked
from alerts.views.unreached import without_recipient


def warn_without_recipient(app: App, tracked: Iterable[Tracked], owners: Owners | None = None) -> None:
    """Warn of open commitments whose alerts reach nobody, or only `default_notify`."""
    found = without_recipient(app, tracked, owners or app.owners)
    for line in found.lines:
        warn(line)
    for names, keys in found.default.items():
        note(f"no rule matches {few(keys)}: alerts go to default_notify ({', '.join(names)})")
