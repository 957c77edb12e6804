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

from alerts.channels import Channel, Form, is_local
from alerts.cli import restating
from alerts.cli.doubts import early, left_open, skipping, strangers, unowned
from alerts.cli.elsewhere import disagreements, left_alone, unreadable, warn_of_other_rules
from alerts.cli.samples import sample_summaries, samples, test_message
from alerts.cli.showing import unsaid
from alerts.cli.wiring import At, Json, Office, app, complain, instant, office, shown, warn, warn_of_silence
from alerts.clock_check import DOUBT
from alerts.composing import compose
from alerts.core.commitments import Tracked
from alerts.core.deliveries import DeliveryError
from alerts.core.errors import InputError, did_you_mean
from alerts.core.notifications import Notification, Outgoing, Told
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import DEFAULT_RULE, Rule
from alerts.core.summaries import Scope, Summary
from alerts.daemon import is_alive, outages
from alerts.outlook import Foretold, outlook, spoken_of

STUCK = timedelta(hours=1)  # a delivery that should have gone so long ago is stuck
out = Console(highlight=False)


@app.command()
def check(context: typer.Context, at: At = None) -> None:
    """Configuration, rules, channels with their secrets, and every template: all that is wrong, at once."""
    here, now = office(context), instant(at)
    told = samples(now)
    if wrong := problems(here, told, now):
        raise InputError("\n".join(wrong))
    channels = here.channels
    tracked = here.store.ledger.tracked()
    untold = _warn_untold(here, tracked)
    coming = set(spoken_of(here.store, here.rules, now, now + timedelta(days=3660), here.owners))
    for item in tracked:
        key = item.commitment.key
        if key not in coming and key not in untold:
            warn(f"{key}: its rules have no moment to come within ten years, so nothing will be said")
    if (graced := here.store.commitments.graced()) and graced[1] > now:
        count, ends = graced
        many = "acknowledgement of an older version ends" if count == 1 else "acknowledgements of an older version end"
        warn(f"{count} {many} {shown(ends, here.zone)} {here.zone}: `alerts plan --upgrade` shows what goes out then")
    for line in (*early(here, tracked, now), *skipping(tracked)):
        warn(line)
    for rule in here.settings.rules:
        if not rule.notify:
            warn(f"rule {rule.name}: it notifies no channel")
    for line in (*strangers(here), *left_open(here)):
        warn(line)
    undecided = here.store.commitments.restated()
    for one in undecided:
        warn(restating.line(one))
    if undecided:
        warn(f"{len(undecided)} closed and stated anew: {restating.WHAT_TO_DO}")
    warn_of_silence(here)
    warn_of_other_rules(here)
    named = [rule for rule in here.settings.rules if rule.name != DEFAULT_RULE]
    out.print(f"ok: {len(channels)} channels, {len(named)} rules, {len(told)} sample reminders in every form")


def problems(here: Office, told: list[Told], now: datetime) -> list[str]:
    """All that is wrong with channels, secrets and templates; `told` is what the templates are tried with."""
    wrong: list[str] = []
    channels: dict[str, Channel] = {}
    try:
        channels = here.channels
        _ = here.heartbeat
    except InputError as error:
        wrong += str(error).splitlines()
    wrong += here.renderer.unseen()
    wrong += _failing_templates(here, list(channels.values()), told, now)
    return list(dict.fromkeys(wrong))


def _warn_untold(here: Office, tracked: Sequence[Tracked]) -> set[str]:
    """Say of what nobody is told, or only few; returns the keys of that of which nobody is, for want of whom."""
    found = unsaid(here, tracked, here.owners)
    lines = list(unowned(here, tracked))
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


def _failing_templates(here: Office, channels: Sequence[Channel], told: list[Told], now: datetime) -> Iterator[str]:
    """Render every template of every channel with a reminder of every kind, and with all at once."""
    ways: list[tuple[Channel | None, Form]] = [(channel, channel.form) for channel in channels]
    if here.settings.templates:  # those that no channel needs yet are tried too
        ways += [(None, form) for form in get_args(Form) if form not in {form for _, form in ways}]
    for channel, form in ways:
        words: list[tuple[Summary | None, list[Told]]] = [(None, some) for some in (*([one] for one in told), told)]
        for summary, some in (*words, *sample_summaries(told, now)):
            sample = replace(_notification(here, channel, some, now), summary=summary)
            found = here.renderer.check(sample, form)
            yield from found
            if channel and not found and (error := compose(here.renderer, channel, sample)[1]):
                yield error


def _notification(here: Office, channel: Channel | None, told: list[Told], now: datetime) -> Notification:
    return Notification(
        id=uuid4(),
        channel=channel.name if channel else "sample",
        recipient=channel.recipients[0] if channel else "",
        zone=(channel and channel.timezone) or here.zone,
        told=tuple(told),
        now=now,
    )


@app.command()
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
    here, now = office(context), instant(at)
    if rule not in here.rules:
        raise InputError(f"no rule is named {rule!r}{did_you_mean(rule, here.rules)}")
    if key is None:
        through, notification = _summary(here, rule, channel, now)
    else:
        through, notification = _reminder(here, rule, key, channel, now)
    message, error = compose(here.renderer, through, notification)
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


def _reminder(here: Office, rule: str, key: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """The next word of a rule about a commitment. Raises InputError where there is none."""
    if not here.rules[rule].rule.speaks:
        raise InputError(f"rule {rule} only sums up: leave the key off, as in `alerts preview {rule}`")
    item = here.store.commitments.find(key)
    if not here.rules[rule].rule.matches(item.commitment):
        raise InputError(f"rule {rule} does not match {key}: see `match:` of the rule")
    owners = here.owners
    mine: list[Foretold] = []
    for days in (366, 3660):  # most speak twice within a year, and ten take ten times as long
        words = outlook(here.store, here.rules, now, now + timedelta(days=days), owners=owners, only=item.id)
        mine = [one for one in words if one.reminder.rule == rule]
        if len(mine) > 1:
            break
    if not mine:
        untold = next((line for _, line, alone in unowned(here, [item]) if alone), None)
        raise InputError(untold or f"rule {rule} has nothing more to say of {key} within ten years")
    word = mine[0]
    through = here.channel(channel or word.channels[0])
    parties, sources = here.store.ledger.parties(), here.store.ledger.sources()
    commitment = item.commitment
    told = Told(
        reminder=word.reminder,
        tracked=item.at(word.reminder.occurrence),
        by=tuple(parties[one] for one in commitment.by),
        to=tuple(parties[one] for one in commitment.to),
        source=sources.get(commitment.source.key) if commitment.source else None,
        earlier_sources=tuple(sources.get(one.key) for one in commitment.earlier_sources),
        owner=owners.people.get(commitment.owner) if commitment.owner else None,
        speaks_next=mine[1].reminder.send_at if len(mine) > 1 else None,
    )
    when = max(now, word.reminder.send_at)
    notification = _notification(here, through, [told], when)
    reader = owners.of(commitment)
    if reader and _only_owner(here.rules[rule].rule, through.name, owners):
        notification = replace(notification, recipient=reader.email, zone=reader.timezone or notification.zone)
    return through, notification


def _summary(here: Office, rule: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """The next summary of a rule, of all that it matches. Raises InputError where it makes none."""
    ruled = here.rules[rule]
    firing = ruled.cron.at_or_after(now) if ruled.rule.summary else None
    if firing is None:
        raise InputError(f"rule {rule} sums nothing up: name a commitment, as in `alerts preview {rule} KEY`")
    first = next((name for name in ruled.rule.notify if name != OWNER), here.settings.owners_channel)
    through = here.channel(channel or first or "")
    summary, told = here.store.summaries.gather(Scope(rule=ruled.rule, firing=firing), firing)
    return through, replace(_notification(here, through, list(told), firing), summary=summary)


def _only_owner(rule: Rule, channel: str, owners: Owners) -> bool:
    """Whether a rule speaks through a channel to owners, and not to those whom the channel names."""
    return OWNER in rule.notify and channel == owners.channel and channel not in rule.notify


@app.command("send-test")
def send_test(
    context: typer.Context, channel: Annotated[str, typer.Argument(metavar="CHANNEL")], at: At = None
) -> None:
    """Send a real test message to every recipient of a channel, and show what the server answered."""
    here, now = office(context), instant(at)
    through = here.channel(channel)
    failed = False
    for recipient in through.recipients:
        notification = _notification(here, through, [test_message(channel, now)], now)
        message = replace(compose(here.renderer, through, notification)[0], calendar=None)  # nobody keeps a test
        to = f"{channel} → {recipient}" if recipient else channel
        try:
            answer = through.send(Outgoing(id=notification.id, recipient=recipient, message=message))
            out.print(here.settings.redaction(f"{to}: {answer}"), markup=False, soft_wrap=True)
        except DeliveryError as error:
            failed = True
            complain(here.settings.redaction(f"{to}: {error}"))
    through.close()
    if failed:
        raise typer.Exit(1)


@app.command()
def health(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Only whether this host's daemon plans and delivers.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Whether alerts get out: exit code 1 and a line for each thing that is wrong."""
    here, now = office(context), instant(at)
    doubts = unreadable(here)
    wrong: list[str] = []
    up = is_alive(here.store, now, socket.gethostname() if live else None)
    if not up:
        wrong.append("no daemon is up, or none has planned and delivered for five minutes: start `alerts run`")
    if not live:
        wrong += _unwell(here, now)
        wrong += [] if doubts else [*_untold(here), *left_alone(here)]
        found = disagreements(here, now)
        wrong += found.problems if up else []
        doubts += found.warnings if up else []
    doubts = [line for line in dict.fromkeys(doubts) if line not in wrong]
    if as_json:
        print(json.dumps([{"problem": line} for line in wrong] + [{"warning": line} for line in doubts]))
    else:
        for line in doubts:
            warn(line)
        for line in wrong:
            complain(line)
        if not wrong:
            out.print("ok")
    if wrong:
        raise typer.Exit(1)


def _counted(deliveries: int) -> str:
    return "1 delivery is" if deliveries == 1 else f"{deliveries} deliveries are"


def _unwell(here: Office, now: datetime) -> list[str]:
    counts = here.store.ledger.counts()
    wrong = []
    if dead := counts.get("dead"):
        wrong.append(f"{_counted(dead)} dead: see `alerts deliveries --state dead`, then retry or dismiss")
    for name, why in outages(here.store, now).items():
        wrong.append(f"channel {name} takes nothing: {why}")
    wrong += [
        f"{one.text} since {shown(one.since, here.zone)} {here.zone}, and {_counted(one.count)} waiting for it: "
        "put it back, or `alerts retry ID --channel C`, or `alerts dismiss ID`"
        for one in here.store.missing.waiting(now)
    ]
    if stuck := here.store.ledger.stuck(now - STUCK):
        wrong.append(f"{_counted(stuck)} waiting for over an hour: see `alerts deliveries`")
    if doubt := here.store.ledger.beats().get(DOUBT):
        wrong.append(f"{doubt.value}: nothing is planned, sent or ended; put it right, or `alerts clock accept`")
    if not counts.get("open"):
        wrong.append("no open commitments: nothing is watched")
    return wrong


def _untold(here: Office) -> list[str]:
    """Whom these settings would not reach."""
    wrong = []
    if all(is_local(entry.kind) for entry in here.settings.channels):
        wrong.append("only local channels: nobody outside this machine is told")
    return wrong + unsaid(here, here.store.ledger.each(), here.owners).untold
