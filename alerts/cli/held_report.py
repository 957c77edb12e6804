"""What a command says that has put another state of things into the database, and holds sending."""

from __future__ import annotations

from datetime import datetime

from alerts.cli.app import App
from alerts.cli.output import warn
from alerts.cli.waiting_alerts import waiting_text
from alerts.views.shown_times import shown_with_zone


def report_held(app: App, taken_at: datetime, now: datetime, lost: str) -> None:
    """Say what was lost between two times, what would be sent again, and that sending is held."""
    since, until = shown_with_zone(taken_at, app.zone), shown_with_zone(now, app.zone)
    warn(lost.format(since=since, until=until))
    warn(f"{waiting_text(app, now)}. Those sent since {since} would go out a second time: `alerts plan` and "
         "`alerts deliveries` list them; answer or dismiss what is settled")  # fmt: skip
    warn("sending is held, so no alert goes out: start the daemon, and run `alerts resume` when all is as it should be")
