"""What the page behind an answer link shows: the delivery that has the link, and the commitments as they are now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from alerts.core.answer_links import placeholders
from alerts.core.commitments import Person
from alerts.core.notifications import ReminderContext
from alerts.core.reminders import Kind, Reminder
from alerts.core.rules import Rule, matching
from alerts.core.schedule.answers import paused_until
from alerts.core.stages import Stage, stage_of
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.new_links import put_new_link
from alerts.store.outbox.contents import DeliveryFacts
from alerts.store.people import every_person
from alerts.store.rule_rows import awaits_answers
from alerts.store.standing import WatchedCommitment, fetch_watched

EntryName = tuple[int, str]  # the id of a commitment, and the name of its occurrence
KIND_AT: Mapping[Stage, Kind] = {"ahead": "before", "due": "before", "overdue": "overdue", "under_review": "review"}
_D, _R, _V = delivery_tables.deliveries.c, planning_tables.rules.c, tables.revisions.c
# Statements are built once: to build one costs more than to execute it, and a page executes all of them.
_RULES = select(_R.name, _R.hash, _R.spec, _R.removed_at, _R.ending)
_DELIVERY = select(_D.id, _D.channel, _D.recipient, _D.payload, _D.on_behalf_of).where(_D.id == bindparam("delivery"))
_OCCURRENCE = func.coalesce(_V.occurrence, "")
_LAST_CHANGES = (
    select(_V.commitment_id, _V.what, _OCCURRENCE, func.max(_V.recorded_at, type_=_V.recorded_at.type))
    .where(_V.commitment_id.in_(bindparam("ids", expanding=True)))
    .group_by(_V.commitment_id, _V.what, _OCCURRENCE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDelivery:
    """A delivery whose message has links. `printed`: the entries that have a link.

    `to_deputy`: whether a deputy got it for somebody else.
    """

    id: UUID
    channel: str
    recipient: str
    rendered_at: datetime
    printed: tuple[EntryName, ...]
    to_deputy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedEntry:
    """An entry as it is now, and when it last changed. `closed_at`: when it was closed, where it is.

    `watched`: its commitment, from which its next alert is worked out.
    """

    context: ReminderContext
    watched: WatchedCommitment
    changed_at: datetime
    closed_at: datetime | None

    @property
    def tracked(self) -> Tracked:
        return self.context.tracked


class LinkedDeliveries:
    """The deliveries of a database, as links name them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, delivery: UUID) -> LinkedDelivery | None:
        """Return a delivery; None where there is none, or its message was never rendered."""
        with self._database.read() as connection:
            row = connection.execute(_DELIVERY, {"delivery": delivery}).mappings().first()
        if row is None or not row["payload"]:
            return None
        links = placeholders(json.dumps(row["payload"], ensure_ascii=False))
        printed = [(one.commitment_id, one.occurrence) for one in links if one.delivery == delivery]
        return LinkedDelivery(
            id=row["id"],
            channel=row["channel"],
            recipient=row["recipient"],
            rendered_at=datetime.fromisoformat(row["payload"]["rendered_at"]),
            printed=tuple((number, name) for number, name in printed if number is not None),
            to_deputy=row["on_behalf_of"] is not None,
        )

    def entries(self, which: Iterable[EntryName], now: datetime) -> tuple[dict[EntryName, LinkedEntry], dict[str, str]]:
        """Return entries as they are now, without those that are gone, and the hashes of the registered rules."""
        which = list(dict.fromkeys(which))
        with self._database.read() as connection:
            rows = connection.execute(_RULES).all()
            await_answers = [row.name for row in rows if not row.ending and awaits_answers(row.spec)]
            watched = fetch_watched(connection, {number for number, _ in which}, await_answers)
            found = {one: about for one in which if (about := _at(watched.get(one[0]), one[1]))}
            facts = DeliveryFacts.fetch(connection, (one.tracked for one in watched.values()), ())
            times = _times(connection, watched)
        rules = [Rule.from_json(row.spec) for row in rows]
        entries = {
            one: LinkedEntry(
                context=_context(facts, about, rules, now),
                watched=watched[about.id],
                changed_at=_last(times, about, None) or about.recorded_at,
                closed_at=None if about.open else _last(times, about, "closed"),
            )
            for one, about in found.items()
        }
        return entries, {row.name: row.hash for row in rows if row.removed_at is None}

    def send_new_link(self, delivery: UUID, about: Tracked, now: datetime) -> bool:
        """Send the alert of an end again to the recipient of a delivery, with a new link; False where it was today."""
        with self._database.write() as connection:
            return put_new_link(connection, delivery, about, now)

    def was_recorded(self, form: str, commitments: Collection[int]) -> bool:
        """Return whether the form of an answer has been recorded for any of some commitments."""
        query = select(_V.number).where(_V.commitment_id.in_(commitments), _V.form == form).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def people(self) -> dict[str, Person]:
        """Return all people that are known, by key."""
        with self._database.read() as connection:
            return every_person(connection)


def _at(watched: WatchedCommitment | None, occurrence: str) -> Tracked | None:
    try:
        return watched.tracked.at(occurrence) if watched else None
    except InputError:  # a move removed it
        return None


def _context(facts: DeliveryFacts, about: Tracked, rules: Iterable[Rule], now: datetime) -> ReminderContext:
    """Return what templates need: as a reminder of the present state."""
    reminder = Reminder(
        rule="",
        commitment=about.commitment.key,
        commitment_id=about.id,
        occurrence=about.occurrence,
        bounds_version=about.bounds_version,
        fingerprint=about.bounds.fingerprint,
        kind=KIND_AT[stage_of(about.bounds, now)] if about.open else "closed",
        moment=now,
        send_at=now,
    )
    ends = paused_until(matching(rules, about.commitment), about, now)
    return replace(facts.context(reminder, about, None), pause_ends=ends)


Times = Mapping[int, Iterable[tuple[str, str, datetime]]]


def _times(connection: Connection, ids: Collection[int]) -> Times:
    """Return when each kind of change was last made, by commitment: its kind, the occurrence, and the time."""
    found: dict[int, list[tuple[str, str, datetime]]] = {one: [] for one in ids}
    for number, *change in connection.execute(_LAST_CHANGES, {"ids": list(ids)}):
        found[number].append((change[0], change[1], change[2]))
    return found


def _last(times: Times, about: Tracked, what: str | None) -> datetime | None:
    """Return when something last happened to an occurrence, or to the whole of it."""
    mine = (at for kind, name, at in times[about.id] if name in ("", about.occurrence) and what in (None, kind))
    return max(mine, default=None)
