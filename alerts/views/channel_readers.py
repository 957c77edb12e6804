"""Who reads a channel: the recipients of mail, or all who can see a chat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from alerts.core.commitments import Person
from alerts.core.office_hours import HoursOf, OfficeHours, hours_of_recipients
from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.settings import ChannelEntry, Settings
from alerts.strict_yaml.office_hours_entry import OfficeHoursEntry


@frozen(kw_only=True)
class ChannelReaders:
    """The readers of a channel. `addresses`: those that get mail; None for a chat.

    `shared`: several people read each message. `mails_owners`: people get mail, too. `zone`: the readers', if stated.
    `hours`: the office hours of the channel, if stated.
    """

    name: str
    addresses: tuple[str, ...] | None
    shared: bool
    mails_owners: bool
    zone: str | None
    hours: OfficeHours | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return who gets a delivery each; the empty address for a chat, which gets one itself."""
        return ("",) if self.addresses is None else self.addresses

    def reaches(self, recipient: str, people: Mapping[str, Person]) -> bool:
        """Return whether a recipient of an earlier message still is one."""
        if self.addresses is None:
            return True
        wanted = recipient.lower()
        owners = (person.email for person in people.values()) if self.mails_owners else ()
        return any(one.lower() == wanted for one in (*self.addresses, *owners))

    def names(self, people: Mapping[str, Person]) -> Iterator[str]:
        """Yield whom it alerts, as a page names them."""
        by_address = {person.email.lower(): person.name for person in people.values()}
        if self.addresses is None:
            yield self.name
        else:
            yield from (by_address.get(one.lower(), one) for one in self.addresses)


def channel_readers(settings: Settings) -> dict[str, ChannelReaders]:
    """Return the readers of each channel, by its name."""
    return {entry.name: _readers(entry, settings) for entry in settings.channels}


def states_hours(settings: Settings) -> bool:
    """Return whether any office hours are stated."""
    return bool(settings.hours) or any("hours" in entry.options for entry in settings.channels)


def hours_of_channels(settings: Settings, readers: Mapping[str, ChannelReaders]) -> dict[str, HoursOf]:
    """Return the office hours of the recipients of each channel where there can be any."""
    people = settings.hours
    return {name: hours_of_recipients(people, one.hours) for name, one in readers.items() if people or one.hours}


def _readers(entry: ChannelEntry, settings: Settings) -> ChannelReaders:
    options: Mapping[str, Any] = entry.options
    with suppress(InputError):  # a secret that cannot be read does not change who reads it
        options = settings.resolve_options(entry)
    zone = str(options["timezone"]) if options.get("timezone") else None
    addresses = options.get("to") if isinstance(options.get("to"), list | tuple) else None
    return ChannelReaders(
        name=entry.name,
        addresses=None if addresses is None else tuple(_addresses(addresses)),
        shared=addresses is None or _is_true(options.get("shared")),
        mails_owners=entry.name == settings.owners_channel,
        zone=zone,
        hours=_hours(options.get("hours"), zone or settings.timezone or "UTC"),
    )


def _hours(stated: Any, zone: str) -> OfficeHours | None:
    """Return the office hours that a channel states; none where they cannot be read, as no such channel is built."""
    with suppress(ValidationError):
        return OfficeHoursEntry.model_validate(stated).hours(zone) if stated is not None else None
    return None


def _addresses(stated: Any) -> Iterator[str]:
    from alerts.strict_yaml.mailboxes import one_address  # mail is slow to load, and few commands need it

    for one in stated:
        with suppress(InputError, ValueError):
            yield one_address(str(one)).addr_spec


def _is_true(value: Any) -> bool:
    return str(value).lower() in ("true", "yes", "on")
