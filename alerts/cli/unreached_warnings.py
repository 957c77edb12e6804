"""Warnings of open commitments whose alerts reach nobody, or only the default recipients."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cli.app import App
from alerts.cli.output import note, warn
from alerts.core.owners import Owners
from alerts.core.short_lists import few
from alerts.core.tracked import Tracked
from alerts.views.unreached import WithoutRecipient, without_recipient, without_recipient_of_all


def warn_without_recipient(app: App, tracked: Iterable[Tracked], owners: Owners | None = None) -> None:
    """Warn of open commitments whose alerts reach nobody, or only `default_notify`."""
    _warn(without_recipient(app, tracked, owners or app.owners))


def warn_without_recipient_of_all(app: App, planned: Iterable[Tracked], owners: Owners) -> None:
    """Warn of open commitments whose alerts reach nobody: all that are stored, and the `planned` ones."""
    _warn(without_recipient_of_all(app, owners, planned))


def _warn(found: WithoutRecipient) -> None:
    for line in found.lines:
        warn(line)
    for names, keys in found.default.items():
        note(f"no rule matches {few(keys)}: alerts go to default_notify ({', '.join(names)})")
