"""The error of a database that cannot be used."""

from __future__ import annotations

from alerts.deadlines.errors import InputError


class StoreError(InputError):
    """The database cannot be used as it is; the text says what is wrong and what would be right."""
