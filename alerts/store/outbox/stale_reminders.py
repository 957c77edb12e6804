"""Which planned reminders are stale when their delivery is claimed, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, or_, select

from alerts.core.reminders import MERGEABLE_KINDS, REPEATING_KINDS, Reminder
from alerts.core.rules import Rule
from alerts.core.schedule.answers import silences
from alerts.core.schedule.unanswered import answered_until
from alerts.core.tracked import Tracked
from alerts.store import delivery_tables, planning_tables
from alerts.store.outbox.repeated_ends import ended_already
from alerts.store.outbox.unsent_moves import Link, moved_again
from alerts.store.rows import chunks

# To compare rows of a table with each other. They are made once: each takes as long as a query.
_MINE, _OTHER = delivery_tables.delivery_reminders.alias(), delivery_tables.delivery_reminders.alias()
_MY_PLAN, _ITS_PLAN = delivery_tables.deliveries.alias(), delivery_tables.deliveries.alias()
_REMINDER, _REPEAT = planning_tables.reminders.alias(), planning_tables.reminders.alias()

FOLLOWED_BY_LATER = "a later reminder replaced it"
KNOWN_END = "the recipient already knows of this end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """What decides whether linked reminders are stale.

    `rules` are those that an acknowledgement can silence; `other_rules` mean the same repeat as a reminder (by id).
    """

    rules: Mapping[str, Rule]
    other_rules: Mapping[UUID, Sequence[str]]
    replaced: Collection[Link]
    known_ends: Collection[Link]

    @classmethod
    def fetch(cls, connection: Connection, tracked: Mapping[int, Tracked], links: Sequence[Any]) -> Staleness:
        answered = [link for link in links if _answered(tracked[link["commitment_id"]])]
        others = _other_rules(connection, answered)
        names = {link["rule"] for link in answered}.union(*others.values())
        names |= {link["rule"] for link in links if link["kind"] == "unanswered"}
        replaced = _followed_by_later(connection, links) | _ended_since(connection, links)
        replaced |= _announced_again(connection, links) | _reported_again(connection, links)
        replaced |= moved_again(connection, links)
        return cls(
            rules=rules_of(connection, names) if names else {},
            other_rules=others,
            replaced=replaced,
            known_ends=ended_already(connection, links),
        )

    def reason(self, link: Any, reminder: Reminder, about: Tracked) -> str | None:
        """Return why a reminder must not go out any more, if so. `about` is the occurrence that it is about."""
        names = (reminder.rule, *self.other_rules.get(link["id"], ()))
        if reason := _changed_meanwhile(reminder, about, [self.rules.get(name) for name in names]):
            return reason
        if (link["delivery_id"], link["id"]) in self.replaced:
            return FOLLOWED_BY_LATER
        return KNOWN_END if (link["delivery_id"], link["id"]) in self.known_ends else None


def _answered(tracked: Tracked) -> bool:
    """Whether the commitment or one of its occurrences is acknowledged."""
    return tracked.acknowledged is not None or any(one.acknowledged for one in tracked.occurrences.values())


def _other_rules(connection: Connection, links: Sequence[Any]) -> dict[UUID, list[str]]:
    """Return the other rules that mean the same repeat, by the reminder that is sent for all of them."""
    found: dict[UUID, list[str]] = defaultdict(list)
    repeats = {link["id"] for link in links if link["kind"] in REPEATING_KINDS}
    if not repeats:
        return found
    mine, other = _REMINDER, _REPEAT
    alert_key = ("commitment_id", "occurrence", "bounds_version", "kind", "moment")
    same = and_(*(mine.c[name] == other.c[name] for name in alert_key), mine.c.rule != other.c.rule)
    for some in chunks(repeats):
        query = select(mine.c.id, other.c.rule).join(other, same).where(mine.c.id.in_(some))
        for row in connection.execute(query):
            found[row.id].append(row.rule)
    return found


def rules_of(connection: Connection, names: Collection[str]) -> dict[str, Rule]:
    """Return registered rules by name."""
    r = planning_tables.rules.c
    specs = connection.execute(select(r.spec).where(r.name.in_(names))).scalars()
    return {rule.name: rule for rule in map(Rule.from_json, specs)}


def _changed_meanwhile(reminder: Reminder, tracked: Tracked, rules: Sequence[Rule | None]) -> str | None:
    """Return why a change makes a reminder stale; a move or an end does not make its own alert stale.

    It stands for all `rules` that mean it: an acknowledgement silences it only where it does so under each.
    """
    if reminder.kind == "closed" and tracked.open:
        return "reopened meanwhile"
    if reminder.kind in ("moved", "closed"):
        return None
    if not tracked.open:
        return f"closed meanwhile ({tracked.ended_as})"
    if reminder.fingerprint != tracked.bounds.fingerprint and reminder.kind != "reopened":
        return "moved meanwhile"
    if reminder.kind == "unanswered":
        answered = max((at for rule in rules if (at := answered_until(rule, tracked))), default=None)
        return "answered meanwhile" if answered is not None and answered >= reminder.moment else None
    seen = tracked.acknowledged
    what = (reminder.kind, reminder.moment, reminder.send_at)
    if seen and all(silences(rule, tracked, *what) for rule in rules):
        return f"acknowledged meanwhile by {seen.by}"
    return None


def _followed_by_later(connection: Connection, links: Sequence[Any]) -> set[tuple[UUID, UUID]]:
    """Return links whose reminder was followed by a later one of the same commitment, to the same recipient.

    After a move there and back the same moment goes out again, of the new version of the bounds: that is later, too.
    So is a reopening, which gives the present state.

    One that was planned before mine does not count: both go out. A delivery to a deputy or a fallback is created when
    it is handed on, so that both may be created at once. So the times of planning are compared as well.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] in MERGEABLE_KINDS}
    if not ids:
        return set()
    mine, other, my_plan, its_plan = _MINE, _OTHER, _MY_PLAN, _ITS_PLAN
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
        .where(_planned_at(other) >= _planned_at(mine))
    )
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(query)}


def _planned_at(link: Any) -> Any:
    """Return the time at which the reminder of a link was planned.

    It is looked up for each pair that is left. As a join, PostgreSQL compared all reminders with each other before:
    eight minutes and more for a digest of a thousand.
    """
    reminder = planning_tables.reminders.alias()
    return select(reminder.c.planned_at).where(reminder.c.id == link.c.reminder_id).scalar_subquery()


def _ended_since(connection: Connection, links: Sequence[Any]) -> set[tuple[UUID, UUID]]:
    """Return links whose alert of a move did not get through before the same recipient got that of the end.

    Sent after that, it would open again what the end has closed at the other side.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] == "moved"}
    if not ids:
        return set()
    mine, other, my_plan = _MINE, _OTHER, _MY_PLAN
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
    """Return links whose alert of an end or a reopening is followed by another, to the same recipient."""
    kinds = ("closed", "reopened")
    ids = {link["delivery_id"] for link in links if link["kind"] in kinds}
    if not ids:
        return set()
    mine, other = _MINE, _OTHER
    same = [mine.c[name] == other.c[name] for name in ("commitment_id", "occurrence", "channel", "recipient")]
    query = (
        select(mine.c.delivery_id, mine.c.reminder_id)
        .join(other, and_(*same, other.c.kind.in_(kinds), other.c.moment > mine.c.moment))
        .where(mine.c.delivery_id.in_(ids), mine.c.kind.in_(kinds))
    )
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(query)}


def _reported_again(connection: Connection, links: Sequence[Any]) -> set[tuple[UUID, UUID]]:
    """Return links whose report that nobody has answered is followed by a later one of its rule.

    A later one that was not sent since somebody had answered by then does not count: that answer may be taken back.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] == "unanswered"}
    if not ids:
        return set()
    mine, other, my_reminder, its_reminder, its_plan = _MINE, _OTHER, _REMINDER, _REPEAT, _ITS_PLAN
    same = [mine.c[name] == other.c[name] for name in ("commitment_id", "occurrence", "kind", "channel", "recipient")]
    later = (other.c.moment > mine.c.moment, other.c.bounds_version >= mine.c.bounds_version)
    query = (
        select(mine.c.delivery_id, mine.c.reminder_id)
        .join(other, and_(*same, *later))
        .join(its_plan, and_(its_plan.c.id == other.c.delivery_id, its_plan.c.state != "superseded"))
        .join(my_reminder, my_reminder.c.id == mine.c.reminder_id)
        .join(its_reminder, and_(its_reminder.c.id == other.c.reminder_id, its_reminder.c.rule == my_reminder.c.rule))
        .where(mine.c.delivery_id.in_(ids), mine.c.kind == "unanswered")
    )
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(query)}
