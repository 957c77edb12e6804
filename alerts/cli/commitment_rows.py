"""Commitments as the commands list them: one row each, with their answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.cli.app import App
from alerts.cli.output import as_rfc3339, shown
from alerts.cli.recipients import everybody
from alerts.cli.silenced_alerts import silenced_until
from alerts.core.rules import matching
from alerts.core.schedule.answers import acknowledged_now, own_snoozes_now, paused_until, snoozed_now
from alerts.core.tracked import OwnSnooze, Tracked

MAX_COMPUTED = 1000  # changed commitments whose next alert a listing computes


def whom(snooze: OwnSnooze) -> str:
    """Return for whom an own snooze holds."""
    return snooze.name or snooze.recipient


def answered(app: App, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[str]:
    """Return who has acknowledged and snoozed it, and until when. Ended answers are left out."""
    rules, lines = matching(app.settings.rules, item.commitment), []
    if acknowledgement := acknowledged_now(rules, item, now):
        ends = paused_until(rules, item, now)
        lines.append(f"acknowledged by {acknowledgement.by}" + (f" until {shown(ends, app.zone)}" if ends else ""))
    return lines + snoozes(app, item, own, now)


def snoozes(app: App, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[str]:
    """Return who has snoozed it or one of its occurrences, for everybody or for one recipient."""
    lines = [f"snoozed by {one.by} until {shown(one.until, app.zone)}" for one in [snoozed_now(item, now)] if one]
    for one in own_now(item, own, now):
        which = f"{one.occurrence} " if one.occurrence and not item.occurrence else ""
        lines.append(f"{which}snoozed by {one.by} until {shown(one.until, app.zone)} (for {whom(one)} only)")
    return lines


def own_now(item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[OwnSnooze]:
    """Return the active snoozes of single recipients, including those of occurrences."""
    return [one for one in own if own_snoozes_now([one], replace(item, occurrence=one.occurrence), now)]


@dataclass(frozen=True, slots=True)
class NextAlerts:
    """When the next alert about each commitment goes out, by id. The next tick works out those that are `pending`."""

    at: dict[int, datetime]
    pending: set[int]
    now: datetime
    zone: str

    @classmethod
    def of(cls, app: App, items: Collection[Tracked], now: datetime) -> NextAlerts:
        """Work out what has changed since the last tick, up to a number of commitments; read the others.

        Rules that reach nobody are left out.
        """
        changed = app.store.watches.changed().intersection(item.id for item in items)
        # What is stored of a snoozed one is the end of the snooze, where nothing may go out.
        unclear = changed.union(item.id for item in items if snoozed_now(item, now))
        if len(unclear) > MAX_COMPUTED:
            return cls(_held_back(app, items, _stored(app, items, exclude=changed), now), changed, now, app.zone)
        if not unclear:
            return cls(_held_back(app, items, _stored(app, items, exclude=()), now), set(), now, app.zone)
        from alerts.forecasting import first_alerts

        ahead = first_alerts(app.store, app.rules, now, app.owners, unclear)
        worked_out = {one: alert.reminder.send_at for one, alert in ahead.items() if alert}
        found = _stored(app, items, exclude=unclear) | worked_out
        return cls(_held_back(app, items, found, now), set(), now, app.zone)

    def text(self, id_: int) -> str:
        """Return when the next alert goes out, as a listing shows it; a dash where none will."""
        if id_ in self.pending:
            return "not known yet"
        at = self.at.get(id_)
        return "within a minute" if at and at <= self.now else shown(at, self.zone)


def _held_back(app: App, items: Iterable[Tracked], found: dict[int, datetime], now: datetime) -> dict[int, datetime]:
    """Return when the next alerts go out: what is silenced then goes out when the silence lets it go."""
    known, held = everybody(app, now), dict(found)
    if not known.silences:
        return found
    for item in items:
        if (at := found.get(item.id)) is not None:
            due = max(at, now)
            rules = [one.name for one in matching(app.settings.rules, item.commitment)]
            held[item.id] = min((silenced_until(app, known, item, rule, due) or at for rule in rules), default=at)
    return held


def _stored(app: App, items: Iterable[Tracked], *, exclude: Collection[int]) -> dict[int, datetime]:
    """Return when the next alert about each commitment goes out, as the last tick has stored it."""
    by_rule, owners, rules = app.store.ledger.next_alert_at(), app.owners, {one.name: one for one in app.settings.rules}
    found = {}
    for item in (one for one in items if one.id not in exclude):
        times = [
            at
            for name, at in by_rule.get(item.id, {}).items()
            if name not in rules or owners.channels(rules[name].notify, item.commitment)
        ]
        if times:
            found[item.id] = min(times)
    return found


def next_alert_row(at: datetime | None) -> dict[str, Any]:
    """Return when the next alert goes out, as JSON shows it. `speaks_next` is the old name."""
    return {"next_alert_at": as_rfc3339(at), "speaks_next": as_rfc3339(at)}


def row_of(app: App, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> dict[str, Any]:
    """Return a commitment as JSON shows it."""
    commitment, acknowledgement = item.commitment, item.current_acknowledgement
    return {
        "key": commitment.key,
        "title": commitment.title,
        "kind": commitment.kind,
        "priority": commitment.priority,
        "status": commitment.status,
        "by": commitment.by,
        "to": commitment.to,
        "owner": commitment.owner,
        "tags": commitment.tags,
        "deadline": commitment.deadline,
        "earliest": as_rfc3339(item.bounds.earliest),
        "latest": as_rfc3339(item.bounds.latest),
        "timezone": item.bounds.zone,
        "bounds_version": item.bounds_version,
        "acknowledged": acknowledgement
        and {
            "by": acknowledgement.by,
            "at": as_rfc3339(acknowledgement.at),
            "until": as_rfc3339(acknowledgement.until),
            "stage": acknowledgement.stage,
        },
        "snoozed": item.snooze and {"by": item.snooze.by, "until": as_rfc3339(item.snooze.until)},
        "own_snoozes": [
            {
                "recipient": one.recipient,
                "occurrence": one.occurrence or None,
                "by": one.by,
                "until": as_rfc3339(one.until),
            }
            for one in own_now(item, own, now)
        ],
        "rules": [rule.name for rule in matching(app.settings.rules, commitment)],
    }
