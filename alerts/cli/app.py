"""What commands share: the settings, the rules, the channels and the store."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from alerts.cli.output import checked_reason, note, warn
from alerts.clock import Clock, utc_now
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.points import Day

if TYPE_CHECKING:
    from alerts.channels import Channel
    from alerts.channels.heartbeat import Heartbeat
    from alerts.core.absences import Absences
    from alerts.core.changes import Change
    from alerts.core.commitments import Person
    from alerts.core.envelopes import Routes
    from alerts.core.owners import Owners
    from alerts.core.registration import RuleSet
    from alerts.delivery import ChannelWorker
    from alerts.link_signing import LinkSigning
    from alerts.rendering.renderer import Renderer
    from alerts.scheduled_rules import ScheduledRule
    from alerts.settings import ChannelEntry, Settings, SettingsError
    from alerts.settings.value_references import References
    from alerts.store import Store
    from alerts.store.database import Access
    from alerts.store.outbox.held_back import ChannelHours

LAST_DAY = date(9999, 12, 29)  # the day after it lies on every clock on earth within the year 9999


@dataclass
class App:
    """The parts that a command works with. Each is made when it is first used."""

    config: Path | None
    url: str | None
    access: Access = "create"  # to the database
    digest: str = ""  # of the files that were read, to notice later changes
    checked: set[str] = field(default_factory=set)  # digests of configurations whose templates rendered
    built_from: dict[str, object] = field(default_factory=dict, repr=False)  # what each channel was built from, by name
    is_rescued: bool = False  # whether the configuration cannot be read and only the database is known

    def rescue(self) -> bool:
        """Use the database alone where the settings cannot be read. Return whether it was found."""
        from alerts.settings.configuration_folder import settings_folder
        from alerts.settings.rescue import rescued_database
        from alerts.store import Store

        address = rescued_database(settings_folder(self.config, os.environ), self.url, os.environ)
        if address is None:
            return False
        self.store, self.is_rescued = Store(address, None, self.access), True
        return True

    @cached_property
    def settings(self) -> Settings:
        """Return the configuration. Raises InputError with all its problems."""
        from alerts.settings import load_settings

        settings = load_settings(self.config, self.url, os.environ)
        if settings.shipped:
            note("no ./config here: using the shipped configuration (to change it, copy it and name it with --config)")
        return settings

    @cached_property
    def store(self) -> Store:
        """Return the database with current tables. Raises StoreError."""
        from alerts.store import Store

        store = Store(self.settings.database, self.settings.timezone, self.access)
        if store.database.is_missing:
            note(f"there is no database at {store.name} yet: `alerts load FILE` makes one")
        return store

    def close(self) -> None:
        """Close the database, where it was opened."""
        if "store" in vars(self):
            self.store.close()

    @cached_property
    def rules(self) -> dict[str, ScheduledRule]:
        """Return the rules by name."""
        from alerts.scheduled_rules import ScheduledRule

        return ScheduledRule.all(self.settings.rules)

    @cached_property
    def rule_set(self) -> RuleSet:
        """Return the rules and channels of these settings, as a process registers them."""
        from alerts.settings.rule_set import rule_set

        return rule_set(self.settings)

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """Return the channels by name, secrets resolved. Raises InputError with all their problems."""
        found, errors = self._build_all(self.settings.channels, self.settings.references)
        if errors:
            raise InputError("\n".join(errors))
        return found

    def channel_problems(self, broken: SettingsError) -> list[str]:
        """Return the problems of the channels of a configuration that cannot be used for other reasons."""
        return self._build_all(broken.channels, broken.references)[1]

    def _build_all(
        self, entries: Sequence[ChannelEntry], references: References
    ) -> tuple[dict[str, Channel], list[str]]:
        """Return the channels that can be built, and the problems of the others."""
        found, errors = {}, []
        for entry in entries:
            try:
                found[entry.name] = self._build(entry, references)
            except InputError as error:
                errors.append(str(error))
        return found, errors

    def channel(self, name: str) -> Channel:
        """Return one channel. Problems of the others do not matter. Raises InputError."""
        entries = {entry.name: entry for entry in self.settings.channels}
        if name not in entries:
            raise InputError(f"no channel is named {name!r}{did_you_mean(name, entries)}")
        return self._build(entries[name], self.settings.references)

    def _build(self, entry: ChannelEntry, references: References) -> Channel:
        from alerts.channels import build, contents
        from alerts.settings import resolve_options

        options = resolve_options(entry, references)
        files = contents(entry.kind, options)  # first: what changes while it is built counts as changed
        self.built_from[entry.name] = entry.kind, options, files
        return build(entry.name, entry.kind, options, entry.where)

    @property
    def people(self) -> dict[str, Person]:
        """Return the people of the settings and of loaded files, by key."""
        return self.store.people.of_files() | {person.key: person for person in self.settings.people}

    def absences(self, now: datetime) -> Absences:
        """Return who is away or has left, and who their deputies are."""
        from alerts.core.absences import Absences

        return Absences(people=self.people, recorded=self.store.absences.all(now).recorded)

    @property
    def owners(self) -> Owners:
        """Return the people who can own commitments, and the channel that reaches them."""
        from alerts.core.owners import Owners

        return Owners(channel=self.settings.owners_channel, people=self.people)

    @property
    def operators(self) -> Routes:
        """Return the recipients of the operators' channels."""
        from alerts.core.envelopes import Routes

        channels = {name: self.channels[name] for name in self.settings.operators}
        return Routes(
            recipients={name: channel.recipients for name, channel in channels.items()},
            one_at_a_time={name for name, channel in channels.items() if channel.one_at_a_time},
        )

    @cached_property
    def renderer(self) -> Renderer:
        """Return the renderer. Templates of the user come before the shipped ones."""
        from alerts import shipped
        from alerts.rendering.renderer import Renderer

        own = [self.settings.templates] if self.settings.templates else []
        return Renderer([*own, shipped.folder("templates")])

    @cached_property
    def signing(self) -> LinkSigning:
        """Return what makes the links of messages. Raises InputError where the keys of the settings are wrong."""
        from alerts.link_signing import link_signing

        return link_signing(self.settings)

    @property
    def zone(self) -> str:
        """Return the zone of readers who state none."""
        return self.settings.timezone or "UTC"

    @cached_property
    def heartbeat(self) -> Heartbeat | None:
        """Return the heartbeat, if one is set. Raises InputError with all its problems."""
        from alerts.channels.heartbeat import Heartbeat

        stated = self.settings.heartbeat
        return Heartbeat(stated.options, stated.where) if stated else None

    def second_clock(self) -> datetime | None:
        """Return the time that the server of the heartbeat states, if there is one."""
        from alerts.core.deliveries import DeliveryError

        try:
            return self.heartbeat.date() if self.heartbeat else None
        except DeliveryError as error:
            logging.getLogger(__name__).warning("the second clock: %s", error)
            return None

    def workers(self, clock: Clock, *, outlasts_damage: bool = True) -> list[ChannelWorker]:
        """Return a worker for each channel."""
        from alerts.delivery import ChannelWorker

        shared: dict[str, Any] = {"redact": self.settings.redaction, "signing": self.signing}
        shared |= {"operators": self.operators, "outlasts_damage": outlasts_damage}
        return [
            ChannelWorker(self.store, channel, self.renderer, self.zone, clock, hours=self._hours(channel), **shared)
            for channel in self.channels.values()
        ]

    def _hours(self, channel: Channel) -> ChannelHours:
        """Return the office hours of the recipients of a channel."""
        from alerts.core.office_hours import hours_of_recipients
        from alerts.store.outbox.held_back import ChannelHours

        whole = channel.hours.hours(channel.timezone or self.zone) if channel.hours else None
        return ChannelHours(of=hours_of_recipients(self.settings.hours, whole), one_at_a_time=channel.one_at_a_time)


def get_app(context: typer.Context) -> App:
    """Return the App that was set up before the command."""
    found = context.obj
    assert isinstance(found, App)
    return found


def who(by: str | None) -> str:
    """Return the name under which a change is recorded."""
    if by is not None:
        return checked_reason(by, "--by")
    from getpass import getuser  # only for changes

    try:
        return os.environ.get("ALERTS_USER") or getuser()
    except (OSError, KeyError, ImportError):  # a container's user need not have a name
        return f"user {os.getuid()}"


def change_of(at: str | None, by: str | None, because: str | None) -> Change:
    """Return who changes something, when, and perhaps why."""
    from alerts.core.changes import Change

    reason = because and checked_reason(because, "--because")
    return Change(now=instant(at), by=who(by), reason=reason)


def instant(text: str | None, expected: str = "one such as 2025-10-28T00:00Z") -> datetime:
    """Return the given time, or now. Raises InputError for a time that cannot be read."""
    if text is None:
        return utc_now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InputError(f"{text!r} is not a time: expected {expected}")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise InputError(f"{text!r} lies outside the years 1 to 9999") from None


def day_or_instant(text: str, zone: str, *, inclusive: bool = True) -> datetime:
    """Return a time, or the end of a day in a zone: "until the 5th" includes the 5th, unless `inclusive` is False."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise InputError(f"there is no such day as {text}") from None
        if day > LAST_DAY:
            raise InputError(f"{text} is too far ahead: name a day up to {LAST_DAY}")
        return Day(day, zone).end if inclusive else Day(day, zone).start
    at = instant(text, "a day such as 2025-11-05, or a time such as 2025-11-05T09:00Z")
    if at.date() > LAST_DAY:
        raise InputError(f"{text} is too far ahead: name a time up to {LAST_DAY}")
    return at


def warn_if_nobody_is_reached(app: App) -> None:
    """Warn where no alert leaves this machine, or where no operator gets failures."""
    if all(channel.local for channel in app.channels.values()):
        warn("all channels are local: no alert leaves this machine")
    elif not app.settings.operators:
        warn("`operators` is not set: failures show only in the log and in `alerts health`")
