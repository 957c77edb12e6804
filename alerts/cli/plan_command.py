"""The command plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, note, print_array
from alerts.cli.terminal import Terminal
from alerts.cli.upgrade_notice import report_upgrade
from alerts.deadlines.errors import InputError
from alerts.views.planned_alerts import PlannedAlert, first_planned, planned_alerts
from alerts.views.shown_times import shown, shown_with_zone

out = Terminal()
MOST_PLANNED = 5_000  # alerts
MANY = 50  # alerts: a plan of more says how to have fewer


@cli.command()
def plan(
    context: typer.Context,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="Start time (default: now).")] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=36500, help="Number of days.")] = 90,
    everything: Annotated[bool, typer.Option("--all", help="Print all, where there are more than 5,000.")] = False,
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
    rows, is_whole = _planned(app, first, end, named=start is not None, everything=everything or as_json)
    if as_json:
        print_array(json.dumps(_json(one)) for one in rows)
    elif rows:
        _print(rows, first if start is None else None, app.zone)
        fewer = f"; for fewer: --days {max(1, days // 10)}" * (days > 1)
        if not is_whole:
            note(f"the first {len(rows):,} alerts; for the rest: --all, or --json{fewer}")
        elif out.is_terminal and len(rows) > MANY:
            out.print(f"{len(rows):,} alerts{fewer}", style="dim")
    else:
        within = "day" if days == 1 else f"{days} days"
        out.print(f"no alerts in the next {within} (to {shown_with_zone(end, app.zone)})")


def _planned(
    app: App, first: datetime, end: datetime, *, named: bool, everything: bool
) -> tuple[Sequence[PlannedAlert], bool]:
    """Return what is shown, and whether that is all.

    Alerts that are due already go out at the next tick, so they are shown unless a start is `named`.
    """
    if named:
        return [one for one in planned_alerts(app, first, end) if one.at >= first], True
    if everything:
        return planned_alerts(app, first, end), True
    return first_planned(app, first, end, MOST_PLANNED)


def _print(rows: Sequence[PlannedAlert], soon: datetime | None, zone: str) -> None:
    """Print the plan. What is due by `soon` goes out within a minute."""
    lines = []
    for one in rows:
        about = f"{one.reminder.commitment} {one.reminder.occurrence}".rstrip() if one.reminder else "–"
        at = "within a minute" if soon and one.at <= soon else shown(one.at, zone)
        lines.append(Row((at, about, one.text, one.rule, one.whom)))
    print_rows(out, lines, (f"at ({zone})", "commitment", "alert", "rule", "to"), heads=3)


def _json(one: PlannedAlert) -> dict[str, Any]:
    at, reminder = as_rfc3339(one.at), one.reminder
    return {
        "at": at,
        "moment": as_rfc3339(reminder.moment) if reminder else at,
        "rule": one.rule,
        "commitment": reminder.commitment if reminder else None,
        "occurrence": (reminder.occurrence or None) if reminder else None,
        "kind": reminder.kind if reminder else "summary",
        "offset": reminder.offset if reminder else None,
        "channels": list(one.channels),
        "to": list(one.to),
        "silenced_until": as_rfc3339(one.silenced_until),
        "hours_begin": as_rfc3339(one.hours_begin),
    }
