"""When the next alerts about commitments go out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.schedule.answers import snoozed_now
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen
from alerts.scheduled_rules import ScheduledRule
from alerts.views.recipients import everybody
from alerts.views.sending_times import due_alert, goes_out
from alerts.views.shown_times import shown
from alerts.views.surroundings import Reading

MAX_COMPUTED = 1000  # changed commitments whose next alert a listing computes


@frozen
class NextAlerts:
    """When the next alert about each commitment goes out, by id. The next tick works out those that are `pending`."""

    at: dict[int, datetime]
    pending: set[int]
    now: datetime
    zone: str

    @classmethod
    def of(cls, reading: Reading, items: Collection[Tracked], now: datetime) -> NextAlerts:
        """Work out what has changed since the last tick, up to a number of commitments; read the others.

        Rules that reach nobody are left out.
        """
        changed = reading.store.watches.changed([item.id for item in items])
        # What is stored of a snoozed one is the end of the snooze, where nothing may go out.
        unclear = changed.union(item.id for item in items if snoozed_now(item, now))
        known = everybody(reading, now)
        if len(unclear) > MAX_COMPUTED:
            return cls(_stored(reading, known, items, now, exclude=changed), changed, now, reading.zone)
        found = _stored(reading, known, items, now, exclude=unclear)
        return cls(found | _computed(reading, known, unclear, now), set(), now, reading.zone)

    def text(self, id_: int) -> str:
        """Return when the next alert goes out, as a listing shows it; a dash where none will."""
        if id_ in self.pending:
            return "not known yet"
        at = self.at.get(id_)
        return "within a minute" if at and at <= self.now else shown(at, self.zone)


def _computed(reading: Reading, known: RecipientsOfAlerts, ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Return when the next alert about each commitment goes out, computed as the next tick would."""
    if not ids:
        return {}
    from alerts.forecasting import first_alerts

    goes_out_at = goes_out(known, reading.rules, now)
    ahead = first_alerts(reading.store, reading.rules, now, reading.owners, ids, goes_out_at=goes_out_at)
    return {one: goes_out_at(alert) for one, alert in ahead.items() if alert}


def _stored(
    reading: Reading, known: RecipientsOfAlerts, items: Collection[Tracked], now: datetime, *, exclude: Collection[int]
) -> dict[int, datetime]:
    """Return when the next alert about each commitment goes out, by what the last tick has stored."""
    wanted = [one for one in items if one.id not in exclude]
    by_rule, found, rules = reading.store.ledger.next_alert_at(one.id for one in wanted), {}, reading.rules
    for item in wanted:
        times = [
            _goes_out_at(known, rules.get(name), item, at, now)
            for name, at in by_rule.get(item.id, {}).items()
            if name not in rules or known.owners.channels(rules[name].rule.notify, item.commitment)
        ]
        if times:
            found[item.id] = min(times)
    return found


def _goes_out_at(
    known: RecipientsOfAlerts, scheduled: ScheduledRule | None, item: Tracked, at: datetime, now: datetime
) -> datetime:
    """Return when an alert of a rule (None: of another configuration) goes out that is due `at`."""
    if scheduled is None:
        return at
    due = due_alert(known, scheduled, item, max(at, now))
    first = known.first_at(due)
    if first > due.at and item.recurs:  # it is about one of its dates, which may be too near to wait
        first = known.first_at(replace(due, about=item.current))
    return first if first > due.at else at
