"""Channels and recipients that no live process has any more, while deliveries wait for them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, not_, or_, select

from alerts.core.liveness import ALIVE, PASS
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.outbox.claim import Outbox
from alerts.store.outbox.reach import ServedRecipients, is_served
from alerts.store.rows import insert_new

GONE = timedelta(hours=1)  # longer than a restart or a rename takes
_D, _M = delivery_tables.deliveries.c, delivery_tables.missing_recipients.c

Destination = tuple[str, str]  # channel and recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class UnservedDeliveries:
    """How many deliveries wait for a recipient that no live process serves. `channel_gone`: none has the channel."""

    channel: str
    recipient: str
    since: datetime
    count: int
    channel_gone: bool

    @property
    def text(self) -> str:
        """Return a sentence about what is missing."""
        return _text(self.channel, self.recipient, channel_gone=self.channel_gone)


class UnservedRecipients:
    """What no live process has, of the channels and recipients of a database's open deliveries."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    def update(self, own: Mapping[str, ServedRecipients], now: datetime) -> None:
        """Record what neither this process (`own`: by channel) nor another live one has, and forget what came back.

        What has been missing for an hour is gone: what waits for it goes to the fallback, and is dead after its time.
        """
        with self._database.read() as connection:
            served = _served(connection, own, now)
            lost = {(row.channel, row.recipient) for row in connection.execute(_lost(served))}
            known = _known(connection)
        ahead = {
            destination for destination, since in known.items() if since > now
        }  # of a clock that has been put back since
        if back := (known.keys() - lost) | ahead:
            with self._database.write() as connection:
                for channel, recipient in sorted(back):
                    mine = (_M.channel == channel, _M.recipient == recipient)
                    connection.execute(delete(delivery_tables.missing_recipients).where(*mine))
        if fresh := lost - (known.keys() - ahead):
            rows = [{"channel": channel, "recipient": recipient, "since": now} for channel, recipient in sorted(fresh)]
            with self._database.write() as connection:
                connection.execute(insert_new(connection, delivery_tables.missing_recipients), rows)
        for channel, recipient in sorted(lost - fresh):
            if known[channel, recipient] <= now - GONE:
                text = _text(channel, recipient, channel_gone=channel not in served)
                self._outbox.note_gone(channel, recipient, text, now)

    def waiting(self, now: datetime) -> list[UnservedDeliveries]:
        """What has been missing for more than five minutes, and how many deliveries wait for each."""
        with self._database.read() as connection:
            known = {destination: since for destination, since in _known(connection).items() if since <= now - ALIVE}
            if not known:
                return []
            served = _served(connection, {}, now)
            query = select(_D.channel, _D.recipient, func.count().label("deliveries")).where(delivery_tables.OPEN)
            counts = connection.execute(query.group_by(_D.channel, _D.recipient)).all()
        return [
            UnservedDeliveries(
                channel=row.channel,
                recipient=row.recipient,
                since=known[row.channel, row.recipient],
                count=row.deliveries,
                channel_gone=row.channel not in served,
            )
            for row in counts
            if (row.channel, row.recipient) in known
        ]


def _text(channel: str, recipient: str, *, channel_gone: bool) -> str:
    if channel_gone or not recipient:
        return f"no running process has channel {channel}"
    return f"no running process sends to {recipient} through {channel}"


def _known(connection: Connection) -> dict[Destination, datetime]:
    rows = connection.execute(select(delivery_tables.missing_recipients)).mappings()
    return {(row["channel"], row["recipient"]): row["since"] for row in rows}


def _served(
    connection: Connection, own: Mapping[str, ServedRecipients], now: datetime
) -> dict[str, list[ServedRecipients]]:
    """Return the recipients that this and other live processes serve, by channel."""
    found = defaultdict(list, {name: [served] for name, served in own.items()})
    meta = tables.meta.c
    statuses = connection.execute(select(meta.value, meta.at).where(meta.name.startswith(PASS)))
    for value, at in statuses.tuples():
        for name, status in json.loads(value).items() if abs(now - at) <= ALIVE else ():
            found[name].append(ServedRecipients.from_json(status))
    return dict(found)


def _lost(served: Mapping[str, list[ServedRecipients]]) -> Any:
    """Return the query for channels and recipients of open deliveries that no process serves."""
    had = [
        and_(_D.channel == name, or_(*(is_served(one.recipients, owners=one.owners) for one in some)))
        for name, some in served.items()
    ]
    query = select(_D.channel, _D.recipient).where(delivery_tables.OPEN).distinct()
    return query.where(not_(or_(*had))) if had else query
