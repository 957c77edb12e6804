"""Who gets the next alert about a commitment, and who does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts.core.absences import Absentee
from alerts.core.alert_recipients import AlertRecipient, RecipientsOfAlerts
from alerts.core.forecast import Forecast
from alerts.core.rules import matching
from alerts.core.tracked import Tracked
from alerts.forecasting import first_alerts, next_alerts
from alerts.views.sending_times import due_forecast, goes_out
from alerts.views.shown_times import shown
from alerts.views.surroundings import Reading


def alerts_next(
    reading: Reading, known: RecipientsOfAlerts, item: Tracked, occurrence: str, now: datetime
) -> list[Forecast]:
    """Return all that goes out next about a commitment, or about one occurrence; of what recurs, the first one."""
    rules, owners, at = reading.rules, reading.owners, goes_out(known, reading.rules, now)
    if not occurrence:
        first = first_alerts(reading.store, rules, now, owners, [item.id], goes_out_at=at).get(item.id)
        if first is None:
            return []
        occurrence = first.reminder.occurrence
    return next_alerts(
        reading.store, reading.rules, now, reading.owners, only=item.id, occurrence=occurrence, goes_out_at=at
    )


def recipients_of_next(
    reading: Reading, known: RecipientsOfAlerts, item: Tracked, alerts: Sequence[Forecast], now: datetime
) -> list[AlertRecipient]:
    """Return who gets the next alert, and who does not, with those whom only other rules alert.

    `known` has the recipients of each channel, and the snoozes of the commitment.
    """
    names = list(dict.fromkeys(one.reminder.rule for one in alerts))
    notify = tuple(target for name in names for target in reading.rules[name].rule.notify)
    due = replace(due_forecast(known, reading.rules[names[0]], alerts[0], now), notify=notify)
    found = known.of(due)
    listed = {(one.channel, one.address) for one in found}
    others = [rule for rule in matching(reading.settings.rules, item.commitment) if rule.name not in names]
    for rule in others:
        for one in known.of(replace(due, notify=rule.notify)):
            if not one.why_not and not one.on_behalf_of and (one.channel, one.address) not in listed:
                listed.add((one.channel, one.address))
                found.append(replace(one, why_not=f"only rule {rule.name} alerts there"))
    return found


def recipient_note(one: AlertRecipient, first: datetime, zone: str) -> str:
    """Return why somebody does not get an alert, or for whom they do, and when that is later than the `first`."""
    until = f" until {shown(one.snooze.until, zone)}" if one.snooze and one.why_not else ""
    later = f"not before {shown(one.at, zone)} (office hours)" if one.at > first else ""
    if one.why_not:
        return f"{one.why_not}{until}"
    return ", ".join(filter(None, (_for_whom(one.on_behalf_of), later)))


def _for_whom(absent: Sequence[Absentee]) -> str:
    """Return for whom a deputy gets it: `for Ann Lee, away until Mon 4 Jan 2027 00:00`."""
    named = [
        f"{one.name}, away until {shown(one.back_at, one.zone)}" if one.back_at else f"{one.name}, who has left"
        for one in absent
    ]
    return f"for {', and '.join(named)}" if named else ""
