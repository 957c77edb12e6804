"""What a daemon leaves in the database to show that it is alive, read by health checks."""

from __future__ import annotations

import json
from datetime import datetime

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
    facts = [fact for fact in store.ledger.facts().values() if fact.name.startswith(PASS) and now - fact.at <= ALIVE]
    statuses = [(name, status) for fact in facts for name, status in json.loads(fact.value).items()]
    return {name: status["out"] for name, status in statuses if status["out"]}
