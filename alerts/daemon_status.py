"""What a daemon leaves in the database to show that it is alive, read by health checks."""

from __future__ import annotations

import json
from datetime import datetime

from alerts.clock import utc_now
from alerts.core.registration import ALIVE
from alerts.store import Store

PASS = "pass:"  # noqa: S105  # the prefix of a sign of life


def nobody_serves(store: Store) -> bool:
    """Whether no daemon is up that would apply a change of the settings' zone or of the data by itself."""
    return not store.is_served() if store.database.sqlite else not is_alive(store, utc_now())


def is_alive(store: Store, now: datetime, host: str | None = None) -> bool:
    """Whether a daemon (of this host, if named) has lately planned, and looked at all its channels."""
    if not store.is_served():
        return False
    for fact in store.ledger.facts().values():
        if not fact.name.startswith(PASS + (f"{host}:" if host else "")) or abs(now - fact.at) > ALIVE:
            continue  # in the future, too: the clock has been put back since
        workers = [datetime.fromisoformat(status["seen_at"]) for status in json.loads(fact.value).values()]
        if all(fact.at - at <= ALIVE for at in workers):
            return True
    return False


def outages(store: Store, now: datetime) -> dict[str, str]:
    """Channels of which a process that is up says that nothing gets through, and why."""
    facts = [fact for fact in store.ledger.facts().values() if fact.name.startswith(PASS) and now - fact.at <= ALIVE]
    statuses = [(name, status) for fact in facts for name, status in json.loads(fact.value).items()]
    return {name: status["out"] for name, status in statuses if status["out"]}
