"""What commands share: options that stand before them, the settings, the store, and the channels."""

from __future__ import annotations

import getpass
import logging
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import typer

from alerts import shipped
from alerts.channels import Channel, build, contents
from alerts.channels.heartbeat import Heartbeat
from alerts.cli.output import checked_reason, note, warn
from alerts.clock import Clock, utc_now
from alerts.core.commitments import Person
from alerts.core.deliveries import DeliveryError
from alerts.core.owners import Owners
from alerts.core.registration import RuleSet
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.points import Day
from alerts.delivery import ChannelWorker
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.settings import ChannelEntry, Settings, load_settings, settings_folder
from alerts.settings.rescue import rescued_database
from alerts.settings.rule_set import rule_set
from alerts.store import Store

LAST_DAY = date(9999, 12, 29)  # the day after it lies on every clock on earth within the year 9999


cli = typer.Typer(
    name="alerts",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Deadline alerting for promises: early enough, again until acknowledged, with the source and what is assumed.",
)


@dataclass
class App:
    """One command's view of the world, each part made when it is first asked for."""

    config: Path | None
    url: str | None
    digest: str = ""  # of the files that were read, where somebody has to know whether they have changed since
    checked: set[str] = field(default_factory=set)  # digests of what templates were tried with, and none failed
    built_from: dict[str, object] = field(default_factory=dict, repr=False)  # what each channel was built from, by name
    is_rescued: bool = False  # whether only the database is known: the configuration cannot be read

    def rescue(self) -> bool:
        """Go on with the database alone, where the settings cannot be read; returns whether it could be found."""
        address = rescued_database(settings_folder(self.config, os.environ), self.url, os.environ)
        if address is None:
            return False
        self.store, self.is_rescued = Store(address), True
        return True

    @cached_property
    def settings(self) -> Settings:
        """The configuration. Raises InputError with all that is wrong in it."""
        settings = load_settings(self.config, self.url, os.environ)
        if settings.shipped:
            note(
                "no ./config here: going by the shipped configuration (copy it and name it with --config to change it)"
            )
        return settings

    @cached_property
    def store(self) -> Store:
        """The database, migrated. Raises StoreError."""
        return Store(self.settings.database, self.settings.timezone)

    @cached_property
    def rules(self) -> dict[str, ScheduledRule]:
        """The rules by name."""
        return ScheduledRule.all(self.settings.rules)

    @cached_property
    def rule_set(self) -> RuleSet:
        """What a process with these settings goes by."""
        return rule_set(self.settings)

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """The channels by name, secrets resolved. Raises InputError with all that is wrong in any."""
        found, errors = {}, []
        for entry in self.settings.channels:
            try:
                found[entry.name] = self._build(entry)
            except InputError as error:
                errors.append(str(error))
        if errors:
            raise InputError("\n".join(errors))
        return found

    def channel(self, name: str) -> Channel:
        """One channel, whatever is wrong with the others. Raises InputError."""
        entries = {entry.name: entry for entry in self.settings.channels}
        if name not in entries:
            raise InputError(f"no channel is named {name!r}{did_you_mean(name, entries)}")
        return self._build(entries[name])

    def _build(self, entry: ChannelEntry) -> Channel:
        options = self.settings.resolve_options(entry)
        files = contents(entry.kind, options)  # first: what changes while it is built counts as changed
        self.built_from[entry.name] = entry.kind, options, files
        return build(entry.name, entry.kind, options, entry.where)

    @property
    def people(self) -> dict[str, Person]:
        """Those of the settings, and those whom loaded files declared, by key."""
        return self.store.people.of_files() | {person.key: person for person in self.settings.people}

    @property
    def owners(self) -> Owners:
        """Who may look after commitments, and through which channel they are told."""
        return Owners(channel=self.settings.owners_channel, people=self.people)

    @cached_property
    def renderer(self) -> Renderer:
        """The templates: the user's folder before the shipped one."""
        own = [self.settings.templates] if self.settings.templates else []
        return Renderer([*own, shipped.folder("templates")])

    @property
    def zone(self) -> str:
        """The zone of readers who state none."""
        return self.settings.timezone or "UTC"

    @cached_property
    def heartbeat(self) -> Heartbeat | None:
        """Who is told that all is well, if anybody. Raises InputError with all that is wrong in how."""
        stated = self.settings.heartbeat
        return Heartbeat(stated.options, stated.where) if stated else None

    def second_clock(self) -> datetime | None:
        """The clock of whoever is told that all is well, if anybody is."""
        try:
            return self.heartbeat.date() if self.heartbeat else None
        except DeliveryError as error:
            logging.getLogger(__name__).warning("the second clock: %s", error)
            return None

    def workers(self, clock: Clock) -> list[ChannelWorker]:
        """A lane for each channel."""
        redact = self.settings.redaction
        found = self.channels.values()
        return [ChannelWorker(self.store, channel, self.renderer, self.zone, clock, redact=redact) for channel in found]


def get_app(context: typer.Context) -> App:
    """The office that was set up before the command."""
    found = context.obj
    assert isinstance(found, App)
    return found


def who(by: str | None) -> str:
    """The name under which a change is recorded."""
    if by is not None:
        return checked_reason(by, "--by")
    try:
        return os.environ.get("ALERTS_USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user need not have a name
        return f"user {os.getuid()}"


def instant(text: str | None, expected: str = "one such as 2025-10-28T00:00Z") -> datetime:
    """The time to go by: the given one, or now. Raises InputError for one that cannot be read."""
    if text is None:
        return utc_now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InputError(f"{text!r} is not an instant: expected {expected}")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise InputError(f"{text!r} lies outside the years 1 to 9999") from None


def day_or_instant(text: str, zone: str) -> datetime:
    """An instant, or the first instant after a civil day in a zone ("until the 5th" includes it)."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise InputError(f"there is no such day as {text}") from None
        if day > LAST_DAY:
            raise InputError(f"{text} is too far ahead: name a day up to {LAST_DAY}")
        return Day(day, zone).end
    at = instant(text, "a day such as 2025-11-05, or an instant such as 2025-11-05T09:00Z")
    if at.date() > LAST_DAY:
        raise InputError(f"{text} is too far ahead: name an instant up to {LAST_DAY}")
    return at


def warn_if_nobody_is_told(app: App) -> None:
    """Say who would not hear of what: nobody of anything, or operators not of what fails."""
    if all(channel.local for channel in app.channels.values()):
        warn("only local channels: nobody outside this machine is told")
    elif not app.settings.operators:
        warn("no `operators:` are set: nobody is told of what does not get through but the log and `alerts health`")
