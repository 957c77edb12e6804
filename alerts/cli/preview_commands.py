"""The commands preview and send-test."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from alerts.channels import Channel
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At
from alerts.cli.output import note, print_error, warn
from alerts.cli.problems import notification_of
from alerts.cli.samples import test_message
from alerts.cli.terminal import Terminal
from alerts.cli.warnings import without_known_owner
from alerts.core.deliveries import DeliveryError
from alerts.core.forecast import Forecast
from alerts.core.messages import Outgoing
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import Rule
from alerts.core.summaries import Scope
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.forecasting import forecast
from alerts.rendering.composing import compose

out = Terminal()


@cli.command()
def preview(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RULE")],
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Commitment (default: the rule's summary).")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Channel (default: the first of the rule).")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML of a mail to FILE, or print it (-).")
    ] = None,
    at: At = None,
) -> None:
    """Show the next message of a rule."""
    app, now = get_app(context), instant(at)
    if rule not in app.rules:
        raise InputError(f"no rule is named {rule!r}{did_you_mean(rule, app.rules)}")
    if key is None:
        through, notification = _summary(app, rule, channel, now)
    else:
        through, notification = _reminder(app, rule, key, channel, now)
    notification = replace(notification, links=app.signing.sample(through))
    message, error = compose(app.renderer, through, notification)
    if error:
        warn(error)
    if notification.links:
        note("the links of a preview do not work: they are signed when an alert is sent")
    if html is not None:
        if message.html is None:
            raise InputError(f"channel {through.name} sends no HTML: name a mail channel with --channel")
        _put(message.html, html)
    elif message.body is not None:
        out.print(json.dumps(message.body, indent=2, ensure_ascii=False))
    else:
        out.print(f"Subject: {message.subject}\n\n{message.text}")


def _put(html: str, file: Path) -> None:
    """Write HTML to a file, or print it (`-`). Raises InputError."""
    if str(file) == "-":
        print(html, end="")
        return
    try:
        file.write_text(html, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--html {file}: cannot be written: {error.strerror}") from None
    out.print(f"wrote {file}")


def _reminder(app: App, rule: str, key: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """Return the next reminder of a rule about a commitment. Raises InputError where there is none."""
    if not app.rules[rule].rule.sends_alerts:
        raise InputError(f"rule {rule} sends only summaries: leave out the key, as in `alerts preview {rule}`")
    item = app.store.commitments.find(key)
    if not app.rules[rule].rule.matches(item.commitment):
        raise InputError(f"rule {rule} does not match {key}: see `match:` of the rule")
    owners = app.owners
    mine: list[Forecast] = []
    for days in (366, 3660):  # most have two alerts within a year, and ten years take ten times as long
        coming = forecast(app.store, app.rules, now, now + timedelta(days=days), owners=owners, only=[item.id])
        mine = [one for one in coming if one.reminder.rule == rule]
        if len(mine) > 1:
            break
    if not mine:
        unreached = next((f"{key}: {text}" for key, text, alone in without_known_owner(app, [item]) if alone), None)
        raise InputError(unreached or f"rule {rule} has no reminders of {key} in the next ten years")
    first = mine[0]
    through = app.channel(channel or first.channels[0])
    parties, sources = app.store.ledger.parties(), app.store.ledger.sources()
    commitment = item.commitment
    context = ReminderContext(
        reminder=first.reminder,
        tracked=item.at(first.reminder.occurrence),
        by=tuple(parties[one] for one in commitment.by),
        to=tuple(parties[one] for one in commitment.to),
        source=sources.get(commitment.source.key) if commitment.source else None,
        earlier_sources=tuple(sources.get(one.key) for one in commitment.earlier_sources),
        owner=owners.people.get(commitment.owner) if commitment.owner else None,
        next_alert_at=mine[1].reminder.send_at if len(mine) > 1 else None,
    )
    when = max(now, first.reminder.send_at)
    notification = notification_of(app, through, [context], when)
    reader = owners.of(commitment)
    if reader and _only_owner(app.rules[rule].rule, through.name, owners):
        notification = replace(notification, recipient=reader.email, zone=reader.timezone or notification.zone)
    return through, notification


def _summary(app: App, rule: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """Return the next summary of a rule. Raises InputError where it has none."""
    scheduled = app.rules[rule]
    firing = scheduled.cron.at_or_after(now) if scheduled.rule.summary else None
    if firing is None:
        raise InputError(f"rule {rule} has no summary: name a commitment, as in `alerts preview {rule} KEY`")
    first = next((name for name in scheduled.rule.notify if name != OWNER), app.settings.owners_channel)
    through = app.channel(channel or first or "")
    summary, contexts = app.store.summaries.gather(Scope(rule=scheduled.rule, firing=firing), firing)
    return through, replace(notification_of(app, through, list(contexts), firing), summary=summary)


def _only_owner(rule: Rule, channel: str, owners: Owners) -> bool:
    """Return whether a channel gets alerts of a rule for owners only."""
    return OWNER in rule.notify and channel == owners.channel and channel not in rule.notify


@cli.command("send-test")
def send_test(
    context: typer.Context, channel: Annotated[str, typer.Argument(metavar="CHANNEL")], at: At = None
) -> None:
    """Send a test message to all recipients of a channel."""
    app, now = get_app(context), instant(at)
    through = app.channel(channel)
    failed = False
    for recipient in through.recipients:
        notification = notification_of(app, through, [test_message(channel, now, through.timezone or app.zone)], now)
        message = replace(compose(app.renderer, through, notification)[0], calendar=None)  # nobody keeps a test
        to = f"{channel} → {recipient}" if recipient else channel
        try:
            answer = through.send(Outgoing(id=notification.id, recipient=recipient, message=message))
            out.print(app.settings.redaction(f"{to}: {answer}"))
        except DeliveryError as error:
            failed = True
            print_error(app.settings.redaction(f"{to}: {error}"))
    through.close()
    if failed:
        raise typer.Exit(1)
