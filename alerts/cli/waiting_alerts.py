"""What goes out as soon as sending is no longer held."""

from __future__ import annotations

from datetime import datetime

from alerts.cli.app import App
from alerts.core.schedule.moments import ONE_SECOND
from alerts.forecasting import forecast

WAITING = ("pending", "retry", "leased")


def waiting_text(app: App, now: datetime) -> str:
    """Return how many deliveries wait, and how many alerts are due and not planned yet."""
    counts = app.store.ledger.counts()
    waiting = sum(counts.get(state, 0) for state in WAITING)
    due = len(forecast(app.store, app.rules, now, now + ONE_SECOND, owners=app.owners))
    deliveries = "1 delivery waits" if waiting == 1 else f"{waiting:,} deliveries wait"
    return f"{deliveries}, {'1 alert is' if due == 1 else f'{due:,} alerts are'} due"
