"""What deliveries carry, with all that templates need, and which of it is stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from alerts.core.awaited_answers import SentTo, waiting
from alerts.core.commitments import Party, Person, Source
from alerts.core.notifications import CalendarEntry, ReminderContext
from alerts.core.reminders import Reminder
from alerts.core.rules import matches
from alerts.core.schedule.answers import pause_ends
from alerts.core.silences import Silence
from alerts.core.tracked import OwnSnooze, Revision, Tracked
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.answer_rows import own_snoozes
from alerts.store.calendar_uids import entries
from alerts.store.occurrence_rows import fetch_whole
from alerts.store.outbox.other_alerts import Link, link_of
from alerts.store.outbox.stale_reminders import Staleness, about_reminder
from alerts.store.outbox.unsent_moves import merged_moves
from alerts.store.people import by_key
from alerts.store.rows import REMINDER, chunks, party_of, reminder_of, revision_of, source_of
from alerts.store.sent_alerts import sent_to
from alerts.store.silence_rows import silences_after

_D, _L, _R = delivery_tables.deliveries.c, delivery_tables.delivery_reminders.c, planning_tables.reminders.c
# Statements are built once: to build one takes longer than to execute it.
_LINKS = (
    select(_L.delivery_id, _L.hours_begin, _R.id, _R.planned_at, *(_R[name] for name in REMINDER))
    .add_columns(_D.channel, _D.recipient, _D.created_at)
    .join(planning_tables.reminders, _R.id == _L.reminder_id)
    .join(delivery_tables.deliveries, _D.id == _L.delivery_id)
    .where(_L.delivery_id.in_(bindparam("ids", expanding=True)))
    .order_by(_R.send_at, _R.moment, _R.id)
)
_PARTIES = select(tables.parties).where(tables.parties.c.key.in_(bindparam("keys", expanding=True)))
_SOURCES = select(tables.sources).where(tables.sources.c.key.in_(bindparam("keys", expanding=True)))
_CHANGES = select(tables.revisions).where(
    tables.revisions.c.commitment_id.in_(bindparam("ids", expanding=True)),
    tables.revisions.c.number.in_(bindparam("numbers", expanding=True)),
)


Reading = Callable[[], AbstractContextManager[Connection]]  # begins a transaction that reads


def within(connection: Connection) -> Reading:
    """Return how to read in a transaction that lasts already."""
    return lambda: nullcontext(connection)


def carried(reading: Reading, rows: Sequence[Any]) -> tuple[dict[UUID, tuple[ReminderContext, ...]], dict[UUID, str]]:
    """Return the valid contents of deliveries, and why the other deliveries are stale.

    Some hundred commitments are read at a time, each with all that is about it, and what is made of them is made after
    that transaction: a digest of thousands lets others write.
    """
    with reading() as connection:
        links = connection.execute(_LINKS, {"ids": [row["id"] for row in rows]}).mappings().all()
    about: dict[int, list[Any]] = defaultdict(list)
    for link in links:
        about[link["commitment_id"]].append(link)
    content: dict[Link, ReminderContext | str] = {}
    for some in chunks(about):
        mine = [link for commitment in some for link in about[commitment]]
        with reading() as connection:
            found = _Carried.fetch(connection, rows, mine)
        content |= {link_of(link): found.content(link) for link in mine}
    contexts: dict[UUID, list[ReminderContext]] = {row["id"]: [] for row in rows}
    stale: dict[UUID, str] = {}
    for link in links:
        one = content[link_of(link)]
        if isinstance(one, str):
            stale[link["delivery_id"]] = one
        else:
            contexts[link["delivery_id"]].append(one)
    return {delivery_id: tuple(items) for delivery_id, items in contexts.items()}, stale


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """What the contents of some deliveries are made of."""

    entries: Mapping[tuple[int, str], CalendarEntry]
    tracked: Mapping[int, Tracked]
    facts: DeliveryFacts
    staleness: Staleness
    moves: Mapping[Link, Revision]
    next_alert_at: Mapping[UUID, Mapping[str, str]]
    sent: Mapping[int, Sequence[SentTo]]
    silences: Sequence[Silence]

    @classmethod
    def fetch(cls, connection: Connection, rows: Sequence[Any], links: Sequence[Any]) -> _Carried:
        links_about = {(link["commitment_id"], link["occurrence"]) for link in links}
        known_as = entries(connection, links_about)  # first: a SEQUENCE may be older than what it goes with, not newer
        tracked = fetch_whole(connection, {link["commitment_id"] for link in links})
        return cls(
            entries=known_as,
            tracked=tracked,
            facts=DeliveryFacts.fetch(connection, tracked.values(), links),
            staleness=Staleness.fetch(connection, tracked, links, {row["id"] for row in rows if row["attempts"]}),
            moves=merged_moves(connection, links),
            next_alert_at={row["id"]: row["next_alert_at"] for row in rows},
            silences=silences_after(connection, min(link["send_at"] for link in links)) if links else (),
            sent=sent_to(connection, {link["commitment_id"] for link in links if link["kind"] == "unanswered"}),
        )

    def content(self, link: Any) -> ReminderContext | str:
        """Return a reminder with everything that a template needs, or why it must not go out any more."""
        tracked = self.tracked[link["commitment_id"]]
        reminder = reminder_of(link, tracked.commitment.key)
        about = replace(about_reminder(reminder, tracked), own_snoozes=tuple(self.facts.snoozes.get(tracked.id, ())))
        return self.staleness.reason(link, reminder, about) or self._context(link, reminder, about)

    def _context(self, link: Any, reminder: Reminder, about: Tracked) -> ReminderContext:
        at = self.next_alert_at[link["delivery_id"]].get(str(link["id"]))
        context = self.facts.context(reminder, about, datetime.fromisoformat(at) if at else None)
        rule = self.staleness.rules.get(reminder.rule)
        ends = pause_ends(rule, about) if about.current_acknowledgement else None
        entry = self.entries.get((link["commitment_id"], link["occurrence"]))
        move = self.moves.get((link["delivery_id"], link["id"]))
        silences = tuple(
            one for one in self.silences if one.ends > reminder.send_at and matches(one.match, about.commitment)
        )
        context = replace(
            context,
            pause_ends=ends,
            entry=entry,
            change=move or context.change,
            silences=silences,
            hours_begin=link["hours_begin"],
        )
        if reminder.kind != "unanswered":
            return context
        return replace(context, unanswered=waiting(rule, about, self.sent.get(about.id, ())))


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """The parties, sources, owners, changes and snoozes that some deliveries need."""

    parties: Mapping[str, Party]
    sources: Mapping[str, Source]
    people: Mapping[str, Person]
    changes: Mapping[tuple[int, int], Revision]
    snoozes: Mapping[int, Sequence[OwnSnooze]]

    @classmethod
    def fetch(cls, connection: Connection, tracked: Iterable[Tracked], links: Sequence[Any]) -> DeliveryFacts:
        tracked = list(tracked)
        commitments = [item.commitment for item in tracked]
        who = {key for one in commitments for key in (*one.by, *one.to)}
        cited = {source.key for one in commitments for source in one.sources}
        parties = connection.execute(_PARTIES, {"keys": list(who)}).mappings() if who else ()
        sources = connection.execute(_SOURCES, {"keys": list(cited)}).mappings() if cited else ()
        reported = defaultdict(set)
        for link in links:
            if link["revision"] is not None:
                reported[link["commitment_id"]].add(link["revision"])
        changes: dict[tuple[int, int], Revision] = {}
        if reported:
            numbers = {number for some in reported.values() for number in some}
            which = {"ids": list(reported), "numbers": list(numbers)}
            for row in connection.execute(_CHANGES, which).mappings():
                changes[row["commitment_id"], row["number"]] = revision_of(row)
        return cls(
            parties={row["key"]: party_of(row) for row in parties},
            sources={row["key"]: source_of(row) for row in sources},
            people=by_key(connection, {one.owner for one in commitments if one.owner}),
            changes=changes,
            snoozes=own_snoozes(connection, {item.id for item in tracked}),
        )

    def context(self, reminder: Reminder, tracked: Tracked, next_alert_at: datetime | None) -> ReminderContext:
        commitment = tracked.commitment
        return ReminderContext(
            reminder=reminder,
            tracked=tracked,
            by=tuple(self.parties[key] for key in commitment.by if key in self.parties),
            to=tuple(self.parties[key] for key in commitment.to if key in self.parties),
            source=self.sources.get(commitment.source.key) if commitment.source else None,
            earlier_sources=tuple(self.sources.get(one.key) for one in commitment.earlier_sources),
            owner=self.people.get(commitment.owner) if commitment.owner else None,
            next_alert_at=next_alert_at,
            change=self.changes.get((reminder.commitment_id, reminder.revision or 0)),
            snoozes=tuple(self.snoozes.get(tracked.id, ())),
        )
