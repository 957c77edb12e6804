"""The error of a database that cannot be used."""

from __future__ import annotations

from alerts.deadlines.errors import InputError


class StoreError(InputError):
    """The database cannot be used; the text gives the problem and what to do."""
