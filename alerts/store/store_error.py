"""The error of a database that cannot be used."""

from __future__ import annotations

from alerts.deadlines.errors import InputError


class StoreError(InputError):
    """The database cannot be used; the text gives the problem and what to do."""


class DamagedError(StoreError):
    """The file of the database is damaged, which no waiting mends."""


class OverError(InputError):
    """What somebody wants to end is over, or was never recorded."""
