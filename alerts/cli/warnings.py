"""Warnings: settings and dates that are valid but seldom meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile

from alerts.cli.app import App
from alerts.core.owners import OWNER
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.schedule.moments import Moment, one_time_moments
from alerts.core.short_lists import MOST_NAMED, few
from alerts.core.tracked import Tracked
from alerts.deadlines.durations import parse_lead
from alerts.deadlines.errors import did_you_mean
from alerts.health_problems import bouncing_line
from alerts.views.shown_times import shown_with_zone
from alerts.views.unreached import ownerless

MAX_OCCURRENCES_CHECKED = 60  # of each recurring commitment: a cron that is too late for one is for others


def by_text(warned: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each text, with the keys of the commitments that it is about; of many, the first and a count."""
    keys: dict[str, list[str]] = defaultdict(list)
    for key, text in warned:
        keys[text].append(key)
    for text, about in keys.items():
        many = len(about) > MOST_NAMED
        yield f"{len(about):,} commitments: {text} ({few(about)})" if many else f"{few(about)}: {text}"


def without_known_owner(app: App, tracked: Iterable[Tracked]) -> Iterator[tuple[str, str, bool]]:
    """Yield commitments without a known owner: key, what follows, and whether the rule reaches nobody else."""
    owners = app.owners
    for item in tracked:
        commitment = item.commitment
        if owners.of(commitment):
            continue
        rules = [rule for rule in matching(app.settings.rules, commitment) if OWNER in rule.notify]
        for rule in rules:
            others = ", ".join(name for name in rule.notify if name != OWNER)
            whom = f"{others} only" if others else "nobody"
            why, which = ownerless(commitment), f"rule {rule.name}"
            if rule.name == DEFAULT_RULE:
                why, which = f"no rule matches, and {why}", f"default_notify ({', '.join(rule.notify)})"
            yield commitment.key, f"{why}, so {which} reaches {whom}", not others


def unknown_owners(app: App) -> Iterator[str]:
    """Yield a line for each rule that matches an undeclared owner, and so never applies."""
    people = app.people
    for rule in app.settings.rules:
        for key in rule.match.get("owner", ()):
            if key not in people:
                near = did_you_mean(key, people)
                yield f'rule {rule.name} matches the owner "{key}", who is not declared in `people`{near}'


def bouncing_recipients(app: App, now: datetime) -> Iterator[str]:
    """Yield a line for each address of a channel or a person whose mails come back."""
    known = {one.lower() for channel in app.channels.values() for one in channel.recipients}
    known |= {person.email.lower() for person in app.people.values()}
    for address in app.store.bounces.addresses(now):
        if address.recipient.lower() in known:
            yield bouncing_line(address, lambda at: shown_with_zone(at, app.zone))


def left_open_incidents(app: App) -> Iterator[str]:
    """Yield a line for each rule that opens incidents and never ends them, or whose summary reaches nobody."""
    for rule in app.settings.rules:
        for channel in (app.channels[name] for name in rule.notify if name != OWNER):
            if rule.sends_alerts and channel.holds_open and not rule.remind.closed:
                ends = "set `closed: true` under `remind:`"
                yield f"rule {rule.name}: no reminder closes the incidents that it opens in {channel.name}: {ends}"
            if rule.summary and channel.one_at_a_time:
                yield f"rule {rule.name}: channel {channel.name} sends one alert at a time, so it gets no summaries"
        if rule.summary and all(name != OWNER and app.channels[name].one_at_a_time for name in rule.notify):
            yield f"rule {rule.name}: none of its channels takes summaries, so its summary reaches nobody"


def link_warnings(app: App) -> Iterator[str]:
    """Yield a line where links would cross a network in the open, or where channels show commands instead of links."""
    signing, stated = app.signing, [entry for entry in app.settings.channels if "answers" in entry.options]
    if signing.public_url is None:
        for entry in stated:
            if app.channels[entry.name].answers:
                yield f"channel {entry.name}: `answers` is on, but there are no links without http.public_url"
    elif app.settings.http and app.settings.http.is_plain:
        yield (
            f"{signing.public_url} is not encrypted, so anybody who reads the network can answer by the links: "
            "set http.public_url to an address with https, and put a proxy with TLS in front"
        )
    elif signing.is_local:
        names = [name for name, channel in app.channels.items() if channel.answers and not channel.local]
        if names:
            yield (
                f"{signing.public_url} leads to this machine only, so {', '.join(names)} show commands instead of "
                "links: set http.public_url to an address that readers can reach"
            )


def held_sending(app: App) -> list[str]:
    """Return why no alert goes out after a restore."""
    hold = app.store.held_sending.find()
    return [hold.text(lambda at: shown_with_zone(at, app.zone))] if hold else []


def early_warnings(app: App, tracked: Iterable[Tracked], now: datetime) -> list[str]:
    """Return a line for each rule whose cron fires too late for a lead, so that the reminder goes out early."""
    found: dict[tuple[str, str], list[tuple[str, Moment]]] = defaultdict(list)
    for item in tracked:
        for rule in matching(app.settings.rules, item.commitment):
            for one in _next_occurrences(item, now):
                for moment in one_time_moments(rule, one.bounds, app.rules[rule.name].cron):
                    if moment.early and moment.send_at >= now:
                        ahead = moment.offset and parse_lead(moment.offset).to_text
                        what = f"{ahead} before" if ahead else "on the day of"
                        about = f"{one.commitment.key} {one.occurrence}".rstrip()
                        found[rule.name, what].append((about, moment))
    lines = []
    for (name, what), cases in found.items():
        cron, (key, moment) = app.rules[name].rule.cron, cases[0]
        more = f" (and {len(cases) - 1:,} more)" if len(cases) > 1 else ""
        lines.append(
            f"rule {name}: its cron `{cron}` does not fire in time for the alert {what} {key}{more}: "
            f"it goes out early, {shown_with_zone(moment.send_at, app.zone)}"
        )
    return lines


def _next_occurrences(item: Tracked, now: datetime) -> list[Tracked]:
    """Return the commitment, or its occurrences of the coming year if it recurs."""
    recurs = item.bounds.recurrence
    if recurs is None:
        return [item]
    names = recurs.names(now.replace(tzinfo=None))
    soon = takewhile(lambda name: recurs.order(name) < now + timedelta(days=366), names)
    return [item.at(name) for name in islice(soon, MAX_OCCURRENCES_CHECKED)]
