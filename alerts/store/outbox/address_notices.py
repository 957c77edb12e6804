"""The mail to the old address of somebody whose address was changed: an attacker who has changed it is seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from alerts.core.delivery_failures import ChangedAddress, Notice, notice_id
from alerts.store import delivery_tables, tables
from alerts.store.changed_addresses import CHANGED
from alerts.store.database import Database
from alerts.store.new_deliveries import new_delivery
from alerts.store.rows import insert_new

_M = tables.meta.c
_ASKED = _M.name.startswith(CHANGED, autoescape=True)


def report_changed_addresses(
    database: Database, mailing: tuple[str, Sequence[str]] | None, now: datetime
) -> list[ChangedAddress]:
    """Store a delivery to each old address, and return what has changed.

    `mailing`: the channel that mails people, and its own recipients; without one there are no deliveries. The requests
    are deleted in the same transaction, so only one process stores a delivery.
    """
    with database.read() as connection:
        if connection.execute(select(_M.name).where(_ASKED).limit(1)).first() is None:
            return []
    with database.write() as connection:
        asked = delete(tables.meta).where(_ASKED).returning(_M.value)
        found = [ChangedAddress.from_json(json.loads(one)) for one in connection.execute(asked).scalars()]
        if mailing is None:
            return found
        channel, named = mailing
        rows = []
        for one in found:
            recipient = next((own for own in named if own.lower() == one.old.lower()), one.old)
            delivery = new_delivery(notice_id(channel, recipient, (), changed=one), channel, recipient, now)
            notice = Notice(failures=(), changed_address=one).to_json()
            # Nobody has the address any more. The channel takes it all the same, as it does with a deputy's.
            rows.append(delivery | {"notice": notice, "on_behalf_of": []})
        if rows:
            connection.execute(insert_new(connection, delivery_tables.deliveries), rows)
        return found
