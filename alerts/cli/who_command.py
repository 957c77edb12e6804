"""The command who."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.next_alert_lines import NONE
from alerts.cli.options import At, Json, OneOccurrence
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, print_line
from alerts.cli.terminal import Terminal
from alerts.core.alert_recipients import AlertRecipient, RecipientsOfAlerts
from alerts.core.forecast import Forecast
from alerts.core.rules import matching
from alerts.core.tracked import Tracked
from alerts.views.next_alert_text import next_alert_line
from alerts.views.next_recipients import alerts_next, recipient_note, recipients_of_next
from alerts.views.recipients import everybody
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
    alerts = alerts_next(app, known, item, occurrence, now)
    found = _recipients(app, known, item, alerts, now) if alerts else []
    if as_json:
        print(json.dumps([_json_row(one) for one in found]))
        return
    print_line(item.commitment.title, style="bold")
    print_line(next_alert_line(app, alerts[0], now, known) if alerts else _none(app, item))
    _print("Get it", [one for one in found if not one.why_not], app.zone)
    _print("Do not get it", [one for one in found if one.why_not], app.zone)


def _recipients(
    app: App, known: RecipientsOfAlerts, item: Tracked, alerts: Sequence[Forecast], now: datetime
) -> list[AlertRecipient]:
    known = replace(
        known,
        recipients={name: channel.recipients for name, channel in app.channels.items()},
        snoozes=app.store.ledger.own_snoozes([item.id]).get(item.id, ()),
    )
    return recipients_of_next(app, known, item, alerts, now)


def _none(app: App, item: Tracked) -> str:
    """Return that no alert goes out, and why where its rules reach nobody."""
    rules = matching(app.settings.rules, item.commitment)
    reached = any(app.owners.channels(rule.notify, item.commitment) for rule in rules)
    return NONE if reached or not rules else f"{NONE}: {ownerless(item.commitment)}"


def _print(title: str, some: Sequence[AlertRecipient], zone: str) -> None:
    if some:
        print_line(f"\n{title}", style="bold")
        first = min(one.at for one in some)
        print_rows(out, [Row(_cells(one, first, zone)) for one in some], indent="  ")


def _cells(one: AlertRecipient, first: datetime, zone: str) -> tuple[str, ...]:
    name = one.name or one.address or one.channel or ""
    return name, one.address or "", one.channel or "", recipient_note(one, first, zone)


def _json_row(one: AlertRecipient) -> dict[str, object]:
    absent = [{"name": absent.name, "until": as_rfc3339(absent.back_at)} for absent in one.on_behalf_of]
    row: dict[str, object] = {"name": one.name, "channel": one.channel, "address": one.address}
    row["goes_out_at"] = None if one.why_not else as_rfc3339(one.at)
    return row | {"gets_it": one.why_not is None, "reason": one.why_not, "on_behalf_of": absent}
