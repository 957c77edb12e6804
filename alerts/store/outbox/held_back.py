"""What a silence or office hours hold back: it waits among the gathered, and goes out as a digest when they end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select, update

from alerts.core.alert_holds import goes_out_at, hold_at
from alerts.core.commitments import Commitment
from alerts.core.deliveries import Delivery
from alerts.core.office_hours import HoursOf, OfficeHours, always_open
from alerts.core.rules import Rule
from alerts.core.silences import Silence
from alerts.core.tracked import Tracked
from alerts.cron import Cron
from alerts.deadlines.errors import InputError
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.matched_facts import MATCHED_FIELDS, matched_fields
from alerts.store.occurrence_rows import fetch_whole
from alerts.store.outbox.contents import Reading
from alerts.store.outbox.stale_reminders import rules_of
from alerts.store.rows import chunks, insert_new
from alerts.store.silence_rows import held_in_order, silences_after

_D, _G, _L, _R = (
    table.c
    for table in (
        delivery_tables.deliveries,
        delivery_tables.gathered,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
    )
)
_MARK_EARLY = (
    update(delivery_tables.delivery_reminders)
    .where(_L.delivery_id == bindparam("_delivery"), _L.reminder_id == bindparam("_reminder"))
    .values(hours_begin=bindparam("_hours_begin", type_=_L.hours_begin.type))
)
_LINKS = (
    select(_L.delivery_id, _L.reminder_id, _R.commitment_id, _R.occurrence, _D.recipient, _R.rule)
    .join(planning_tables.reminders, _R.id == _L.reminder_id)
    .join(delivery_tables.deliveries, _D.id == _L.delivery_id)
    .where(_L.delivery_id.in_(bindparam("ids", expanding=True)))
)
_C = tables.commitments.c
_ABOUT = MATCHED_FIELDS.add_columns(_C.latest).where(_C.id.in_(bindparam("ids", expanding=True)))
_GONE = delete(delivery_tables.deliveries).where(_D.id.in_(bindparam("ids", expanding=True)))
GATHERED_AT_ONCE = 500  # reminders that are moved in one transaction: 0.1 s, or 0.2 s with the rest of a claim
# What is held back of some commitments.
_OF_COMMITMENTS = _G.reminder_id.in_(select(_R.id).where(_R.commitment_id.in_(bindparam("_ids", expanding=True))))
_RELEASE = update(delivery_tables.gathered).where(held_in_order(_OF_COMMITMENTS)).values(held_until=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Until when a reminder waits, and whether it goes out in a digest then (None: as its rule and the number say)."""

    until: datetime
    digest: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHours:
    """What holds back alerts on a channel: the hours of its recipients. `one_at_a_time`: it takes no digest."""

    of: HoursOf = always_open
    one_at_a_time: bool = False

    def next_open(self, recipient: str, at: datetime) -> datetime:
        """Return the first instant from `at` on at which a recipient takes alerts."""
        stated = self.of(recipient)
        return stated.next_open(at) if stated else at


ANY_TIME = ChannelHours()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Which reminders of some deliveries wait. Some reminders of the `undecided` deliveries were not looked at yet."""

    waits: Mapping[UUID, Mapping[UUID, Held]]
    undecided: Collection[UUID] = ()


def held_back(
    connection: Connection, rows: Sequence[Any], now: datetime, hours: ChannelHours, *, with_silences: bool
) -> HeldBack:
    """Return which reminders of some deliveries wait, and until when. What goes out before office hours is marked.

    Others wait for the end of the transaction, so it stops after some hundred reminders that are to be gathered.
    """
    silences = silences_after(connection, now) if with_silences else []
    if not any(one.since <= now for one in silences):  # those to come only matter to what is silenced now
        silences = []
    opens = {to: hours.next_open(to, now) for to in {row["recipient"] for row in rows}}
    closed = {to: at for to, at in opens.items() if at > now}
    found: dict[UUID, dict[UUID, Held]] = defaultdict(dict)
    if not silences and not closed:
        return HeldBack(waits=found)
    decide = partial(_decide, connection, now=now, hours=hours, silences=silences, closed=closed)
    links = connection.execute(_LINKS, {"ids": [row["id"] for row in rows]}).all()
    whole = {row["id"] for row in rows if waits_in_its_delivery(row)}
    for link, held in decide([link for link in links if link.delivery_id in whole]):
        found[link.delivery_id][link.reminder_id] = held
    gathered, looked_at = 0, 0
    others = [link for link in links if link.delivery_id not in whole]
    carries = Counter(link.delivery_id for link in others)
    # Critical ones are short, and must not wait for long ones.
    others.sort(key=lambda link: (carries[link.delivery_id], link.delivery_id))
    for some in chunks(others):
        for link, held in decide(some):
            found[link.delivery_id][link.reminder_id] = held
            gathered += 1
        looked_at += len(some)
        if gathered >= GATHERED_AT_ONCE:
            break
    return HeldBack(waits=found, undecided={link.delivery_id for link in others[looked_at:]})


def waits_in_its_delivery(row: Any) -> bool:
    """Return whether held reminders stay in their delivery: it was tried, or replaces or copies another one."""
    return bool(row["attempts"]) or row["fallback_for"] is not None or row["on_behalf_of"] is not None


def _decide(
    connection: Connection,
    links: Sequence[Any],
    *,
    now: datetime,
    hours: ChannelHours,
    silences: Sequence[Silence],
    closed: Mapping[str, datetime],
) -> Iterator[tuple[Any, Held]]:
    """Yield the links whose reminders wait, and mark those that go out before office hours."""
    known = _commitments(connection, {link.commitment_id for link in links})
    silenced = {
        one for one, (commitment, _) in known.items() if any(silence.holds(commitment, now) for silence in silences)
    }
    links = [link for link in links if link.commitment_id in silenced or link.recipient in closed]
    series = fetch_whole(connection, {link.commitment_id for link in links if link.occurrence})
    rules = rules_of(connection, {link.rule for link in links})
    early: list[dict[str, Any]] = []
    for link in links:
        (commitment, latest), rule = known[link.commitment_id], rules.get(link.rule)
        if link.occurrence:
            latest = _about(series[link.commitment_id], link.occurrence).bounds.latest
        opens_at, last_firing = closed.get(link.recipient, now), partial(_last_firing, rule)
        hold = hold_at(commitment, latest, now, silences=silences, opens=opens_at, last_firing=last_firing)
        if hold.until:
            stated = rule.digest if rule else None
            alone = hours.one_at_a_time or commitment.priority == "critical" or stated is False
            digest = False if alone else True if hold.silenced_until else stated
            yield link, Held(until=hold.until, digest=digest)
        elif hold.too_late:
            begins = {"_hours_begin": hold.hours_begin}
            early.append({"_delivery": link.delivery_id, "_reminder": link.reminder_id} | begins)
    if early:
        connection.execute(_MARK_EARLY, early)


def _commitments(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Commitment, datetime | None]]:
    """Return the fields of commitments that silences match by, and their deadlines (not of series).

    To read whole commitments takes ten times as long, and others wait meanwhile.
    """
    found: dict[int, tuple[Commitment, datetime | None]] = {}
    for some in chunks(ids):
        for row in connection.execute(_ABOUT, {"ids": some}).mappings():
            found[row["id"]] = matched_fields(row), row["latest"]
    return found


def _about(tracked: Tracked, occurrence: str) -> Tracked:
    try:
        return tracked.at(occurrence)
    except InputError:  # a move removed it, and the claim finds that
        return tracked


def _last_firing(rule: Rule | None, before: datetime) -> datetime | None:
    return Cron(rule.cron, rule.timezone).before(before) if rule else None


def gather_held(connection: Connection, held: Sequence[tuple[Any, Mapping[UUID, Held]]], whole: Sequence[UUID]) -> None:
    """Move reminders from deliveries that were not tried yet to the gathered ones.

    Nothing is left of the `whole` deliveries: they are deleted.
    """
    waiting = [
        {"channel": row["channel"], "recipient": row["recipient"], "reminder_id": one, "digest": it.digest,
         "next_alert_at": _time(row["next_alert_at"].get(str(one))), "deadline": row["deadline"],
         "planned_at": row["created_at"], "held_until": it.until}
        for row, waits in held
        for one, it in waits.items()
    ]  # fmt: skip
    if waiting:
        connection.execute(insert_new(connection, delivery_tables.gathered), waiting)
    for row, waits in held:
        if row["id"] not in whole:
            carried = (_L.delivery_id == row["id"], _L.reminder_id.in_(waits))
            connection.execute(delete(delivery_tables.delivery_reminders).where(*carried))
    for some in chunks(whole):
        connection.execute(_GONE, {"ids": some})  # and, by the foreign key, their links to reminders


def with_next_alerts(reading: Reading, claims: Sequence[Delivery], hours: ChannelHours) -> list[Delivery]:
    """Return claims whose entries name the time at which silences and office hours let their next alert go."""
    waiting = [one for claim in claims for one in claim.contexts if one.next_alert_at and one.silences]
    critical = {one.reminder.rule for one in waiting if one.tracked.commitment.priority == "critical"}
    rules: Mapping[str, Rule] = {}
    if critical:
        with reading() as connection:
            rules = rules_of(connection, critical)
    return [_with_next_alerts(claim, hours.of(claim.recipient), rules) for claim in claims]


def _with_next_alerts(claim: Delivery, hours: OfficeHours | None, rules: Mapping[str, Rule]) -> Delivery:
    if not any(one.next_alert_at and (one.silences or hours) for one in claim.contexts):
        return claim
    contexts = []
    for one in claim.contexts:
        if at := one.next_alert_at:
            last_firing = partial(_last_firing, rules.get(one.reminder.rule))
            at = goes_out_at(one.tracked, at, one.silences, hours, last_firing)
        contexts.append(replace(one, next_alert_at=at))
    return replace(claim, contexts=tuple(contexts))


def release_changed(connection: Connection, ids: Collection[int]) -> None:
    """Let the next tick decide anew about what is held of changed commitments: one may be critical, or due, by now."""
    connection.execute(_RELEASE, {"_ids": list(ids)})


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
