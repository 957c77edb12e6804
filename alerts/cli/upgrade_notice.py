"""How many alerts go out when the acknowledgements of an older version end."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from alerts.cli.app import App
from alerts.cli.terminal import Terminal
from alerts.forecasting import forecast
from alerts.views.shown_times import shown_with_zone

WITHIN = timedelta(days=8)  # a rule that fires once a week has fired by then
out = Terminal()


def report_upgrade(app: App, now: datetime) -> None:
    """Print, by rule, how many alerts go out about what was acknowledged before the upgrade."""
    graced = app.store.commitments.graced()
    if graced is None or graced[1] + WITHIN <= now:
        out.print("the upgrade ends no acknowledgement: it sends nothing")
        return
    count, ends = graced
    keys = app.store.commitments.graced_keys()
    coming = forecast(app.store, app.rules, now, ends + WITHIN, owners=app.owners)
    sent = {
        (one.reminder.rule, one.channels, one.reminder.commitment, one.reminder.occurrence)
        for one in coming
        if (one.reminder.commitment, one.reminder.occurrence) in keys and one.reminder.send_at >= ends
    }
    out.print(f"{count} acknowledged before the upgrade; that ends {shown_with_zone(ends, app.zone)}")
    counts = Counter((rule, channels) for rule, channels, _, _ in sent)
    for (rule, channels), number in sorted(counts.items()):
        many = "1 alert" if number == 1 else f"{number} alerts, together in digests"
        out.print(f"  rule {rule} via {', '.join(channels)}: {many}")
    if not sent:
        out.print("  no rule repeats their reminders: nothing is sent")
