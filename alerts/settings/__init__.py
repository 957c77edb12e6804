"""Settings: the folder of configuration, the environment and secret files, checked and frozen.

All problems are reported at once, a line each, with file and line. A value that comes from `{env: NAME}` or
`{file: PATH}` never shows in errors or in `repr`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from alerts.core.commitments import Person
from alerts.core.office_hours import OfficeHours
from alerts.core.permissions import Role
from alerts.core.retention import Retention
from alerts.core.rules import Rule
from alerts.core.silences import Silence
from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.settings.configuration_folder import find_folder, read_folder
from alerts.settings.cross_checks import cross_checks, owners_channel
from alerts.settings.environment_overrides import Overrides, override
from alerts.settings.http_section import HttpSettings, http_errors
from alerts.settings.redaction import HIDDEN, Redaction
from alerts.settings.schema import ChannelSection, ConfigFile, default_rule
from alerts.settings.sign_in_section import mailing_channel
from alerts.settings.value_references import References, literal_secrets
from alerts.strict_yaml.validation import lines_of
from alerts.strict_yaml.yaml_events import Places, Steps


@frozen(kw_only=True)
class ChannelEntry:
    """A channel as the configuration states it: `options` with `{env: …}` and `{file: …}` as they are written.

    `where` gives the beginning of an error line for the steps to an option: `config/alerts.yaml:12: `.
    """

    name: str
    kind: str
    options: Mapping[str, Any] = field(repr=False)
    where: Callable[[Steps], str] = field(repr=False, compare=False)


class SettingsError(InputError):
    """All that is wrong with a configuration, and those of its channels that can be checked all the same."""

    def __init__(self, text: str, channels: tuple[ChannelEntry, ...], references: References) -> None:
        super().__init__(text)
        self.channels, self.references = channels, references


@frozen(kw_only=True)
class Settings:
    """What the daemon and the commands go by. `shipped`: nobody has named or made a configuration of their own.

    `owners_channel`: the one that mails owners, if any is marked `default: true`. `roles`: what people may do, by key.
    `shared_addresses`: mailboxes that several people read, in small letters. `hours`: the office hours of people, by
    address in small letters.
    """

    folder: Path
    shipped: bool
    database: str = field(repr=False)
    timezone: str | None
    channels: tuple[ChannelEntry, ...]
    default_notify: tuple[str, ...]
    operators: tuple[str, ...]
    people: tuple[Person, ...]
    roles: Mapping[str, Role]
    shared_addresses: frozenset[str]
    owners_channel: str | None
    heartbeat: ChannelEntry | None = field(repr=False)
    rules: tuple[Rule, ...]
    templates: Path | None
    references: References = field(repr=False)
    http: HttpSettings | None = None
    silences: tuple[Silence, ...] = ()
    hours: Mapping[str, OfficeHours] = field(default_factory=dict)
    log: Literal["auto", "text", "json"] = "auto"
    kept: Retention = field(default_factory=Retention)

    def __repr__(self) -> str:
        names = ", ".join(entry.name for entry in self.channels)
        return f"Settings(folder={str(self.folder)!r}, database={self.shown_database!r}, channels=[{names}])"

    @property
    def shown_database(self) -> str:
        """The database's address with its password hidden."""
        hidden = re.sub(r"(://[^:/@]*):.*@", rf"\1:{HIDDEN}@", self.database)
        return re.sub(r"(?i)([?&]\w*(?:password|passfile)=)[^&]*", rf"\1{HIDDEN}", hidden)

    def resolve_options(self, entry: ChannelEntry) -> dict[str, Any]:
        """The options of a channel with every reference replaced by what it names. Raises InputError."""
        return resolve_options(entry, self.references)

    @property
    def redaction(self) -> Redaction:
        """What takes the secrets out of a text."""
        return Redaction(self.secrets())

    def secrets(self) -> tuple[str, ...]:
        """All values that no log, error or listing may show, longest first; what cannot be read is left out."""
        found = set(self.references.found)
        for entry in (*self.channels, *([self.heartbeat] if self.heartbeat else [])):
            found.update(self.references.values(entry.options))
            found.update(literal_secrets(entry.options))
        if self.http and self.http.answer_keys:
            found.update(re.findall(r"[0-9a-fA-F]{64}", self.http.answer_keys))  # not when each was made
        if password := re.search(r"://[^:/@]*:(.*)@", self.database):
            found.add(password[1])
        return tuple(sorted(found - {""}, key=lambda secret: (-len(secret), secret)))


def resolve_options(entry: ChannelEntry, references: References) -> dict[str, Any]:
    """The options of a channel with every reference replaced by what it names.

    Raises InputError, a line for each variable or file that is missing or empty.
    """
    errors: list[str] = []
    prefix = f"channels.{entry.name}."
    options: dict[str, Any] = references.resolve(entry.options, entry.where, (), errors, prefix)
    if errors:
        raise InputError("\n".join(errors))
    return options


def load_settings(config: Path | None, database: str | None, environ: Mapping[str, str]) -> Settings:
    """Read the configuration.

    The folder is `config`, else ALERTS_CONFIG, else ./config where there is one, else the shipped one; the database
    is `database`, else ALERTS_DATABASE, else what the settings say. Variables such as ALERTS__TIMEZONE take precedence
    over the files. Raises InputError with a line for each thing that is wrong.
    """
    folder, is_shipped = find_folder(config, environ)
    data, places = read_folder(folder)
    where = _where(folder, places, override(data, environ))
    named = database or environ.get("ALERTS_DATABASE")
    if named:
        data.pop("database", None)  # what it refers to need not be there
    references = References(dict(environ), folder)
    resolved, stated = _checked(data, references, where)
    if errors := http_errors(data.get("http"), named or stated.database, resolved.get("channels"), where):
        raise InputError("\n".join(errors))
    return Settings(
        folder=folder,
        shipped=is_shipped,
        database=named or stated.database,
        timezone=stated.timezone,
        channels=_channels(stated.channels, where),
        default_notify=stated.default_notify,
        operators=stated.operators,
        **_people(stated),
        owners_channel=owners_channel(resolved),
        heartbeat=_heartbeat(stated, where),
        rules=_rules(stated),
        templates=folder / stated.templates if stated.templates else None,
        references=references,
        **_times(stated),
        log=stated.log,
        http=stated.http.settings(environ, _mailing(resolved)) if stated.http else None,
    )


def _where(folder: Path, places: Mapping[str | int, Places], overridden: Overrides) -> Callable[[Steps], str]:
    """Return what gives the beginning of an error line for the steps to a setting."""

    def where(steps: Steps) -> str:
        if variable := overridden.variable(steps):
            return f"the environment variable {variable}: "
        return places[steps[0]].at(steps) if steps and steps[0] in places else f"{folder}: "

    return where


def _people(stated: ConfigFile) -> dict[str, Any]:
    """Return the people, what they may do, and which mailboxes several of them read."""
    return {
        "people": tuple(entry.person_in(stated.timezone or "UTC") for entry in stated.people),
        "roles": {entry.key: entry.role for entry in stated.people},
        "shared_addresses": frozenset(entry.email.lower() for entry in stated.people if entry.shared),
    }


def _checked(
    data: Mapping[str, Any], references: References, where: Callable[[Steps], str]
) -> tuple[dict[str, Any], ConfigFile]:
    """Return what is stated, with references resolved, and as it was read. Raises InputError with all that is wrong."""
    errors: list[str] = []
    resolved = {
        key: value if key == "channels" else references.resolve(value, where, (key,), errors)
        for key, value in data.items()
    }
    stated = None
    try:
        stated = ConfigFile.model_validate(resolved)
    except ValidationError as error:
        unresolved = {line.split(": ", 1)[0] for line in errors}
        errors += [line for line in lines_of(error, ConfigFile, where) if line.split(": ", 1)[0] not in unresolved]
    errors += cross_checks(resolved, where)
    if stated and stated.templates and not errors:
        templates = references.folder / stated.templates
        if not templates.is_dir():
            errors.append(f"{where(('templates',))}templates: there is no folder {templates}")
    if errors or stated is None:
        text = Redaction(references.found)("\n".join(sorted(errors, key=place_of)))
        raise SettingsError(text, _readable_channels(resolved.get("channels"), where), references)
    return resolved, stated


def _readable_channels(stated: Any, where: Callable[[Steps], str]) -> tuple[ChannelEntry, ...]:
    """The channels that have the right form, in a configuration that has not."""
    found = {}
    for name, section in stated.items() if isinstance(stated, Mapping) else ():
        with suppress(ValidationError):
            found[name] = ChannelSection.model_validate(section)
    return _channels(found, where)


def _channels(stated: Mapping[str, ChannelSection], where: Callable[[Steps], str]) -> tuple[ChannelEntry, ...]:
    return tuple(
        ChannelEntry(name=name, kind=section.kind, options=section.options, where=_under(where, ("channels", name)))
        for name, section in stated.items()
    )


def _rules(stated: ConfigFile) -> tuple[Rule, ...]:
    """Return the rules, and the one that `default_notify` stands for."""
    zone = stated.timezone or "UTC"
    rules = [section.rule(zone) for section in stated.rules]
    if stated.default_notify:
        rules.append(default_rule(zone, stated.default_notify))
    return tuple(rules)


def _times(stated: ConfigFile) -> dict[str, Any]:
    """Return the silences, the office hours of people, and how long what was sent is kept."""
    zone = stated.timezone or "UTC"
    hours = {one.email.lower(): one.hours.hours(one.timezone or zone) for one in stated.people if one.hours}
    silences = tuple(one.silence(zone) for one in stated.silences)
    return {"hours": hours, "silences": silences, "kept": stated.keep.retention}


def _mailing(resolved: Mapping[str, Any]) -> str | None:
    """Return the channel that mails sign-in links, unless the settings name one."""
    return mailing_channel(resolved.get("channels"), owners_channel(resolved))


def _heartbeat(stated: ConfigFile, where: Callable[[Steps], str]) -> ChannelEntry | None:
    """The heartbeat, which is stated as a channel is; its references have been resolved."""
    if stated.heartbeat is None:
        return None
    under = _under(where, ("heartbeat",))
    return ChannelEntry(name="heartbeat", kind="heartbeat", options=stated.heartbeat.options, where=under)


def _under(where: Callable[[Steps], str], above: Steps) -> Callable[[Steps], str]:
    return lambda steps: where((*above, *steps))


def place_of(line: str) -> tuple[str, int]:
    """Return what puts error lines into the order of the files."""
    found = re.match(r"(.*?):(\d+): ", line)
    return (found[1], int(found[2])) if found else (line, 0)
