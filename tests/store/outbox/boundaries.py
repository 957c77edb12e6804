"""A desk around a silence that ends, an absence that begins and ends, and somebody who leaves: who received what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from alerts.core.absences import Absence
from alerts.core.commitments import Person
from alerts.core.deliveries import Delivery, Outcome
from alerts.core.envelopes import Routes
from alerts.core.rules import Overdue
from alerts.core.silences import Silence
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, planning_tables
from alerts.store.outbox.reach import ServedRecipients
from tests.factories import LEASE, at, entry, load, remind, rule

START, END = at("2025-11-02T09:00"), at("2025-11-09T09:00")
SILENT_FROM, SILENT_UNTIL = at("2025-11-03T00:00"), at("2025-11-06T12:00")
AWAY, BACK = at("2025-11-05T06:00"), at("2025-11-07T06:00")
LEFT = at("2025-11-06T00:00")
SECOND = timedelta(seconds=1)
ANA = Person(key="ana", name="Ana", email="ana@example.org", deputy="bo")
BO = Person(key="bo", name="Bo", email="bo@example.org")
CY = Person(key="cy", name="Cy", email="cy@example.org", deputy="bo", left_at=LEFT)
DESK = rule(
    cron="0 * * * *",
    remind=remind(before=("P5D", "P3D", "P1D"), on_the_day=True, overdue=Overdue()),
    notify=("owner",),
)
SCHEDULED = ScheduledRule.all([DESK])
DEADLINES = ("2025-11-04", "2025-11-05T15:30", "2025-11-06T10:00", "2025-11-07", "2025-11-08T12:00")
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=())}
OPERATORS = Routes(recipients={"ops": ("desk@example.org",)})
Alert = tuple[str, str, datetime]  # of which commitment, of which kind, about which moment


@dataclass(frozen=True, slots=True)
class Received:
    """An alert that was handed over. `at`: the clock of the process that claimed it."""

    recipient: str
    alert: Alert
    at: datetime
    is_copy: bool


def set_up(store: Store) -> None:
    """Have Ana and Cy own commitments of each date, critical ones too."""
    store.people.register([ANA, BO, CY])
    load(
        store,
        *(
            entry(f"{owner}-{priority}-{number}", deadline, owner=owner, priority=priority)
            for owner in ("ana", "cy")
            for priority in ("normal", "critical")
            for number, deadline in enumerate(DEADLINES)
        ),
        now=START,
    )
    store.silences.add(silence())
    absence = Absence(person="ana", starts_at=AWAY, ends_at=BACK, zone="UTC", recorded_by="desk")
    store.absences.record(absence, START, "shell")
    store.watches.register([DESK], START)
    store.watches.settle()


def silence() -> Silence:
    return Silence(match={}, since=SILENT_FROM, until=SILENT_UNTIL, reason="the office moves", by="desk")


def turn(store: Store, now: datetime) -> list[Received]:
    """Plan and hand over what is due, as a daemon does; return it."""
    plan(store, SCHEDULED, CHANNELS, now)
    return hand_over(store, now)


def hand_over(store: Store, now: datetime) -> list[Received]:
    """Hand over what is due; return it."""
    found: list[Received] = []
    served = ServedRecipients(recipients=(), owners=True)
    while claims := store.outbox.claim("mail", now, 3, LEASE, served=served, operators=OPERATORS):
        store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
        found += [one for claim in claims for one in _received(claim, now)]
    return found


def _received(claim: Delivery, now: datetime) -> Iterable[Received]:
    for one in claim.contexts:
        reminder = one.reminder
        alert = (reminder.commitment, reminder.kind, reminder.moment)
        yield Received(claim.recipient, alert, now, bool(claim.on_behalf_of))


def check(found: Sequence[Received]) -> None:
    """Check that each alert went once to the right people, by the clock of the process that has claimed it."""
    received = Counter((one.recipient, one.alert) for one in found)
    assert set(received.values()) == {1}, [one for one, times in received.items() if times > 1]
    own = {one.alert: one.at for one in found if not one.is_copy}
    copies = {one.alert: one for one in found if one.is_copy}
    for alert, claimed_at in own.items():
        owner = alert[0].partition("-")[0]
        away = owner == "ana" and AWAY <= claimed_at < BACK
        # Where one replica plans while another sends, a later alert may overtake the copy of one that is under way.
        copied = alert in copies or any(_overtakes(one, alert, claimed_at) for one in copies.values())
        assert copied if away else alert not in copies, f"{alert}, claimed at {claimed_at}"
        assert owner != "cy" or claimed_at < LEFT, f"{alert} went to somebody who had left, at {claimed_at}"
    assert {one.recipient for one in copies.values()} == {BO.email}
    for alert, copy in copies.items():
        # The same the other way round: the alert itself is overtaken after its lease, and its copy is sent already.
        sent = alert in own or any(_overtakes(one, alert, copy.at) for one in found if not one.is_copy)
        assert sent or (alert[0].startswith("cy") and copy.at >= LEFT), f"only a copy of {alert}, at {copy.at}"


def _overtakes(one: Received, alert: Alert, claimed_at: datetime) -> bool:
    """Whether a later alert about the same commitment came with it, within the time by which clocks differ."""
    return one.alert[0] == alert[0] and one.alert[2] > alert[2] and abs(one.at - claimed_at) <= 2 * SECOND


def held_too_long(store: Store, now: datetime) -> list[str]:
    """Return the critical commitments whose deadline has passed while an alert from before it still waits."""
    links, open_states = delivery_tables.delivery_reminders, delivery_tables.OPEN
    reminders, gathered = planning_tables.reminders, delivery_tables.gathered
    about = (reminders.c.commitment_id, reminders.c.send_at)
    waiting = select(*about).join(links, links.c.reminder_id == reminders.c.id).join(delivery_tables.deliveries)
    held = select(*about).join(gathered, gathered.c.reminder_id == reminders.c.id)
    with store.database.read() as connection:
        found = {*connection.execute(held).tuples(), *connection.execute(waiting.where(open_states)).tuples()}
    if not found:
        return []
    tracked = {one.id: one for one in store.ledger.tracked()}
    return [
        tracked[one].commitment.key
        for one, send_at in found
        if tracked[one].commitment.priority == "critical"
        and (latest := tracked[one].bounds.latest) is not None
        and send_at < latest <= now
    ]


def lost(store: Store, now: datetime) -> list[str]:
    """Return the alerts that were neither sent, nor replaced or skipped for a reason."""
    found = []
    for item in store.ledger.tracked():
        for one in store.ledger.reminders(item.id):
            ended = [each for each in one["deliveries"] if each["state"] == "sent" or each["last_error"]]
            if one["skipped"] is None and len(ended) < max(1, len(one["deliveries"])):
                found.append(f"{item.commitment.key}: {one['kind']} of {one['moment']} at {now}")
    return found
