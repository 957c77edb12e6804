"""Holds: what is snoozed, silenced or out of office hours waits, and the rest of its delivery goes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID, uuid5

from sqlalchemy import Connection, Select, and_, bindparam, func, insert, or_, select, update

from alerts.core.reminders import NAMESPACE
from alerts.core.schedule.answers import resumes_at
from alerts.core.tracked import Snooze
from alerts.cron import Cron
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.errors import InputError
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.occurrence_rows import fetch_whole
from alerts.store.outbox.held_back import (
    ANY_TIME,
    ChannelHours,
    Held,
    HeldBack,
    gather_held,
    held_back,
    waits_in_its_delivery,
)
from alerts.store.outbox.stale_reminders import rules_of
from alerts.store.rows import chunks

_D, _G, _L, _R, _O, _S, _W = (
    table.c
    for table in (
        delivery_tables.deliveries,
        delivery_tables.gathered,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        tables.occurrences,
        tables.snoozes,
        planning_tables.watches,
    )
)
SENT_DESPITE_SNOOZE = ("moved", "closed", "reopened")
PLANNED_BY = timedelta(hours=1)  # what was held waits this long for the planner to find a later reminder
ASK_AGAIN = timedelta(seconds=5)
Whom = Literal["everybody", "recipient"]
WHOM: tuple[Whom, ...] = get_args(Whom)
# Statements are built once: to build one takes longer than to execute it.
_LINK = (_L.delivery_id, _L.reminder_id, _D.channel, _D.recipient, _R.commitment_id, _R.occurrence, _R.rule, _R.send_at)
_HOLDABLE = (_L.delivery_id.in_(bindparam("ids", expanding=True)), _R.kind.not_in(SENT_DESPITE_SNOOZE))
_SNOOZED: dict[Whom, Select[Any]] = {
    "everybody": select(*_LINK, _O.snoozed_by.label("by"), _O.snoozed_at.label("at"), _O.snoozed_until.label("until"))
    .join(planning_tables.reminders, _R.id == _L.reminder_id)
    .join(delivery_tables.deliveries, _D.id == _L.delivery_id)
    .join(
        tables.occurrences,
        and_(_O.commitment_id == _R.commitment_id, or_(_O.occurrence == _R.occurrence, _O.occurrence == "")),
    )
    # Reminders that were planned after that already consider the snooze.
    .where(*_HOLDABLE, _O.snoozed_until.is_not(None), _R.send_at <= _O.snoozed_at),
    "recipient": select(*_LINK, _S.by, _S.at, _S.until)
    .join(planning_tables.reminders, _R.id == _L.reminder_id)
    .join(delivery_tables.deliveries, _D.id == _L.delivery_id)
    .join(
        tables.snoozes,
        and_(
            _S.commitment_id == _R.commitment_id,
            or_(_S.occurrence == _R.occurrence, _S.occurrence == ""),
            _S.recipient == func.lower(_D.recipient),
        ),
    )
    .where(*_HOLDABLE, _S.until > bindparam("over_since")),
}
_CARRIED = select(_L.delivery_id, _L.reminder_id).where(_L.delivery_id.in_(bindparam("ids", expanding=True)))
_DELIVERY = _D.id == bindparam("_id")
_WAIT = update(delivery_tables.deliveries).where(_DELIVERY).values(
    held_until=bindparam("_until"), state=bindparam("_state"), lease_until=None
)  # fmt: skip
_FORGET_PAYLOAD = update(delivery_tables.deliveries).where(_DELIVERY).values(payload=None, payload_hash=None)
# The watches of some commitments that are due, and what of them is gathered and not held back: that does not come soon.
_DUE = select(_W.rule, _W.commitment_id, _W.occurrence, _W.next_at).where(
    _W.commitment_id.in_(bindparam("ids", expanding=True)), _W.next_at <= bindparam("now")
)
_GATHERED = (
    select(_G.channel, _G.recipient, _R.commitment_id, _R.occurrence)
    .join(planning_tables.reminders, _R.id == _G.reminder_id)
    .where(_R.commitment_id.in_(bindparam("ids", expanding=True)), _G.held_until.is_(None))
)


def hold(
    connection: Connection, rows: Sequence[Any], now: datetime, hours: ChannelHours = ANY_TIME, *,
    snoozed_for: tuple[Whom, ...] = WHOM,
) -> Sequence[Any]:  # fmt: skip
    """Hold reminders that must wait, and return the rows of deliveries that still carry others.

    `snoozed_for`: which snoozes count; silences count with those for everybody. If only some reminders of a delivery
    wait, they leave it, and the rest goes out.
    """
    rows = _hold_snoozed(connection, rows, now, snoozed_for)
    held = held_back(connection, rows, now, hours, with_silences="everybody" in snoozed_for)
    return _hold_back(connection, rows, held, now, hours)


def _hold_back(
    connection: Connection, rows: Sequence[Any], found: HeldBack, now: datetime, hours: ChannelHours
) -> Sequence[Any]:
    """Hold what a silence or office hours hold back: in its delivery, if that was tried, or replaces or copies another.

    Undecided deliveries are left for the next claim.
    """
    held, carried = found.waits, _carried(connection, found.waits)
    left: list[Any] = []
    gathers: list[tuple[Any, Mapping[UUID, Held]]] = []
    gone: list[UUID] = []
    for row in rows:
        waits = held.get(row["id"], {})
        whole = waits.keys() >= carried[row["id"]]
        opens = hours.next_open(row["recipient"], now) if row["summary"] is not None else now
        if opens > now:
            _wait(connection, row, opens)
        elif not waits:
            left += [row] if row["id"] not in found.undecided else []
        elif waits_in_its_delivery(row):
            ends = {reminder: one.until for reminder, one in waits.items()}
            if whole:
                _wait(connection, row, min(ends.values()))
            else:
                left.append(_split_off(connection, row, ends))
        else:
            gathers.append((row, waits))
            if whole:
                gone.append(row["id"])
            else:
                rest = _without_payload(connection, row)
                left += [rest] if row["id"] not in found.undecided else []
    gather_held(connection, gathers, gone)
    return left


def _hold_snoozed(
    connection: Connection, rows: Sequence[Any], now: datetime, snoozed_for: tuple[Whom, ...]
) -> Sequence[Any]:
    """Hold snoozed reminders: in their delivery, or in one of their own where others are in it."""
    ids = [row["id"] for row in rows]
    links = _snoozed(connection, ids, now, snoozed_for)
    if not links:
        return rows
    held = _held_until(connection, links, now)
    carried = _carried(connection, held)
    left: list[Any] = []
    for row in rows:
        waits = held.get(row["id"])
        if not waits:
            left.append(row)
        elif waits.keys() >= carried[row["id"]]:
            _wait(connection, row, min(waits.values()))
        else:
            left.append(_split_off(connection, row, waits))
    return left


def _carried(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
    """Return the reminders that deliveries carry."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    if ids:
        for one, reminder in connection.execute(_CARRIED, {"ids": list(ids)}):
            found[one].add(reminder)
    return found


def _snoozed(connection: Connection, ids: Collection[UUID], now: datetime, snoozed_for: tuple[Whom, ...]) -> list[Any]:
    """Return the reminders that are snoozed, or were until a moment ago: they may still wait for the next run."""
    found: list[Any] = []
    for whom in snoozed_for:
        rows = connection.execute(_SNOOZED[whom], {"ids": list(ids), "over_since": now - PLANNED_BY}).mappings()
        found += [{**row, "for_all": whom == "everybody"} for row in rows]
    return found


def _held_until(
    connection: Connection, links: Sequence[Mapping[str, Any]], now: datetime
) -> dict[UUID, dict[UUID, datetime]]:
    """Return until when each reminder waits, by delivery."""
    tracked = fetch_whole(connection, {link["commitment_id"] for link in links})
    rules = rules_of(connection, {link["rule"] for link in links})
    crons = {name: Cron(rule.cron, rule.timezone) for name, rule in rules.items()}
    ends: list[tuple[Mapping[str, Any], datetime]] = []
    for link in links:
        whole = tracked[link["commitment_id"]]
        try:
            one = whole.at(link["occurrence"])
        except InputError:  # a move removed it, and the claim finds that
            continue
        snooze = Snooze(by=link["by"], at=link["at"], until=link["until"])
        if not one.open or (one.stated_at and snooze.until <= one.stated_at):
            continue
        cron = crons.get(link["rule"])
        ends.append((link, _resumes(snooze, one.bounds, cron, for_all=link["for_all"])))
    over = [link for link, until in ends if until <= now < until + PLANNED_BY]
    # A later reminder may replace these: it must be planned, and put into its digest, first.
    ends += [(link, now + ASK_AGAIN) for link in _followed_soon(connection, over, now)]
    held: dict[UUID, dict[UUID, datetime]] = defaultdict(dict)
    for link, until in ends:
        if until > now:
            waits = held[link["delivery_id"]]
            waits[link["reminder_id"]] = max(until, waits.get(link["reminder_id"], until))
    return held


def _resumes(snooze: Snooze, bounds: Bounds, cron: Cron | None, *, for_all: bool) -> datetime:
    """Return when it goes out: at the end of the snooze, or at the next run of the rule.

    The rule decides after a snooze for everybody, and after one that lasts until the deadline itself.
    """
    too_late = bounds.latest is not None and snooze.until == bounds.latest
    return resumes_at(snooze, bounds, cron) if cron and (for_all or too_late) else snooze.until


def _followed_soon(
    connection: Connection, links: Sequence[Mapping[str, Any]], now: datetime
) -> list[Mapping[str, Any]]:
    """Return those with a due watch, or with a reminder gathered for the same recipient."""
    due: dict[tuple[Any, ...], datetime] = {}
    gathered: set[tuple[Any, ...]] = set()
    about, destination = ("commitment_id", "occurrence"), ("channel", "recipient")
    for some in chunks({link["commitment_id"] for link in links}):
        due |= {tuple(mine): at for *mine, at in connection.execute(_DUE, {"ids": some, "now": now})}
        gathered |= set(connection.execute(_GATHERED, {"ids": some}).tuples())
    found = []
    for link in links:
        mine = tuple(link[name] for name in about)
        at = due.get((link["rule"], *mine))
        fires = at is not None and (link["for_all"] or at >= link["until"])  # otherwise it was planned while it waited
        if fires or (*(link[name] for name in destination), *mine) in gathered:
            found.append(link)
    return found


def _wait(connection: Connection, row: Any, until: datetime) -> None:
    state = "retry" if row["state"] == "leased" else row["state"]
    connection.execute(_WAIT, {"_id": row["id"], "_until": until, "_state": state})


def _split_off(connection: Connection, row: Any, waits: Mapping[UUID, datetime]) -> dict[str, Any]:
    """Move waiting reminders to deliveries of their own, one for each time; return the rest, to be rendered anew."""
    by_time: dict[datetime, list[UUID]] = defaultdict(list)
    for reminder, until in waits.items():
        by_time[until].append(reminder)
    for until, some in by_time.items():
        one = uuid5(NAMESPACE, "\x1f".join(["held", str(row["id"]), *sorted(map(str, some))]))
        copied = {
            name: row[name]
            for name in (
                "channel",
                "recipient",
                "created_at",
                "next_alert_at",
                "deadline",
                "fallback_for",
                "on_behalf_of",
            )
        }
        due = {"next_at": row["next_at"] or row["created_at"], "held_until": until}  # the end of the snooze releases it
        fresh = {"id": one, "state": "pending", "attempts": 0, "fence": 0, **due}
        connection.execute(insert(delivery_tables.deliveries).values(fresh | copied))
        mine = (_L.delivery_id == row["id"], _L.reminder_id.in_(some))
        connection.execute(update(delivery_tables.delivery_reminders).where(*mine).values(delivery_id=one))
    return _without_payload(connection, row)


def _without_payload(connection: Connection, row: Any) -> dict[str, Any]:
    """Return the row of a delivery that is to be rendered anew."""
    connection.execute(_FORGET_PAYLOAD, {"_id": row["id"]})
    return {**row, "payload": None, "payload_hash": None}
