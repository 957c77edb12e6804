"""The command plan."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.channels import takes_one_at_a_time
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At, Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, shown
from alerts.cli.upgrade_notice import report_upgrade
from alerts.core.forecast import Forecast
from alerts.core.reminders import Kind, Reminder
from alerts.deadlines.durations import parse_lead
from alerts.deadlines.errors import InputError
from alerts.forecasting import SummaryForecast, forecast, summaries

out = Console(highlight=False)


KIND_TEXTS: dict[Kind, str] = {"on_the_day": "on the day", "opens": "when it opens", "review": "at its review"}


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
        out.print(_table(rows, app.zone))
    else:
        within = "day" if days == 1 else f"{days} days"
        out.print(f"no alerts in the next {within} (to {shown(end, app.zone)} {app.zone})", soft_wrap=True)


def _rows(app: App, first: datetime, end: datetime) -> list[_Row]:
    """Return what goes out between two instants."""
    reminders = forecast(app.store, app.rules, first, end, owners=app.owners)
    # No secret is needed to know which channels take one reminder at a time.
    one_at_a_time = {entry.name for entry in app.settings.channels if takes_one_at_a_time(entry.kind)}
    sums = summaries(app.store, app.rules, first, end, app.owners, one_at_a_time=one_at_a_time)
    return [*map(_reminder_row, reminders), *map(_summary_row, sums)]


def _table(rows: Iterable[_Row], zone: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(f"at ({zone})", no_wrap=True)
    table.add_column("commitment", no_wrap=True)
    for heading in ("rule", "what", "channels"):
        table.add_column(heading)
    for row in rows:
        table.add_row(shown(row.at, zone), *map(escape, row.cells))
    return table


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the plan, for JSON and for the table."""

    at: datetime
    fields: dict[str, Any]
    cells: tuple[str, str, str, str]


def _reminder_row(reminder_forecast: Forecast) -> _Row:
    reminder = reminder_forecast.reminder
    row = {
        "at": as_rfc3339(reminder.send_at),
        "moment": as_rfc3339(reminder.moment),
        "rule": reminder.rule,
        "commitment": reminder.commitment,
        "occurrence": reminder.occurrence or None,
        "kind": reminder.kind,
        "offset": reminder.offset,
        "channels": list(reminder_forecast.channels),
    }
    about = f"{reminder.commitment} {reminder.occurrence}".rstrip()
    return _Row(reminder.send_at, row, (about, reminder.rule, _what(reminder), ", ".join(reminder_forecast.channels)))


def _what(reminder: Reminder) -> str:
    """Return what a reminder says: `7 days before`, `on the day`, `overdue for 6 days`."""
    stated = parse_lead(reminder.offset) if reminder.offset else None
    what = KIND_TEXTS.get(reminder.kind, reminder.kind)
    if stated and reminder.kind == "before":
        what = f"{stated.to_text} before"
    elif stated and reminder.kind == "overdue":
        what = f"overdue for {stated.to_text}"
    return what + ", early" * reminder.early + ", late" * reminder.catching_up


def _summary_row(summary: SummaryForecast) -> _Row:
    at = as_rfc3339(summary.at)
    row: dict[str, Any] = {"at": at, "moment": at, "rule": summary.rule, "commitment": None, "occurrence": None}
    row |= {"kind": "summary", "offset": None, "channels": list(summary.channels)}
    return _Row(summary.at, row, ("–", summary.rule, "summary", ", ".join(summary.channels)))
