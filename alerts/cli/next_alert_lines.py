"""The next alert about what was changed or answered: when, about what, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.cli.app import App
from alerts.cli.output import print_line
from alerts.forecasting import first_alerts
from alerts.views.next_alert_text import next_alert_line
from alerts.views.recipients import everybody
from alerts.views.sending_times import goes_out
from alerts.views.shown_times import shown

NONE = "no alert follows"
NONE_FOR_LONG = "no alert goes out in the next two years"  # of what recurs, no more is looked at
MAX_NAMED = 20  # commitments that one command changed


def print_next_alerts(
    app: App, keys: Iterable[str], now: datetime, held_until: Mapping[str, datetime] | None = None
) -> None:
    """Print a line for each commitment. `held_until`: until when its alerts wait for the one who snoozed it."""
    found = [app.store.commitments.find(key) for key in dict.fromkeys(keys)]
    known = everybody(app, now)
    ids, goes_out_at = [item.id for item in found[:MAX_NAMED]], goes_out(known, app.rules, now)
    ahead = first_alerts(app.store, app.rules, now, app.owners, ids, goes_out_at=goes_out_at)
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
