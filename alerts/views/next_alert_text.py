"""The next alert about a commitment as a line: when, what it is about, and to whom."""

from __future__ import annotations

from datetime import datetime

from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.alert_wording import describe_alert
from alerts.core.forecast import Forecast
from alerts.views.sending_times import SendingTimes, due_forecast
from alerts.views.shown_times import shown_with_zone, soon
from alerts.views.surroundings import Reading


def next_alert_line(reading: Reading, alert: Forecast, now: datetime, known: RecipientsOfAlerts) -> str:
    """Return when an alert goes out, what it is about and to whom."""
    reminder, about = alert.reminder, alert.tracked.commitment
    times = SendingTimes.of(known, due_forecast(known, reading.rules[reminder.rule], alert, now))
    held = _what_holds(times)
    when = shown_with_zone(times.at, reading.zone) if held else soon(reminder.send_at, now, reading.zone)
    text = describe_alert(about, reminder.kind, reminder.offset, alert.tracked.bounds, at=times.at, zone=reading.zone)
    which = f"{reminder.occurrence}: " if reminder.occurrence else ""
    return f"next alert: {when}{held}, {which}{text}, to {times.shown_targets(reading.zone)}"


def _what_holds(times: SendingTimes) -> str:
    """Return what holds an alert back until it goes out; empty for nothing."""
    if times.silenced_until and times.hours_begin:
        return " (a silence and office hours hold it back until then)"
    if times.silenced_until:
        return " (a silence holds it back until then)"
    return " (office hours begin then)" if times.hours_begin else ""
