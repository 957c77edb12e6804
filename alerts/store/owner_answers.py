"""Which people answer nothing of what was sent to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from alerts.core.commitments import Person
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.rows import chunks

_D, _V = delivery_tables.deliveries.c, tables.revisions.c
_ADDRESS, _FIRST = func.lower(_D.recipient), func.min(_D.ended_at, type_=_D.ended_at.type)


def unanswered_since(database: Database, people: Iterable[Person], by: datetime) -> dict[str, datetime]:
    """Return, by key, since when people have been sent alerts and recorded nothing, if that was at `by` or earlier.

    There may be a million changes: they are read only if somebody was sent an alert at `by` or earlier.
    """
    sent = select(_ADDRESS, _FIRST).where(_D.state == "sent").group_by(_ADDRESS)
    with database.look() as connection:
        first = dict(connection.execute(sent).tuples().all())
        long_ago = [one for one in people if one.email.lower() in first and first[one.email.lower()] <= by]
        answered = _last_answers(connection, long_ago) if long_ago else {}
        for some in chunks(answered.items()):
            since = [and_(_ADDRESS.in_([address]), _D.ended_at > at) for address, at in some]
            first = {address: at for address, at in first.items() if address not in dict(some)}
            first |= dict(connection.execute(sent.where(or_(*since))).tuples().all())
    times = {one.key: first.get(one.email.lower()) for one in long_ago}
    return {key: at for key, at in times.items() if at and at <= by}


def _last_answers(connection: Connection, people: Iterable[Person]) -> dict[str, datetime]:
    """Return when people last recorded something, by address, of those who ever did."""
    last_change = func.max(_V.recorded_at, type_=_V.recorded_at.type)
    changes = connection.execute(select(_V.recorded_by, last_change).group_by(_V.recorded_by)).tuples().all()
    times = {one.email.lower(): max((at for by, at in changes if _is_by(by, one)), default=None) for one in people}
    return {address: at for address, at in times.items() if at}


def _is_by(recorded_by: str, person: Person) -> bool:
    """Whether a person made a change: signed in, by a link that was sent to them, or at a shell of their own."""
    text, email = recorded_by.lower(), person.email.lower()
    return text in (person.key.lower(), person.name.lower(), email) or text.endswith(f" {email}")
