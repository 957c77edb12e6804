"""What went through each channel, and what waits for it: as the page of channels shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from alerts.store import delivery_tables
from alerts.store.database import Database
from alerts.store.outbox.due_deliveries import due_since

_A, _D = delivery_tables.attempts.c, delivery_tables.deliveries.c
LATEST = 1000  # messages that were sent: to look for the last of each channel among all would read all


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTraffic:
    """`sent_at`: when it last took one of the latest messages. `waiting`: how many; `oldest`: since when the first."""

    sent_at: datetime | None = None
    waiting: int = 0
    oldest: datetime | None = None
    failed: int = 0


def channel_traffic(database: Database, names: Iterable[str]) -> dict[str, ChannelTraffic]:
    """Return the traffic of channels, by name."""
    went_out = select(_D.id, _D.channel).where(_D.state.in_(("sent", "bounced"))).order_by(_D.created_at.desc())
    some = went_out.limit(LATEST).subquery().c
    sent = select(some.channel, func.max(_A.ended_at, type_=_A.ended_at.type)).join_from(
        some.id.table, delivery_tables.attempts, _A.delivery_id == some.id
    )
    sent = sent.where(_A.outcome == "sent").group_by(some.channel)
    open_ = select(_D.channel, func.count(), func.min(due_since, type_=_D.created_at.type))
    dead = select(_D.channel, func.count()).where(delivery_tables.DEAD)
    with database.read() as connection:
        sent_at = dict(connection.execute(sent).tuples().all())
        waiting = {
            channel: (count, oldest)
            for channel, count, oldest in connection.execute(
                open_.where(delivery_tables.OPEN).group_by(_D.channel)
            ).tuples()
        }
        failed = dict(connection.execute(dead.group_by(_D.channel)).tuples().all())
    found = {}
    for name in names:
        count, oldest = waiting.get(name, (0, None))
        found[name] = ChannelTraffic(
            sent_at=sent_at.get(name), waiting=count, oldest=oldest, failed=failed.get(name, 0)
        )
    return found
