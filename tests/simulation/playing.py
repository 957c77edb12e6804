"""A history played through the real store and the real plan; what was written down comes back as reminders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update

from alerts.core import rules as real
from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment, Party
from alerts.core.owners import OWNER
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, planning_tables, tables
from tests import acting
from tests.oracle.data import (
    Acknowledged,
    AddressedReminder,
    Closed,
    Edited,
    Event,
    History,
    Moved,
    Reopened,
    Rule,
    Snoozed,
    TakenBack,
)
from tests.oracle.data import Commitment as Stated
from tests.oracle.people import Away
from tests.simulation.staff import Back, People, Staff, person_of


def play_for(staff: Staff, history: History, folder: Path) -> tuple[list[str], int]:
    """Let all alerts go to owners who come and go; return what they should not have got or did not, and how much came.

    Whose a commitment is never changes.
    """
    store = Store(f"sqlite:///{folder}/staff.db", history.timezone)
    rules = [replace(rule_of(rule, OWNER), digest=False) for rule in history.rules]
    store.watches.register(rules, history.ticks[0])
    store.people.register(person_of(one, history.ticks[0]) for one in staff.members.values())
    ruled, stated = ScheduledRule.all(rules), dict[str, Commitment]()
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=())}
    happened = sorted([*timeline(history), *staff.events()], key=lambda one: (one[0], one[1] is None))
    look_at: datetime | None = history.ticks[0]
    for at, what in happened:
        if isinstance(what, People | Away | Back):
            staff.happen(store, at, what)
        elif what is not None:
            take_place(store, history, stated, what, owner=staff.owner(what.key))
            look_at = at
        elif look_at and look_at <= at:
            plan(store, ruled, channels, at)
            next_alert = store.watches.next_alert()
            look_at = at if staff.hand_over(store, at) else next_alert[0] if next_alert else None
    found = staff.compare(store)
    store.close()
    return found


def play(history: History, folder: Path, *, one_channel: bool = False) -> Iterator[AddressedReminder]:
    """Let everything happen in its order, with a tick at each of the ticks; yield all that was sent or merged.

    Each rule has a channel of its own, or all use one: what two of them mean alike is then sent only once.
    """
    store = Store(f"sqlite:///{folder}/simulation.db", history.timezone)
    rules = [rule_of(rule, "desk" if one_channel else rule.name) for rule in history.rules]
    store.watches.register(rules, history.ticks[0])
    ruled = ScheduledRule.all(rules)
    channels: Any = {
        name: SimpleNamespace(one_at_a_time=False, default=False, recipients=("desk@example.org",))
        for rule in rules
        for name in rule.notify
    }
    stated: dict[str, Commitment] = {}
    reaching = {"desk"} if one_channel else {rule.name for rule in history.rules if rule.reaches}
    look_at: datetime | None = history.ticks[0]
    for place, (at, what) in enumerate(timeline(history)):
        if what is not None:
            take_place(store, history, stated, what)
            look_at = at
        elif (look_at and look_at <= at) or place % 20 == 0:  # most of those that find nothing are left out
            plan(store, ruled, channels, at)
            next_alert = store.watches.next_alert()
            look_at = at if hand_over(store, at, reaching) else next_alert[0] if next_alert else None
    yield from reminders(store)
    store.close()


def take_place(
    store: Store,
    history: History,
    stated: dict[str, Commitment],
    what: Stated | Event,
    owner: str | None = None,
) -> None:
    """Record what happened; `stated` keeps how each commitment was first recorded."""
    at = what.recorded_at if isinstance(what, Stated) else what.at
    match what:
        case Stated(key=key):
            stated[key] = replace(commitment_of(what), owner=owner)
            load(store, history, stated[key], at)
        case Edited(_, key, title):
            load(store, history, replace(stated[key], title=title), at)
        case _:
            happen(store, what)


def load(store: Store, history: History, one: Commitment, at: datetime) -> None:
    parties = [
        Party(key=one.key, name=one.key, timezone=one.timezone, calendar=one.calendar) for one in history.parties
    ]
    store.commitments.load([StatedCommitment(one, one.key)], parties, [], Change(now=at, by="desk"))


def hand_over(store: Store, now: datetime, reaching: set[str]) -> bool:
    """Let all that waits be sent, or fail for good where a channel takes nothing; return whether anything was sent."""
    table = delivery_tables.deliveries
    waiting, there = table.c.state == "pending", table.c.channel.in_(reaching)
    with store.database.write() as connection:
        sent = {"state": "sent", "ended_at": now, "next_at": None, "unseen": True}
        found = connection.execute(update(table).where(waiting, there).values(sent)).rowcount > 0
        connection.execute(update(table).where(waiting).values({"state": "dead", "ended_at": now, "next_at": None}))
    return found


def timeline(history: History) -> list[tuple[datetime, Stated | Event | None]]:
    """Put all that happened and all ticks in order; what happens at the instant of a tick comes before it."""
    happened: list[tuple[datetime, Stated | Event | None]] = [
        *((one.recorded_at, one) for one in history.commitments),
        *((event.at, event) for event in history.events),
        *((tick, None) for tick in history.ticks),
    ]
    return sorted(happened, key=lambda one: one[0])


def happen(store: Store, event: Event) -> None:
    change = Change(now=event.at, by="desk")
    match event:
        case Moved(_, key, deadline, occurrence):
            acting.move(store, key, str(deadline), change, occurrence, all_occurrences=not occurrence)
        case Acknowledged(_, key, occurrence, until):
            acting.acknowledge(store, key, until, change, occurrence)
        case Snoozed(_, key, occurrence, until):
            acting.snooze(store, key, until, change, occurrence, recipient=None, past_due=True)
        case TakenBack(_, key, occurrence):
            with suppress(InputError):  # it has ended meanwhile
                acting.withdraw_answers(store, key, change, occurrence)
        case Closed(_, key, occurrence):
            acting.close(store, key, "fulfilled", change, occurrence, all_occurrences=not occurrence)
        case Reopened(_, key, occurrence):
            acting.reopen(store, key, change, occurrence)


def reminders(store: Store) -> Iterator[AddressedReminder]:
    """Read back what was planned: sent, or merged into a later one."""
    row, one = planning_tables.reminders.c, tables.commitments.c
    query = select(row.planned_at, one.key, row.occurrence, row.rule, row.kind, row.moment, row.skipped)
    with store.database.read() as connection:
        for *what, skipped in connection.execute(query.join(tables.commitments, one.id == row.commitment_id)):
            if skipped is None or skipped.startswith("merged"):
                yield AddressedReminder(*what, skipped is None)


def commitment_of(one: Stated) -> Commitment:
    more: dict[str, Any] = {}
    if one.calendars:
        more["calendars"] = one.calendars
    if one.roll != "none":
        more["roll"] = one.roll
    return Commitment(
        key=one.key,
        title=f"The {one.key}",
        deadline=str(parse(str(one.deadline))),
        kind=one.kind,  # type: ignore[arg-type]
        priority=one.priority,  # type: ignore[arg-type]
        tags=one.tags,
        by=one.by,
        timezone=one.timezone,
        review_every=str(one.review_every) if one.review_every else None,
        **more,
    )


def rule_of(rule: Rule, channel: str) -> real.Rule:
    how = rule.overdue
    overdue = how and real.Overdue(
        after=str(how.after), every=str(how.every), at_most=how.at_most, then=str(how.then or "P7D")
    )
    unanswered = rule.unanswered
    every = unanswered[1] if unanswered else None
    return real.Rule(
        name=rule.name,
        cron=rule.cron,
        timezone=rule.zone,
        match=rule.match,
        remind=real.Remind(
            before=tuple(str(lead) for lead in rule.before),
            on_the_day=rule.on_the_day,
            opens=rule.opens,
            overdue=overdue,
            moved=rule.moved,
            review=str(rule.review) if rule.review else None,
            closed=rule.closed,
            unanswered=unanswered and real.Unanswered(after=str(unanswered[0]), every=every and str(every)),
        ),
        notify=(channel,),
        acknowledged_for=str(rule.acknowledged_for) if rule.acknowledged_for else None,
    )
