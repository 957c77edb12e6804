"""What is deleted after each sweep, by the periods of `keep` in the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alerts.core.retention import Retention
from alerts.store.database import Database
from alerts.store.outbox.kept_messages import KeptMessages
from alerts.store.outbox.old_deliveries import OldDeliveries


def tidy(
    database: Database,
    now: datetime,
    kept: Retention,
    stop: Callable[[], bool] = lambda: False,
    *,
    real: datetime | None = None,
) -> None:
    """Compress and shorten old messages, and delete the deliveries of long ago: a few batches of each.

    `real` is the present, where `now` is not: a turn as of a later day deletes no delivery before its time.
    """
    KeptMessages(database).tidy(now, kept.messages, stop)
    OldDeliveries(database).delete(min(now, real or now), kept.ledger, stop)
