"""What a daemon leaves in the database to show that it is alive, read by health checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from alerts.clock import utc_now
from alerts.core.liveness import ALIVE, PASS, is_working
from alerts.store import Store


def nobody_serves(store: Store) -> bool:
    """Whether no daemon is up that would apply a change of the settings' zone or of the data by itself."""
    return not store.is_served() if store.database.sqlite else not is_alive(store, utc_now())


def is_alive(store: Store, now: datetime, host: str | None = None) -> bool:
    """Whether a daemon (of this host, if named) has lately planned, and looked at all its channels."""
    if not store.is_served():
        return False
    facts = store.ledger.facts().values()
    return is_working(((fact.name, fact.value, fact.at) for fact in facts), now, host)


def outages(store: Store, now: datetime) -> dict[str, str]:
    """Channels of which a process that is up says that nothing gets through, and why."""
    return {name: status["out"] for name, status in _statuses(store, now) if status["out"]}


def slowed_channels(store: Store, now: datetime) -> dict[str, str]:
    """Return the channels that a running process has slowed because of a limit of their server: the pace, and why."""
    return {name: status["slowed"] for name, status in _statuses(store, now) if status.get("slowed")}


def _statuses(store: Store, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    for fact in store.ledger.facts().values():
        if fact.name.startswith(PASS) and now - fact.at <= ALIVE:
            yield from json.loads(fact.value).items()
