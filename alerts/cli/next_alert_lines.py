"""The next alert about what was changed or answered: when, about what, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.cli.app import App
from alerts.cli.output import print_line
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.alert_wording import describe_alert
from alerts.core.forecast import Forecast
from alerts.forecasting import first_alerts
from alerts.views.recipients import everybody, recipients
from alerts.views.shown_times import shown, shown_with_zone, soon
from alerts.views.silenced_alerts import silenced_until

NONE = "no alert follows"
NONE_FOR_LONG = "no alert goes out in the next two years"  # of what recurs, no more is looked at
MAX_NAMED = 20  # commitments that one command changed


def print_next_alerts(
    app: App, keys: Iterable[str], now: datetime, held_until: Mapping[str, datetime] | None = None
) -> None:
    """Print a line for each commitment. `held_until`: until when its alerts wait for the one who snoozed it."""
    found = [app.store.commitments.find(key) for key in dict.fromkeys(keys)]
    known = everybody(app, now)
    ahead = first_alerts(app.store, app.rules, now, app.owners, [item.id for item in found[:MAX_NAMED]])
    for item in found[:MAX_NAMED]:
        key, alert = item.commitment.key, ahead.get(item.id)
        none = NONE_FOR_LONG if item.open and item.recurs else NONE
        line = next_alert_line(app, alert, now, known) if alert else none
        until = (held_until or {}).get(key)
        if alert and until and alert.reminder.send_at < until:
            line += f"; yours waits until {shown(until, app.zone)}"
        print_line(f"  {key}: {line}" if len(found) > 1 else f"  {line}")
    if len(found) > MAX_NAMED:
        print_line(f"  … and {len(found) - MAX_NAMED} more: see `alerts list`")


def next_alert_line(app: App, alert: Forecast, now: datetime, known: RecipientsOfAlerts) -> str:
    """Return when an alert goes out, what it is about and to whom."""
    reminder = alert.reminder
    at = max(reminder.send_at, now)
    until = silenced_until(app, known, alert.tracked, reminder.rule, at)
    when = shown_with_zone(until, app.zone) if until else soon(reminder.send_at, now, app.zone)
    about = alert.tracked.commitment
    text = describe_alert(about, reminder.kind, reminder.offset, alert.tracked.bounds, at=at, zone=app.zone)
    which = f"{reminder.occurrence}: " if reminder.occurrence else ""
    rule = app.rules[reminder.rule].rule
    whom = ", ".join(recipients(known, rule, about, at, alert.channels))
    held = " (a silence holds it back until then)" if until else ""
    return f"next alert: {when}{held}, {which}{text}, to {whom}"
