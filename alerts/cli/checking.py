"""Commands that look before and after: check, preview, send-test, health."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, get_args
from uuid import uuid4

import typer
from rich.console import Console

from alerts.channels import Channel, Medium, is_local
from alerts.cli import restating
from alerts.cli.doubts import early_warnings, left_open_incidents, skipped_dates, unknown_owners, without_known_owner
from alerts.cli.elsewhere import (
    differences_between_processes,
    rules_left_alone,
    configuration_errors,
    warn_if_rules_differ,
)
from alerts.cli.samples import sample_summaries, samples, test_message
from alerts.cli.showing import without_recipient
from alerts.cli.wiring import At, Json, App, cli, print_error, instant, get_app, shown, warn, warn_if_nobody_is_told
from alerts.clock_check import DOUBT
from alerts.composing import compose
from alerts.core.commitments import Tracked
from alerts.core.deliveries import DeliveryError
from alerts.core.errors import InputError, did_you_mean
from alerts.core.notifications import Notification, Outgoing, ReminderContext
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import DEFAULT_RULE, Rule
from alerts.core.summaries import Scope, Summary
from alerts.daemon import is_alive, outages
from alerts.outlook import Forecast, forecast, keys_with_alerts

STUCK = timedelta(hours=1)  # a delivery that should have gone so long ago is stuck
out = Console(highlight=False)


@cli.command()
def check(context: typer.Context, at: At = None) -> None:
    """Configuration, rules, channels with their secrets, and every template: all that is wrong, at once."""
    app, now = get_app(context), instant(at)
    told = samples(now)
    if errors := problems(app, told, now):
        raise InputError("\n".join(errors))
    channels = app.channels
    tracked = app.store.ledger.tracked()
    untold = _warn_without_recipient(app, tracked)
    coming = set(keys_with_alerts(app.store, app.rules, now, now + timedelta(days=3660), app.owners))
    for item in tracked:
        key = item.commitment.key
        if key not in coming and key not in untold:
            warn(f"{key}: its rules have no moment to come within ten years, so nothing will be said")
    if (graced := app.store.commitments.graced()) and graced[1] > now:
        count, ends = graced
        many = "acknowledgement of an older version ends" if count == 1 else "acknowledgements of an older version end"
        warn(f"{count} {many} {shown(ends, app.zone)} {app.zone}: `alerts plan --upgrade` shows what goes out then")
    for line in (*early_warnings(app, tracked, now), *skipped_dates(tracked)):
        warn(line)
    for rule in app.settings.rules:
        if not rule.notify:
            warn(f"rule {rule.name}: it notifies no channel")
    for line in (*unknown_owners(app), *left_open_incidents(app)):
        warn(line)
    undecided = app.store.commitments.restated()
    for one in undecided:
        warn(restating.line(one))
    if undecided:
        warn(f"{len(undecided)} closed and stated anew: {restating.WHAT_TO_DO}")
    warn_if_nobody_is_told(app)
    warn_if_rules_differ(app)
    named = [rule for rule in app.settings.rules if rule.name != DEFAULT_RULE]
    out.print(f"ok: {len(channels)} channels, {len(named)} rules, {len(told)} sample reminders in every form")


def problems(app: App, told: list[ReminderContext], now: datetime) -> list[str]:
    """All that is wrong with channels, secrets and templates; `told` is what the templates are tried with."""
    errors: list[str] = []
    channels: dict[str, Channel] = {}
    try:
        channels = app.channels
        _ = app.heartbeat
    except InputError as error:
        errors += str(error).splitlines()
    errors += app.renderer.unused_overrides()
    errors += _failing_templates(app, list(channels.values()), told, now)
    return list(dict.fromkeys(errors))


def _warn_without_recipient(app: App, tracked: Sequence[Tracked]) -> set[str]:
    """Say of what nobody is told, or only few; returns the keys of that of which nobody is, for want of whom."""
    found = without_recipient(app, tracked, app.owners)
    lines = list(without_known_owner(app, tracked))
    for key in found.ruleless:
        warn(f"{key}: no rule speaks for it, so nobody will be told")
    named = {key for key, _, _ in lines}
    for words, keys in found.default.items():
        for key in keys:
            if key not in named:
                warn(f"{key}: no rule names it; it is told to default_notify ({', '.join(words)})")
    for _, line, _ in lines:
        warn(line)
    return {*found.ruleless, *(key for key, _, alone in lines if alone)}


def _failing_templates(
    app: App, channels: Sequence[Channel], told: list[ReminderContext], now: datetime
) -> Iterator[str]:
    """Render every template of every channel with a reminder of every kind, and with all at once."""
    ways: list[tuple[Channel | None, Medium]] = [(channel, channel.medium) for channel in channels]
    if app.settings.templates:  # those that no channel needs yet are tried too
        ways += [(None, medium) for medium in get_args(Medium) if medium not in {medium for _, medium in ways}]
    for channel, medium in ways:
        words: list[tuple[Summary | None, list[ReminderContext]]] = [
            (None, some) for some in (*([one] for one in told), told)
        ]
        for summary, some in (*words, *sample_summaries(told, now)):
            sample = replace(_notification(app, channel, some, now), summary=summary)
            found = app.renderer.check(sample, medium)
            yield from found
            if channel and not found and (error := compose(app.renderer, channel, sample)[1]):
                yield error


def _notification(app: App, channel: Channel | None, told: list[ReminderContext], now: datetime) -> Notification:
    return Notification(
        id=uuid4(),
        channel=channel.name if channel else "sample",
        recipient=channel.recipients[0] if channel else "",
        zone=(channel and channel.timezone) or app.zone,
        contexts=tuple(told),
        now=now,
    )


@cli.command()
def preview(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RULE")],
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="Else the rule's summary.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="C", help="Else the first that is told.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML of a mail there; - prints it.")
    ] = None,
    at: At = None,
) -> None:
    """The next message of a rule about a commitment, or its next summary, as it would go out."""
    app, now = get_app(context), instant(at)
    if rule not in app.rules:
        raise InputError(f"no rule is named {rule!r}{did_you_mean(rule, app.rules)}")
    if key is None:
        through, notification = _summary(app, rule, channel, now)
    else:
        through, notification = _reminder(app, rule, key, channel, now)
    message, error = compose(app.renderer, through, notification)
    if error:
        warn(error)
    if html is not None:
        if message.html is None:
            raise InputError(f"channel {through.name} sends no HTML: name a mail channel with --channel")
        if str(html) == "-":
            print(message.html, end="")
            return
        try:
            html.write_text(message.html, encoding="utf-8")
        except OSError as error:
            raise InputError(f"--html {html}: cannot be written: {error.strerror}") from None
        out.print(f"wrote {html}", markup=False, soft_wrap=True)
    elif message.body is not None:
        out.print_json(json.dumps(message.body))
    else:
        out.print(f"Subject: {message.subject}\n\n{message.text}", markup=False, soft_wrap=True)


def _reminder(app: App, rule: str, key: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """The next word of a rule about a commitment. Raises InputError where there is none."""
    if not app.rules[rule].rule.sends_alerts:
        raise InputError(f"rule {rule} only sums up: leave the key off, as in `alerts preview {rule}`")
    item = app.store.commitments.find(key)
    if not app.rules[rule].rule.matches(item.commitment):
        raise InputError(f"rule {rule} does not match {key}: see `match:` of the rule")
    owners = app.owners
    mine: list[Forecast] = []
    for days in (366, 3660):  # most speak twice within a year, and ten take ten times as long
        words = forecast(app.store, app.rules, now, now + timedelta(days=days), owners=owners, only=item.id)
        mine = [one for one in words if one.reminder.rule == rule]
        if len(mine) > 1:
            break
    if not mine:
        untold = next((line for _, line, alone in without_known_owner(app, [item]) if alone), None)
        raise InputError(untold or f"rule {rule} has nothing more to say of {key} within ten years")
    word = mine[0]
    through = app.channel(channel or word.channels[0])
    parties, sources = app.store.ledger.parties(), app.store.ledger.sources()
    commitment = item.commitment
    told = ReminderContext(
        reminder=word.reminder,
        tracked=item.at(word.reminder.occurrence),
        by=tuple(parties[one] for one in commitment.by),
        to=tuple(parties[one] for one in commitment.to),
        source=sources.get(commitment.source.key) if commitment.source else None,
        earlier_sources=tuple(sources.get(one.key) for one in commitment.earlier_sources),
        owner=owners.people.get(commitment.owner) if commitment.owner else None,
        next_alert_at=mine[1].reminder.send_at if len(mine) > 1 else None,
    )
    when = max(now, word.reminder.send_at)
    notification = _notification(app, through, [told], when)
    reader = owners.of(commitment)
    if reader and _only_owner(app.rules[rule].rule, through.name, owners):
        notification = replace(notification, recipient=reader.email, zone=reader.timezone or notification.zone)
    return through, notification


def _summary(app: App, rule: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """The next summary of a rule, of all that it matches. Raises InputError where it makes none."""
    scheduled = app.rules[rule]
    firing = scheduled.cron.at_or_after(now) if scheduled.rule.summary else None
    if firing is None:
        raise InputError(f"rule {rule} sums nothing up: name a commitment, as in `alerts preview {rule} KEY`")
    first = next((name for name in scheduled.rule.notify if name != OWNER), app.settings.owners_channel)
    through = app.channel(channel or first or "")
    summary, told = app.store.summaries.gather(Scope(rule=scheduled.rule, firing=firing), firing)
    return through, replace(_notification(app, through, list(told), firing), summary=summary)


def _only_owner(rule: Rule, channel: str, owners: Owners) -> bool:
    """Whether a rule speaks through a channel to owners, and not to those whom the channel names."""
    return OWNER in rule.notify and channel == owners.channel and channel not in rule.notify


@cli.command("send-test")
def send_test(
    context: typer.Context, channel: Annotated[str, typer.Argument(metavar="CHANNEL")], at: At = None
) -> None:
    """Send a real test message to every recipient of a channel, and show what the server answered."""
    app, now = get_app(context), instant(at)
    through = app.channel(channel)
    failed = False
    for recipient in through.recipients:
        notification = _notification(app, through, [test_message(channel, now)], now)
        message = replace(compose(app.renderer, through, notification)[0], calendar=None)  # nobody keeps a test
        to = f"{channel} → {recipient}" if recipient else channel
        try:
            answer = through.send(Outgoing(id=notification.id, recipient=recipient, message=message))
            out.print(app.settings.redaction(f"{to}: {answer}"), markup=False, soft_wrap=True)
        except DeliveryError as error:
            failed = True
            print_error(app.settings.redaction(f"{to}: {error}"))
    through.close()
    if failed:
        raise typer.Exit(1)


@cli.command()
def health(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Only whether this host's daemon plans and delivers.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Whether alerts get out: exit code 1 and a line for each thing that is wrong."""
    app, now = get_app(context), instant(at)
    warnings = configuration_errors(app)
    errors: list[str] = []
    up = is_alive(app.store, now, socket.gethostname() if live else None)
    if not up:
        errors.append("no daemon is up, or none has planned and delivered for five minutes: start `alerts run`")
    if not live:
        errors += _unwell(app, now)
        errors += [] if warnings else [*_unreachable(app), *rules_left_alone(app)]
        found = differences_between_processes(app, now)
        errors += found.problems if up else []
        warnings += found.warnings if up else []
    warnings = [line for line in dict.fromkeys(warnings) if line not in errors]
    if as_json:
        print(json.dumps([{"problem": line} for line in errors] + [{"warning": line} for line in warnings]))
    else:
        for line in warnings:
            warn(line)
        for line in errors:
            print_error(line)
        if not errors:
            out.print("ok")
    if errors:
        raise typer.Exit(1)


def _counted(deliveries: int) -> str:
    return "1 delivery is" if deliveries == 1 else f"{deliveries} deliveries are"


def _unwell(app: App, now: datetime) -> list[str]:
    counts = app.store.ledger.counts()
    errors = []
    if dead := counts.get("dead"):
        errors.append(f"{_counted(dead)} dead: see `alerts deliveries --state dead`, then retry or dismiss")
    for name, why in outages(app.store, now).items():
        errors.append(f"channel {name} takes nothing: {why}")
    errors += [
        f"{one.text} since {shown(one.since, app.zone)} {app.zone}, and {_counted(one.count)} waiting for it: "
        "put it back, or `alerts retry ID --channel C`, or `alerts dismiss ID`"
        for one in app.store.unserved.waiting(now)
    ]
    if stuck := app.store.ledger.stuck(now - STUCK):
        errors.append(f"{_counted(stuck)} waiting for over an hour: see `alerts deliveries`")
    if doubt := app.store.ledger.facts().get(DOUBT):
        errors.append(f"{doubt.value}: nothing is planned, sent or ended; put it right, or `alerts clock accept`")
    if not counts.get("open"):
        errors.append("no open commitments: nothing is watched")
    return errors


def _unreachable(app: App) -> list[str]:
    """Whom these settings would not reach."""
    errors = []
    if all(is_local(entry.kind) for entry in app.settings.channels):
        errors.append("only local channels: nobody outside this machine is told")
    return errors + without_recipient(app, app.store.ledger.each(), app.owners).lines
