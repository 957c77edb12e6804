"""When the next alerts about commitments go out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.core.rules import matching
from alerts.core.schedule.answers import snoozed_now
from alerts.core.tracked import Tracked
from alerts.views.recipients import everybody
from alerts.views.shown_times import shown
from alerts.views.silenced_alerts import silenced_until
from alerts.views.surroundings import Reading

MAX_COMPUTED = 1000  # changed commitments whose next alert a listing computes
FEW = 500  # commitments: of more, it costs less to read those of all


@dataclass(frozen=True, slots=True)
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
        changed = reading.store.watches.changed().intersection(item.id for item in items)
        # What is stored of a snoozed one is the end of the snooze, where nothing may go out.
        unclear = changed.union(item.id for item in items if snoozed_now(item, now))
        if len(unclear) > MAX_COMPUTED:
            return cls(
                _held_back(reading, items, _stored(reading, items, exclude=changed), now), changed, now, reading.zone
            )
        if not unclear:
            return cls(_held_back(reading, items, _stored(reading, items, exclude=()), now), set(), now, reading.zone)
        from alerts.forecasting import first_alerts

        ahead = first_alerts(reading.store, reading.rules, now, reading.owners, unclear)
        worked_out = {one: alert.reminder.send_at for one, alert in ahead.items() if alert}
        found = _stored(reading, items, exclude=unclear) | worked_out
        return cls(_held_back(reading, items, found, now), set(), now, reading.zone)

    def text(self, id_: int) -> str:
        """Return when the next alert goes out, as a listing shows it; a dash where none will."""
        if id_ in self.pending:
            return "not known yet"
        at = self.at.get(id_)
        return "within a minute" if at and at <= self.now else shown(at, self.zone)


def _held_back(
    reading: Reading, items: Iterable[Tracked], found: dict[int, datetime], now: datetime
) -> dict[int, datetime]:
    """Return when the next alerts go out: what is silenced then goes out when the silence lets it go."""
    known, held = everybody(reading, now), dict(found)
    if not known.silences:
        return found
    for item in items:
        if (at := found.get(item.id)) is not None:
            due = max(at, now)
            rules = [one.name for one in matching(reading.settings.rules, item.commitment)]
            held[item.id] = min((silenced_until(reading, known, item, rule, due) or at for rule in rules), default=at)
    return held


def _stored(reading: Reading, items: Collection[Tracked], *, exclude: Collection[int]) -> dict[int, datetime]:
    """Return when the next alert about each commitment goes out, as the last tick has stored it."""
    owners, rules = reading.owners, {one.name: one for one in reading.settings.rules}
    few = [one.id for one in items] if len(items) <= FEW else None
    by_rule, found = reading.store.ledger.next_alert_at(few), {}
    for item in (one for one in items if one.id not in exclude):
        times = [
            at
            for name, at in by_rule.get(item.id, {}).items()
            if name not in rules or owners.channels(rules[name].notify, item.commitment)
        ]
        if times:
            found[item.id] = min(times)
    return found
