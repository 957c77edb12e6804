"""The command plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from alerts.channels import takes_one_at_a_time
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339
from alerts.cli.terminal import Terminal
from alerts.cli.upgrade_notice import report_upgrade
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.alert_wording import describe_alert
from alerts.core.forecast import Forecast
from alerts.core.owners import OWNER
from alerts.deadlines.errors import InputError
from alerts.forecasting import SummaryForecast, forecast, summaries
from alerts.views.recipients import everybody
from alerts.views.sending_times import SendingTimes, due_forecast
from alerts.views.shown_times import shown, shown_with_zone

out = Terminal()
MANY = 50  # alerts: a plan of more says how to have fewer


@cli.command()
def plan(
    context: typer.Context,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="Start time (default: now).")] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=36500, help="Number of days.")] = 90,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Count the alerts that an upgrade sends.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show which alerts will go out, when, and where."""
    app, first = get_app(context), instant(start or at)
    if upgrade:
        report_upgrade(app, first)
        return
    try:
        end = first + timedelta(days=days)
    except OverflowError:
        raise InputError(f"--days {days} ends after the year 9999") from None
    warn_if_rules_differ(app)
    # Alerts that are due already go out at the next tick, so they are shown unless a start is named.
    rows = sorted((row for row in _rows(app, first, end) if start is None or row.at >= first), key=lambda row: row.at)
    if as_json:
        print(json.dumps([row.fields for row in rows]))
    elif rows:
        _print(rows, first if start is None else None, app.zone)
        if out.is_terminal and len(rows) > MANY:
            fewer = f"; for fewer: --days {max(1, days // 10)}" * (days > 1)
            out.print(f"{len(rows):,} alerts{fewer}", style="dim")
    else:
        within = "day" if days == 1 else f"{days} days"
        out.print(f"no alerts in the next {within} (to {shown_with_zone(end, app.zone)})")


def _rows(app: App, first: datetime, end: datetime) -> list[_Row]:
    """Return what goes out between two instants."""
    reminders = forecast(app.store, app.rules, first, end, owners=app.owners)
    # No secret is needed to know which channels take one reminder at a time.
    one_at_a_time = {entry.name for entry in app.settings.channels if takes_one_at_a_time(entry.kind)}
    sums = summaries(app.store, app.rules, first, end, app.owners, one_at_a_time=one_at_a_time)
    known = everybody(app, first)
    return [
        *(_reminder_row(app, one, first, known) for one in reminders),
        *(_summary_row(app, one, known) for one in sums),
    ]


def _print(rows: Sequence[_Row], soon: datetime | None, zone: str) -> None:
    """Print the plan. What is due by `soon` goes out within a minute."""
    lines = [Row(("within a minute" if soon and row.at <= soon else shown(row.at, zone), *row.cells)) for row in rows]
    print_rows(out, lines, (f"at ({zone})", "commitment", "alert", "rule", "to"), heads=3)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the plan, for JSON and for people."""

    at: datetime
    fields: dict[str, Any]
    cells: tuple[str, str, str, str]


def _reminder_row(app: App, ahead: Forecast, first: datetime, known: RecipientsOfAlerts) -> _Row:
    reminder = ahead.reminder
    times = SendingTimes.of(known, due_forecast(known, app.rules[reminder.rule], ahead, first))
    row = {
        "at": as_rfc3339(reminder.send_at),
        "moment": as_rfc3339(reminder.moment),
        "rule": reminder.rule,
        "commitment": reminder.commitment,
        "occurrence": reminder.occurrence or None,
        "kind": reminder.kind,
        "offset": reminder.offset,
        "channels": list(ahead.channels),
        "to": times.names(),
        "silenced_until": as_rfc3339(times.silenced_until),
        "hours_begin": as_rfc3339(times.hours_begin),
    }
    about = f"{reminder.commitment} {reminder.occurrence}".rstrip()
    alert = _alert(ahead, times.at, app.zone) + times.held_text(app.zone)
    cells = (about, alert, reminder.rule, times.shown_targets(app.zone))
    return _Row(reminder.send_at, row, cells)


def _alert(ahead: Forecast, at: datetime, zone: str) -> str:
    """Return what an alert says when it goes out."""
    reminder, tracked = ahead.reminder, ahead.tracked
    text = describe_alert(tracked.commitment, reminder.kind, reminder.offset, tracked.bounds, at=at, zone=zone)
    return text + ", early" * reminder.early + ", late" * (reminder.catching_up and reminder.kind != "overdue")


def _summary_row(app: App, summary: SummaryForecast, known: RecipientsOfAlerts) -> _Row:
    at, owner_channel = as_rfc3339(summary.at), known.owners.channel
    rule = app.rules[summary.rule].rule
    notify = [one for one in rule.notify if (owner_channel if one == OWNER else one) in summary.channels]
    first = known.summary_at(summary.at, notify, summary.owners)
    begin = first if first > summary.at else None
    text = "summary" + (f", waits for office hours until {shown(begin, app.zone)}" if begin else "")
    row: dict[str, Any] = {"at": at, "moment": at, "rule": summary.rule, "commitment": None, "occurrence": None}
    row |= {"kind": "summary", "offset": None, "channels": list(summary.channels)}
    row |= {"to": list(summary.channels), "silenced_until": None, "hours_begin": as_rfc3339(begin)}
    return _Row(summary.at, row, ("–", text, summary.rule, ", ".join(summary.channels)))
