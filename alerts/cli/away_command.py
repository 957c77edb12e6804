"""The command away."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from alerts.actions.absence import end_absences, record_absence
from alerts.cli.app import App, change_of, day_or_instant, get_app
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, Because, By, Json
from alerts.cli.output import as_rfc3339, print_line, warn
from alerts.cli.terminal import Terminal
from alerts.core.absences import Absence, Absences
from alerts.core.changes import Change
from alerts.core.commitments import Person
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.views.shown_times import shown, shown_with_zone

out = Terminal()


@cli.command()
def away(
    context: typer.Context,
    person: Annotated[str | None, typer.Argument(metavar="PERSON", help="The key of a person.")] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="First day away, or a time.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="T", help="First day back, or a time.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DEPUTY", help="Who gets their alerts too.")] = None,
    back: Annotated[bool, typer.Option("--back", help="They are back: end their absences now.")] = False,
    because: Because = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Record who is away and who gets their alerts too.

    Without a person, list them. Days begin in the time zone of the person. Without --from the absence
    begins now. Without --to the `deputy` of the settings gets the alerts.
    """
    app, change = get_app(context), change_of(at, by, because)
    if person is None:
        if start or until or to or back:
            raise typer.BadParameter("name the person who is away", param_hint="PERSON")
        _list(app, change.now, as_json=as_json)
        return
    whose = _person(app, person)
    if back:
        if start or until or to:
            raise typer.BadParameter(
                "goes with no dates and no deputy: it ends the recorded absences", param_hint="--back"
            )
        for absence in end_absences(app.store, whose.key, change):
            print_line(f"{whose.name} is back: the absence until {shown(absence.ends_at, absence.zone)} is over")
        return
    if until is None:
        raise typer.BadParameter("name the first day back with --until, or use --back", param_hint="--until")
    _record(app, whose, start, until, to, change)


def _person(app: App, key: str) -> Person:
    people = app.people
    if key not in people:
        near = "; `alerts away` lists who is away" if key == "list" else did_you_mean(key, people)
        raise InputError(f"no person has the key {key!r}{near}")
    app.store.people.add(app.settings.people)
    return people[key]


def _record(app: App, whose: Person, start: str | None, until: str, to: str | None, change: Change) -> None:
    zone = whose.timezone or app.zone
    absence = Absence(
        person=whose.key,
        starts_at=day_or_instant(start, zone, inclusive=False) if start else change.now,
        ends_at=day_or_instant(until, zone, inclusive=False),
        zone=zone,
        deputy=to and _person(app, to).key,
        reason=change.reason,
        recorded_by=change.by,
    )
    record_absence(app.store, absence, change)
    deputy = absence.deputy or whose.deputy
    also = f"to {app.people[deputy].name} too" if deputy else "to nobody else"
    print_line(f"{whose.name} is away {_span(absence)}: alerts go {also}")
    if deputy is None:
        warn(f"{whose.key} has no deputy: name one with --to, or as `deputy` in `people`")


def _span(absence: Absence) -> str:
    start, zone = shown(absence.starts_at, absence.zone), absence.zone
    return f"from {start} until {shown_with_zone(absence.ends_at, zone)}"


def _list(app: App, now: datetime, *, as_json: bool) -> None:
    """List who is away or will be, and who has left."""
    absences = app.absences(now)
    left = [one for one in absences.people.values() if one.left_at]
    if as_json:
        rows = [_json_row(absences, one) for one in absences.recorded]
        print(json.dumps([*rows, *(_json_row_left(one, app.zone) for one in left)]))
    elif absences.recorded or left:
        print_rows(out, [*(_row(absences, one) for one in absences.recorded), *(_row_left(app, one) for one in left)])
    else:
        print_line("nobody is away; `alerts away PERSON --until DAY --to DEPUTY` records an absence")


def _deputy(absences: Absences, one: Absence) -> str | None:
    """Return the deputy that an absence names, or that the settings do."""
    person = absences.people.get(one.person)
    return one.deputy or (person.deputy if person else None)


def _row(absences: Absences, one: Absence) -> Row:
    deputy = _deputy(absences, one)
    return Row((one.person, _span(one), f"to {deputy}" if deputy else "no deputy", one.reason or ""))


def _row_left(app: App, person: Person) -> Row:
    since = f"left {shown_with_zone(person.left_at, person.timezone or app.zone)}"
    instead = person.deputy or ("the operators" if app.settings.operators else "nobody")
    return Row((person.key, since, f"to {instead}", ""))


def _json_row(absences: Absences, one: Absence) -> dict[str, object]:
    row: dict[str, object] = {"person": one.person, "to": _deputy(absences, one), "timezone": one.zone, "left": False}
    times = {"from": as_rfc3339(one.starts_at), "until": as_rfc3339(one.ends_at)}
    return row | times | {"reason": one.reason, "recorded_by": one.recorded_by}


def _json_row_left(person: Person, zone: str) -> dict[str, object]:
    row: dict[str, object] = {"person": person.key, "to": person.deputy, "timezone": person.timezone or zone}
    times = {"from": as_rfc3339(person.left_at), "until": None}
    return row | {"left": True} | times | {"reason": None, "recorded_by": None}
