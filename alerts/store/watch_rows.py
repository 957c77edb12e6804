"""Watches as rows: their columns, and how one is found by its key."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam

from alerts.core.schedule.watches import Watch
from alerts.store import planning_tables

_W = planning_tables.watches.c
KEY = ("rule", "commitment_id", "occurrence")
WATCH = (*KEY, "since", "next_at", "cursor", "latest_moment", "fingerprint", "revision", "changed")
VALUES = tuple(name for name in WATCH if name not in KEY)
COLUMNS = tuple(_W[name] for name in WATCH)
BY_KEY = tuple(_W[name] == bindparam(f"_{name}") for name in KEY)  # with parameters of `key_parameters`

# Whoever changes more than one watch locks them first, by one statement in this order: no two wait for each other then.
# Who also needs commitments locks these before, never after.
LOCK_ORDER = (_W.commitment_id, _W.rule, _W.occurrence)


def watch_row(watch: Watch) -> dict[str, Any]:
    """Return a watch as a row."""
    return {name: getattr(watch, name) for name in WATCH}


# Returns a watch, or a row of COLUMNS, as a tuple in the order of WATCH: it is compared in a tenth of the time.
values = attrgetter(*WATCH)


def key_parameters(watch: Any) -> dict[str, Any]:
    """Return the parameters of BY_KEY for a watch, or for a row with its key."""
    return {f"_{name}": getattr(watch, name) for name in KEY}
