"""Deliveries that ended long ago: deleted, with their attempts and links. Their reminders stay, which go out once.

A delivery stays while a commitment that it carries is open: an `unanswered` rule counts from the first alert, and
people read the history. So the oldest deliveries may be those that stay for ever. A round goes past them, a page in
each sweep. The place that it has come to stands in the database, and a day after its begin it may start again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, not_, or_, select

from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.rows import chunks, upsert

BATCH = 100  # deliveries that one transaction deletes
PAGE = 10 * BATCH  # deliveries that a sweep looks at
ROUND = timedelta(days=1)
PLACE = "old deliveries"  # the fact: the last one that a round has looked at, and when it began
ENDED = ("sent", "dismissed", "superseded", "dead", "bounced")
_C, _D, _L, _M, _R = (
    table.c
    for table in (
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        tables.meta,
        planning_tables.reminders,
    )
)
_CARRIES_OPEN = (
    select(_C.id)
    .join(planning_tables.reminders, _R.commitment_id == _C.id)
    .join(delivery_tables.delivery_reminders, _L.reminder_id == _R.id)
    .where(_L.delivery_id == _D.id, _C.status == "open")
    .exists()
)
_MAY_GO = (
    select(_D.id)
    .where(
        _D.id.in_(bindparam("ids", expanding=True)),
        _D.state.in_(ENDED),
        _D.ended_at < bindparam("before", type_=_D.ended_at.type),
        _D.failure_level <= _D.reported_level,
        not_(_D.unseen),
        not_(_CARRIES_OPEN),
    )
    .order_by(_D.id)
)
_TAKE = _MAY_GO.with_for_update(skip_locked=True)  # SQLite has one writer, and no such clause
_DELETE = delete(delivery_tables.deliveries).where(_D.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class _Place:
    """The delivery that a round has come to, and when the round began. `id`: None past all of its time of planning."""

    created_at: datetime
    id: UUID | None
    began: datetime


class OldDeliveries:
    """The deliveries of a database that nobody needs any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delete(self, now: datetime, kept: timedelta, stop: Callable[[], bool] = lambda: False) -> int:
        """Delete what ended longer ago than `kept`, and return how many: the oldest first, of one page.

        What another process has changed or is changing meanwhile stays until the next round.
        """
        before, after = now - kept, self._place(now)
        page = self._page(before, after)
        if not page and after and after.began <= now - ROUND:
            after = None
            page = self._page(before, after)
        deleted = 0
        for number, some in enumerate(chunks(self._may_go(page, before), BATCH)):
            if number:
                self._database.give_way()
            if stop():
                return deleted
            deleted += self._delete(some, before)
        if deleted < len(page):
            self._go_on_from(_Place(*page[-1], after.began if after else now))
        elif not page and after and after.id:  # thousands may have one time, and would be passed over in each sweep
            self._go_on_from(replace(after, id=None))
        return deleted

    def _page(self, before: datetime, after: _Place | None) -> Sequence[tuple[datetime, UUID]]:
        """Return the next deliveries of before a time: nothing that was planned later has ended before."""
        query = select(_D.created_at, _D.id).where(_D.created_at < before)
        if after and after.id:
            query = query.where(
                _D.created_at >= after.created_at, or_(_D.created_at > after.created_at, _D.id > after.id)
            )
        elif after:
            query = query.where(_D.created_at > after.created_at)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_D.created_at, _D.id).limit(PAGE)).tuples()
            return [(at, one) for at, one in rows]

    def _may_go(self, page: Sequence[tuple[datetime, UUID]], before: datetime) -> list[UUID]:
        found: list[UUID] = []
        for some in chunks((one for _, one in page), BATCH):
            with self._database.read() as connection:
                found += connection.execute(_MAY_GO, {"ids": some, "before": before}).scalars()
        return found

    def _delete(self, ids: Sequence[UUID], before: datetime) -> int:
        with self._database.write() as connection:
            free = connection.execute(_TAKE, {"ids": ids, "before": before}).scalars().all()
            if free:
                connection.execute(_DELETE, {"ids": free})
        return len(free)

    def _place(self, now: datetime) -> _Place | None:
        """Return where the round is. What a clock has recorded that was ahead is not believed."""
        with self._database.read() as connection:
            row = connection.execute(select(_M.value, _M.at).where(_M.name == PLACE, _M.at <= now)).first()
        if row is None:
            return None
        created_at, *one = row.value.split()
        return _Place(datetime.fromisoformat(created_at), UUID(*one) if one else None, row.at)

    def _go_on_from(self, place: _Place) -> None:
        row = {"name": PLACE, "value": f"{place.created_at.isoformat()} {place.id or ''}", "at": place.began}
        with self._database.write() as connection:
            upsert(connection, tables.meta, ["name"], [row])
