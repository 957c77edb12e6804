"""What commands share: options that stand before them, the settings, the store, and the channels."""

from __future__ import annotations

import getpass
import logging
import os
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts import shipped
from alerts.channels import Channel, Heartbeat, build, contents
from alerts.clock import utc_now
from alerts.core.calendars import Day, zone_info
from alerts.core.commitments import Person
from alerts.core.deliveries import DeliveryError
from alerts.core.errors import InputError, did_you_mean
from alerts.core.owners import Owners
from alerts.core.registration import RuleSet
from alerts.lane import Clock, ChannelWorker
from alerts.rendering import Renderer
from alerts.settings import ChannelEntry, Settings, load_settings, settings_folder
from alerts.settings.identity import rule_set
from alerts.settings.redaction import Redaction
from alerts.settings.rescue import rescued_database
from alerts.store import Store
from alerts.tick import ScheduledRule

LAST_DAY = date(9999, 12, 29)  # the day after it lies on every clock on earth within the year 9999
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

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


Config = Annotated[
    Path | None, typer.Option("--config", metavar="DIR", help="Folder of configuration; else ALERTS_CONFIG, ./config.")
]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="Database address; else ALERTS_DATABASE, the config's.")
]
At = Annotated[str | None, typer.Option("--at", metavar="T", help="Take this for the time, such as 2025-10-28T00:00Z.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it; else ALERTS_USER or the login name.")
]


@cli.callback()
def _before(context: typer.Context, config: Config = None, database: DatabaseUrl = None) -> None:
    context.obj = App(config, database)


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


def checked_reason(text: str, option: str) -> str:
    """What somebody says of a change, fit to be stored and told: not empty, and one line."""
    stripped = text.strip()
    if not stripped:
        raise typer.BadParameter("is empty, expected a few words", param_hint=option)
    if not stripped.isprintable():
        raise typer.BadParameter("holds a line break or a control character", param_hint=option)
    return stripped


def as_rfc3339(at: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def shown(at: datetime | None, zone: str) -> str:
    """An instant as a terminal shows it: weekday first, in a zone (in UTC, at the ends of the calendar)."""
    if at is None:
        return "–"
    try:
        at = at.astimezone(zone_info(zone))
    except OverflowError:
        at = at.astimezone(UTC)
    return at.strftime("%a %-d %b %Y %H:%M")


def note(text: str) -> None:
    """Say something beside the result, on stderr: one line, however narrow the terminal."""
    Console(stderr=True, highlight=False).print(text, style="dim", markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Say something that deserves a look, on stderr: one line."""
    Console(stderr=True, highlight=False).print(f"warning: {text}", style="yellow", markup=False, soft_wrap=True)


def warn_if_nobody_is_told(app: App) -> None:
    """Say who would not hear of what: nobody of anything, or operators not of what fails."""
    if all(channel.local for channel in app.channels.values()):
        warn("only local channels: nobody outside this machine is told")
    elif not app.settings.operators:
        warn("no `operators:` are set: nobody is told of what does not get through but the log and `alerts health`")


def print_error(text: str) -> None:
    """Say what is wrong, on stderr: one line."""
    Console(stderr=True, highlight=False).print(f"alerts: {text}", markup=False, soft_wrap=True)


class _Redacted(logging.Formatter):
    """Log lines that show no secret, whatever a library put into them."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = lambda seconds: datetime.fromtimestamp(seconds or 0, UTC).timetuple()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(super().format(record))


def start_log(redaction: Redaction) -> None:
    """Log to stderr, without secrets; from the level on that ALERTS_LOG names (DEBUG shows what libraries say, too)."""
    stream = logging.StreamHandler(sys.stderr)
    level = os.environ.get("ALERTS_LOG") or "INFO"
    if level not in LEVELS:
        raise InputError(f"ALERTS_LOG is {level!r}: expected one of {', '.join(LEVELS)}")
    stream.setFormatter(_Redacted(redaction))
    logging.basicConfig(level=level, handlers=[stream], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
