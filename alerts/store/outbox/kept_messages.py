"""Messages of what was sent, which are most of a database: compressed after an hour, and their text forgotten later.

What stays of a delivery is who was sent it, through what, when, the subject and the SHA-256 of the message, the dates
that it told, the answer of the server, and which links it had: those go on working.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, bindparam, func, select, text, update

from alerts.core.answer_links import placeholder, placeholders
from alerts.store import delivery_tables
from alerts.store.database import Database
from alerts.store.stored_message import COMPRESSED, SHORTENED, WHOLE, compressed

COMPRESS_AFTER = timedelta(hours=1)
MOST_BATCHES = 10  # of each kind in a sweep
BATCH = 100  # messages that one transaction changes
_D = delivery_tables.deliveries.c
_CHANGE = (
    update(delivery_tables.deliveries)
    .where(_D.id == bindparam("which"), _D.state == "sent", _D.message_form == bindparam("was"))
    .values(
        payload=bindparam("message"),
        message_form=bindparam("becomes"),
        subject=func.coalesce(
            _D.subject, bindparam("told", type_=_D.subject.type)
        ),  # of a message that an earlier release has rendered
    )
)
# SQLite leaves a row that shrinks alone in its page, for ever: only one that is put elsewhere lets its page go.
_MOVE = text("UPDATE deliveries SET rowid = (SELECT min(rowid) FROM deliveries) - 1 WHERE id = :which").bindparams(
    bindparam("which", type_=_D.id.type)
)
_FORGET = _CHANGE.values(next_alert_at={})  # only a message that is rendered says when the next alert goes out


class KeptMessages:
    """The messages of deliveries that were sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tidy(self, now: datetime, kept: timedelta, stop: Callable[[], bool] = lambda: False) -> None:
        """Compress and shorten what is old enough, in a few batches: so no sweep takes long, and the rest comes next.

        `kept`: how long texts are kept after they were sent.
        """
        for _ in range(MOST_BATCHES):
            if stop() or not self.compress(now) + self.shorten(now - kept):
                return

    def compress(self, now: datetime) -> int:
        """Compress up to `BATCH` messages that were sent over an hour ago, and return how many there were."""
        return self._change(_CHANGE, WHOLE, COMPRESSED, now - COMPRESS_AFTER, compressed)

    def shorten(self, before: datetime) -> int:
        """Forget the text of up to `BATCH` messages that were sent before a time, and return how many there were."""
        return self._change(_FORGET, COMPRESSED, SHORTENED, before, _without_text)

    def _change(
        self, statement: Update, was: int, becomes: int, before: datetime, change: Callable[[Any], dict[str, Any]]
    ) -> int:
        """Change messages of one form into another: the oldest first, computed before the transaction begins."""
        which = {WHOLE: delivery_tables.TO_COMPRESS, COMPRESSED: delivery_tables.TO_SHORTEN}[was]
        query = select(_D.id, _D.payload).where(which, _D.ended_at < before)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_D.ended_at, _D.id).limit(BATCH)).all()
        if not rows:
            return 0
        values = [
            {"which": row.id, "was": was, "becomes": becomes, "message": change(row.payload) if row.payload else None,
             "told": row.payload.get("subject") if row.payload else None}
            for row in rows
        ]  # fmt: skip
        with self._database.write() as connection:
            connection.execute(statement, values)
            if becomes == SHORTENED and connection.dialect.name == "sqlite":
                connection.execute(_MOVE, [{"which": row.id} for row in rows])
        return len(rows)


def _without_text(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what links need of a message: when it was rendered, and the places of its links."""
    links = placeholders(json.dumps(message, ensure_ascii=False))
    return {"rendered_at": message["rendered_at"], "links": [f"/a/{placeholder(one)}" for one in links]}
