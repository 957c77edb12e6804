"""The command who."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.next_alert_lines import NONE, next_alert_line
from alerts.cli.options import At, Json, OneOccurrence
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, print_line
from alerts.cli.terminal import Terminal
from alerts.core.absences import Absentee
from alerts.core.alert_recipients import AlertRecipient, RecipientsOfAlerts
from alerts.core.forecast import Forecast
from alerts.core.rules import matching
from alerts.core.tracked import Tracked
from alerts.forecasting import first_alerts, next_alerts
from alerts.views.recipients import everybody
from alerts.views.sending_times import due_forecast, goes_out
from alerts.views.shown_times import shown
from alerts.views.unreached import ownerless

out = Terminal()


@cli.command()
def who(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    occurrence: OneOccurrence = "",
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show who gets the next alert about a commitment, and who does not."""
    app, now = get_app(context), instant(at)
    item = app.store.commitments.find(key).at(occurrence)
    warn_if_rules_differ(app)
    known = everybody(app, now)
    alerts = _next(app, known, item, occurrence, now)
    found = _recipients(app, known, item, alerts, now) if alerts else []
    if as_json:
        print(json.dumps([_json_row(one) for one in found]))
        return
    print_line(item.commitment.title, style="bold")
    print_line(next_alert_line(app, alerts[0], now, known) if alerts else _none(app, item))
    _print("Get it", [one for one in found if not one.why_not], app.zone)
    _print("Do not get it", [one for one in found if one.why_not], app.zone)


def _next(app: App, known: RecipientsOfAlerts, item: Tracked, occurrence: str, now: datetime) -> list[Forecast]:
    """Return all that goes out next about a commitment, or about one occurrence; of what recurs, the first one."""
    at = goes_out(known, app.rules, now)
    if not occurrence:
        first = first_alerts(app.store, app.rules, now, app.owners, [item.id], goes_out_at=at).get(item.id)
        if first is None:
            return []
        occurrence = first.reminder.occurrence
    return next_alerts(app.store, app.rules, now, app.owners, only=item.id, occurrence=occurrence, goes_out_at=at)


def _none(app: App, item: Tracked) -> str:
    """Return that no alert goes out, and why where its rules reach nobody."""
    rules = matching(app.settings.rules, item.commitment)
    reached = any(app.owners.channels(rule.notify, item.commitment) for rule in rules)
    return NONE if reached or not rules else f"{NONE}: {ownerless(item.commitment)}"


def _recipients(
    app: App, known: RecipientsOfAlerts, item: Tracked, alerts: Sequence[Forecast], now: datetime
) -> list[AlertRecipient]:
    """Return who gets the next alert, and who does not, with those whom only other rules alert."""
    known = replace(
        known,
        recipients={name: channel.recipients for name, channel in app.channels.items()},
        snoozes=app.store.ledger.own_snoozes([item.id]).get(item.id, ()),
    )
    names = list(dict.fromkeys(one.reminder.rule for one in alerts))
    notify = tuple(target for name in names for target in app.rules[name].rule.notify)
    due = replace(due_forecast(known, app.rules[names[0]], alerts[0], now), notify=notify)
    found = known.of(due)
    listed = {(one.channel, one.address) for one in found}
    others = [rule for rule in matching(app.settings.rules, item.commitment) if rule.name not in names]
    for rule in others:
        for one in known.of(replace(due, notify=rule.notify)):
            if not one.why_not and not one.on_behalf_of and (one.channel, one.address) not in listed:
                listed.add((one.channel, one.address))
                found.append(replace(one, why_not=f"only rule {rule.name} alerts there"))
    return found


def _print(title: str, some: Sequence[AlertRecipient], zone: str) -> None:
    if some:
        print_line(f"\n{title}", style="bold")
        first = min(one.at for one in some)
        print_rows(out, [Row(tuple(_cells(one, first, zone))) for one in some], indent="  ")


def _cells(one: AlertRecipient, first: datetime, zone: str) -> Iterator[str]:
    yield one.name or one.address or one.channel or ""
    yield one.address or ""
    yield one.channel or ""
    until = f" until {shown(one.snooze.until, zone)}" if one.snooze and one.why_not else ""
    later = f"not before {shown(one.at, zone)} (office hours)" if one.at > first else ""
    if one.why_not:
        yield f"{one.why_not}{until}"
    else:
        yield ", ".join(filter(None, (_for_whom(one.on_behalf_of), later)))


def _for_whom(absent: Sequence[Absentee]) -> str:
    """Return for whom a deputy gets it: `for Ann Lee, away until Mon 4 Jan 2027 00:00`."""
    named = [
        f"{one.name}, away until {shown(one.back_at, one.zone)}" if one.back_at else f"{one.name}, who has left"
        for one in absent
    ]
    return f"for {', and '.join(named)}" if named else ""


def _json_row(one: AlertRecipient) -> dict[str, object]:
    absent = [{"name": absent.name, "until": as_rfc3339(absent.back_at)} for absent in one.on_behalf_of]
    row: dict[str, object] = {"name": one.name, "channel": one.channel, "address": one.address}
    row["goes_out_at"] = None if one.why_not else as_rfc3339(one.at)
    return row | {"gets_it": one.why_not is None, "reason": one.why_not, "on_behalf_of": absent}
