"""What deliveries carry, with all that templates need, and which of it is stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, or_, select

from alerts.core.commitments import Party, Person, Source
from alerts.core.notifications import ReminderContext
from alerts.core.reminders import MERGEABLE_KINDS, REPEATING_KINDS, Reminder
from alerts.core.rules import Rule
from alerts.core.schedule.answers import pause_ends, silences
from alerts.core.tracked import OwnSnooze, Revision, Tracked
from alerts.deadlines.errors import InputError
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.answer_rows import own_snoozes
from alerts.store.calendar_uids import entries
from alerts.store.occurrence_rows import fetch_whole
from alerts.store.outbox.repeated_ends import ended_already
from alerts.store.outbox.untold_moves import merged_moves, moved_again
from alerts.store.people import by_key
from alerts.store.rows import REMINDER, chunks, party_of, reminder_of, revision_of, source_of

FOLLOWED_BY_LATER = "a later reminder replaced it"
KNOWN_END = "the recipient already knows of this end"
_L, _R = delivery_tables.delivery_reminders.c, planning_tables.reminders.c


def carried(
    connection: Connection, rows: Sequence[Any]
) -> tuple[dict[UUID, tuple[ReminderContext, ...]], dict[UUID, str]]:
    """Return the valid contents of deliveries, and why the other deliveries are stale."""
    ids = [row["id"] for row in rows]
    columns = (_L.delivery_id, _R.id, *(_R[name] for name in REMINDER))
    query = select(*columns).join(planning_tables.reminders, _R.id == _L.reminder_id).where(_L.delivery_id.in_(ids))
    links = connection.execute(query.order_by(_R.send_at, _R.moment, _R.id)).mappings().all()
    known_as = entries(
        connection, {(link["commitment_id"], link["occurrence"]) for link in links}
    )  # before what changes
    tracked = fetch_whole(connection, {link["commitment_id"] for link in links})
    facts = DeliveryFacts.fetch(connection, tracked.values(), links)
    answered = [link for link in links if _answered(tracked[link["commitment_id"]])]
    others = _other_rules(connection, answered)
    names = {link["rule"] for link in answered}.union(*others.values())
    rules = rules_of(connection, names) if names else {}
    later = (
        _followed_by_later(connection, links) | _ended_since(connection, links) | _announced_again(connection, links)
    )
    later |= moved_again(connection, links)
    known = ended_already(connection, links)
    moves = merged_moves(connection, links)
    next_alert_at = {row["id"]: row["next_alert_at"] for row in rows}
    contexts: dict[UUID, list[ReminderContext]] = {one: [] for one in ids}
    stale: dict[UUID, str] = {}
    for link in links:
        whole = tracked[link["commitment_id"]]
        reminder = reminder_of(link, whole.commitment.key)
        about = _about(reminder, whole)
        reason = _stale(reminder, about, [rules.get(name) for name in (reminder.rule, *others[link["id"]])])
        if reason is None and (link["delivery_id"], link["id"]) in later:
            reason = FOLLOWED_BY_LATER
        if reason is None and (link["delivery_id"], link["id"]) in known:
            reason = KNOWN_END
        if reason is not None:
            stale[link["delivery_id"]] = reason
            continue
        at = next_alert_at[link["delivery_id"]].get(str(link["id"]))
        context = facts.context(reminder, about, datetime.fromisoformat(at) if at else None)
        ends = pause_ends(rules.get(reminder.rule), about) if about.current_acknowledgement else None
        entry = known_as.get((link["commitment_id"], link["occurrence"]))
        context = replace(context, pause_ends=ends, entry=entry)
        move = moves.get((link["delivery_id"], link["id"]))
        contexts[link["delivery_id"]].append(replace(context, change=move) if move else context)
    return {one: tuple(items) for one, items in contexts.items()}, stale


def _about(reminder: Reminder, tracked: Tracked) -> Tracked:
    """Return the occurrence that a reminder is about; the commitment itself, if there is none or it is gone."""
    try:
        return tracked.at(reminder.occurrence)
    except InputError:
        return tracked


def _answered(tracked: Tracked) -> bool:
    """Whether the commitment or one of its occurrences is acknowledged."""
    return tracked.acknowledged is not None or any(one.acknowledged for one in tracked.occurrences.values())


def _other_rules(connection: Connection, links: Sequence[Any]) -> dict[UUID, list[str]]:
    """Return the other rules that mean the same repeat, by the reminder that is sent for all of them."""
    found: dict[UUID, list[str]] = defaultdict(list)
    mine, other = planning_tables.reminders.alias(), planning_tables.reminders.alias()
    alert_key = ("commitment_id", "occurrence", "bounds_version", "kind", "moment")
    same = and_(*(mine.c[name] == other.c[name] for name in alert_key), mine.c.rule != other.c.rule)
    for some in chunks({link["id"] for link in links if link["kind"] in REPEATING_KINDS}):
        query = select(mine.c.id, other.c.rule).join(other, same).where(mine.c.id.in_(some))
        for row in connection.execute(query):
            found[row.id].append(row.rule)
    return found


def rules_of(connection: Connection, names: Collection[str]) -> dict[str, Rule]:
    """Return registered rules by name."""
    r = planning_tables.rules.c
    specs = connection.execute(select(r.spec).where(r.name.in_(names))).scalars()
    return {rule.name: rule for rule in map(Rule.from_json, specs)}


def _stale(reminder: Reminder, tracked: Tracked, rules: Sequence[Rule | None]) -> str | None:
    """Return why a planned reminder must not go out any more; a move or an end does not make its own alert stale.

    It stands for all `rules` that mean it: an acknowledgement silences it only where it does so under each.
    """
    if reminder.kind == "closed" and tracked.open:
        return "reopened meanwhile"
    if reminder.kind in ("moved", "closed"):
        return None
    if not tracked.open:
        return f"closed meanwhile ({tracked.commitment.status})"
    if reminder.fingerprint != tracked.bounds.fingerprint and reminder.kind != "reopened":
        return "moved meanwhile"
    seen = tracked.acknowledged
    what = (reminder.kind, reminder.moment, reminder.send_at)
    if seen and all(silences(rule, tracked, *what) for rule in rules):
        return f"acknowledged meanwhile by {seen.by}"
    return None


def _followed_by_later(connection: Connection, links: Sequence[Any]) -> set[tuple[UUID, UUID]]:
    """Links whose reminder was followed by a later one of the same commitment, to the same recipient.

    After a move there and back the same moment goes out again, of the new version of the bounds: that is later, too.
    So is a reopening, which gives the present state.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] in MERGEABLE_KINDS}
    if not ids:
        return set()
    mine, other = delivery_tables.delivery_reminders.alias(), delivery_tables.delivery_reminders.alias()
    my_plan, its_plan = delivery_tables.deliveries.alias(), delivery_tables.deliveries.alias()
    same = [mine.c[name] == other.c[name] for name in ("commitment_id", "occurrence", "channel", "recipient")]
    later = and_(other.c.moment > mine.c.moment, other.c.bounds_version >= mine.c.bounds_version)
    again = and_(
        other.c.moment == mine.c.moment, other.c.kind == mine.c.kind, other.c.bounds_version > mine.c.bounds_version
    )
    reopened = and_(other.c.kind == "reopened", other.c.bounds_version > mine.c.bounds_version)
    query = (
        select(mine.c.delivery_id, mine.c.reminder_id)
        .join(other, and_(*same, or_(and_(other.c.kind.in_(MERGEABLE_KINDS), or_(later, again)), reopened)))
        .join(my_plan, my_plan.c.id == mine.c.delivery_id)
        .join(its_plan, and_(its_plan.c.id == other.c.delivery_id, its_plan.c.created_at >= my_plan.c.created_at))
        .where(mine.c.delivery_id.in_(ids), mine.c.kind.in_(MERGEABLE_KINDS))
    )
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(query)}


def _ended_since(connection: Connection, links: Sequence[Any]) -> set[tuple[UUID, UUID]]:
    """Links whose alert of a move did not get through before the same recipient got that of the end.

    Sent after that, it would open again what the end has closed at the other side.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] == "moved"}
    if not ids:
        return set()
    mine, other, my_plan = (
        delivery_tables.delivery_reminders.alias(),
        delivery_tables.delivery_reminders.alias(),
        delivery_tables.deliveries.alias(),
    )
    same = [mine.c[name] == other.c[name] for name in ("commitment_id", "channel", "recipient")]
    about = or_(other.c.occurrence == mine.c.occurrence, other.c.occurrence == "")
    query = (
        select(mine.c.delivery_id, mine.c.reminder_id)
        .join(other, and_(*same, about, other.c.kind == "closed", other.c.moment >= mine.c.moment))
        .join(my_plan, and_(my_plan.c.id == mine.c.delivery_id, my_plan.c.attempts > 0))
        .where(mine.c.delivery_id.in_(ids), mine.c.kind == "moved")
    )
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(query)}


def _announced_again(connection: Connection, links: Sequence[Any]) -> set[tuple[UUID, UUID]]:
    """Links whose alert of an end or a reopening is followed by another, to the same recipient."""
    kinds = ("closed", "reopened")
    ids = {link["delivery_id"] for link in links if link["kind"] in kinds}
    if not ids:
        return set()
    mine, other = delivery_tables.delivery_reminders.alias(), delivery_tables.delivery_reminders.alias()
    same = [mine.c[name] == other.c[name] for name in ("commitment_id", "occurrence", "channel", "recipient")]
    query = (
        select(mine.c.delivery_id, mine.c.reminder_id)
        .join(other, and_(*same, other.c.kind.in_(kinds), other.c.moment > mine.c.moment))
        .where(mine.c.delivery_id.in_(ids), mine.c.kind.in_(kinds))
    )
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """Fetch the parties, sources, owners, changes and snoozes that some deliveries need."""

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
        p, s, v = tables.parties, tables.sources, tables.revisions
        parties = connection.execute(select(p).where(p.c.key.in_(who))).mappings()
        sources = connection.execute(select(s).where(s.c.key.in_(cited))).mappings()
        reported = defaultdict(set)
        for link in links:
            if link["revision"] is not None:
                reported[link["commitment_id"]].add(link["revision"])
        changes: dict[tuple[int, int], Revision] = {}
        if reported:
            numbers = {number for some in reported.values() for number in some}
            query = select(v).where(v.c.commitment_id.in_(reported), v.c.number.in_(numbers))
            for row in connection.execute(query).mappings():
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
