"""Which people answer nothing of what was sent to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from alerts.core.commitments import Person
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.rows import chunks

_D, _V = delivery_tables.deliveries.c, tables.revisions.c


def unanswered_since(database: Database, people: Iterable[Person]) -> dict[str, datetime]:
    """Return, by key, since when people have been sent alerts without recording anything."""
    known = list(people)
    found: dict[str, datetime] = {}
    last_change = func.max(_V.recorded_at, type_=_V.recorded_at.type)
    first_alert = func.min(_D.ended_at, type_=_D.ended_at.type)
    with database.read() as connection:
        changes = connection.execute(select(_V.recorded_by, last_change).group_by(_V.recorded_by)).tuples().all()
        for some in chunks(known):
            answered = {one.key: max((at for by, at in changes if _is_by(by, one)), default=None) for one in some}
            since = [_sent_after(one.email, answered[one.key]) for one in some]
            query = select(func.lower(_D.recipient), first_alert).where(_D.state == "sent", or_(*since))
            first = dict(connection.execute(query.group_by(func.lower(_D.recipient))).tuples().all())
            found |= {one.key: first[one.email.lower()] for one in some if one.email.lower() in first}
    return found


def _is_by(recorded_by: str, person: Person) -> bool:
    """Whether a person made a change: signed in, by a link that was sent to them, or at a shell of their own."""
    text, email = recorded_by.lower(), person.email.lower()
    return text in (person.key.lower(), person.name.lower(), email) or text.endswith(f" {email}")


def _sent_after(address: str, at: datetime | None) -> ColumnElement[bool]:
    mine = func.lower(_D.recipient) == address.lower()
    return and_(mine, _D.ended_at > at) if at else mine
