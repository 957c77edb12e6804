"""The command resolve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import typer

from alerts.cli.app import get_app
from alerts.cli.command_group import cli
from alerts.cli.options import Json
from alerts.cli.other_processes import registered_zone
from alerts.cli.output import as_rfc3339, warn
from alerts.cli.printed_lines import print_facts
from alerts.cli.terminal import Terminal
from alerts.clock import utc_now
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_days import ROLLS, check_calendar, check_roll
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.expressions import Deadline, kind_of
from alerts.deadlines.grammar import parse
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.skipped_months import skipped_periods
from alerts.deadlines.zone_words import check_zone
from alerts.views.resolved_deadlines import resolve_stated
from alerts.views.shown_times import shown_with_zone

out = Terminal()


@cli.command("resolve")
def resolve_(
    context: typer.Context,
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A deadline, such as 'after 2025-11-10'.")],
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="Z", help="Zone, if it names none.")] = None,
    calendars: Annotated[str, typer.Option("--calendars", metavar="US,CN", help="Business-day calendars.")] = "",
    roll: Annotated[str, typer.Option("--roll", help=f"If it ends on no business day: {', '.join(ROLLS)}.")] = "none",
    by: Annotated[str | None, typer.Option("--by", metavar="PARTY", help="Who owes it: the key of a party.")] = None,
    as_json: Json = False,
) -> None:
    """Show which dates a deadline expression gives."""
    parse(expression)  # what is wrong with it comes first
    app = get_app(context)
    if timezone:
        check_zone(timezone)
    codes = [check_calendar(code.strip()) for code in calendars.split(",") if code.strip()]
    found = resolve_stated(
        app.store, expression, registered_zone(app), timezone=timezone, calendars=codes, roll=check_roll(roll), by=by
    )
    deadline, bounds = found.deadline, found.bounds
    if skipped := skipped_periods(deadline):
        warn(f"`{deadline}` {skipped}")
    if as_json:
        print(json.dumps(_row(deadline, bounds)))
    else:
        print_facts(out, _facts(deadline, bounds))


def _row(deadline: Deadline, bounds: Bounds) -> dict[str, Any]:
    """Return the bounds as JSON shows them. `basis` is the old name of `explanation`."""
    return {
        "expression": str(deadline),
        "kind": kind_of(deadline),
        "earliest": as_rfc3339(bounds.earliest),
        "latest": as_rfc3339(bounds.latest),
        "timezone": bounds.zone,
        "explanation": list(bounds.explanation),
        "basis": list(bounds.explanation),
        "assumptions": list(bounds.assumptions),
    }


def _coming(bounds: Bounds, now: datetime) -> Iterator[str]:
    """Yield the next three dates of what counts from each date of something else: it may have no first one."""
    recurs = bounds.recurrence
    if not isinstance(recurs, DependentSeries):
        return
    found = (occurrence_bounds(bounds, name) for name in recurs.names_about(now))
    yield from islice((one.text for one in found if one.named and one.named.counted_end > now), 3)


def _facts(deadline: Deadline, bounds: Bounds) -> list[tuple[str, str]]:
    """Return what is shown. Of what recurs each occurrence has its own bounds."""
    zone = bounds.zone or "UTC"
    late = shown_with_zone(bounds.latest, zone) if bounds.latest else "unknown: never overdue"
    due = shown_with_zone(bounds.earliest, zone) if bounds.earliest else "unknown"
    return [
        ("read as", str(deadline)),
        ("due from", "" if bounds.recurrence else due),
        ("overdue from", "" if bounds.recurrence else late),
        ("next", ", ".join(_coming(bounds, utc_now()))),
        ("explanation", "\n".join(bounds.explanation)),
        ("assumed", "\n".join(bounds.assumptions)),
    ]
