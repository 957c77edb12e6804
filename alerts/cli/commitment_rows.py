"""Commitments as the commands list them: one row each, with their answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.cli.app import App
from alerts.cli.output import as_rfc3339, shown
from alerts.core.rules import matching
from alerts.core.schedule.answers import acknowledged_now, own_snoozes_now, paused_until, snoozed_now
from alerts.core.tracked import OwnSnooze, Tracked

WORKED_OUT = 200  # changed commitments: a listing works out the next alert of so many


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
    def of(cls, app: App, now: datetime, *, only: int | None = None) -> NextAlerts:
        """Work out what has changed since the last tick, up to a number of commitments; read the others."""
        watched = app.store.watches.watched_commitments(changed_only=True, only=only)
        changed = {one.tracked.id for some in watched for one in some}
        at = {one: when for one, when in app.store.ledger.next_alert_at().items() if one not in changed}
        if 0 < len(changed) <= WORKED_OUT:
            from alerts.forecasting import next_alerts_of_changes

            ahead = next_alerts_of_changes(app.store, app.rules, now, app.owners, only=only)
            return cls(at | {one: when for one, when in ahead.items() if when}, set(), now, app.zone)
        return cls(at, changed, now, app.zone)

    def text(self, id_: int) -> str:
        """Return when the next alert goes out, as a listing shows it; a dash where none will."""
        if id_ in self.pending:
            return "not worked out yet"
        at = self.at.get(id_)
        return "within a minute" if at and at <= self.now else shown(at, self.zone)


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
