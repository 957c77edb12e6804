"""Whether an answer link is good: it is ours, its delivery is known, and whom it was sent to still gets alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.actions.preconditions import NotAsShownError
from alerts.core.absences import Absence
from alerts.core.actors import Actor
from alerts.core.answer_links import AnswerLink, read
from alerts.core.commitments import Person
from alerts.core.silences import Silence
from alerts.store.linked_deliveries import EntryName, LinkedDelivery, LinkedEntry
from alerts.views.channel_readers import ChannelReaders
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.services import Services
from alerts.web.signed_in import SignedIn

LIVES_AFTER_CLOSING = timedelta(days=30)  # or after its message was rendered, where that was later
DeadReason = Literal["unknown", "revoked", "gone", "expired", "removed"]


class DeadLinkError(Exception):
    """A link that answers nothing, and why: nothing is recorded. An expired one has what it was about."""

    def __init__(self, reason: DeadReason, delivery: LinkedDelivery | None = None, entry: LinkedEntry | None = None):
        super().__init__(reason)
        self.reason: DeadReason = reason
        self.delivery, self.entry = delivery, entry


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReader:
    """Whom a link was sent to: their address, or the name of the channel. `name` and `zone`: the person's, if known.

    `shared`: several people may have the link, so each is asked for their name. `signed_in`: who has signed in, in the
    browser that opens it. `answers_as`: by what a pressed form answers: its link alone, that session, or one that has
    ended since it was shown.
    """

    label: str
    recipient: str
    name: str | None
    zone: str | None = None
    shared: bool
    signed_in: SignedIn | None = None
    answers_as: Literal["link", "session", "ended session"] = "link"

    @property
    def is_another(self) -> bool:
        """Return whether somebody else has signed in than the person that the link was sent to."""
        return self.signed_in is not None and self.signed_in.address.lower() != self.recipient.lower()

    def opened_by(self, who: SignedIn | None, form: AnswerForm | None = None) -> LinkReader:
        """Return the reader as somebody opens the link, or presses a form. A form without a token is of the link alone.

        Another site can make a browser send a form, and cannot know its token.
        """
        token = form.fields.get("session", "") if form else ""
        if not form or not token:
            return replace(self, signed_in=who)
        is_theirs = who is not None and who.is_signed(form.id, token)
        return replace(self, signed_in=who, answers_as="session" if is_theirs else "ended session")

    def answering(self, allowed: frozenset[str], form: AnswerForm) -> Actor:
        """Return who answers by a form. Raises FormError where a shared link comes without a name.

        Raises NotAsShownError where the form was shown to somebody who has signed in, and who is not so any more.
        """
        if self.answers_as == "ended session":
            raise NotAsShownError
        if self.shared and not form.name and self.answers_as == "link":
            raise FormError("name", "Enter your name first: several people read this message.")
        return self.actor(allowed, form.name)

    def actor(self, allowed: frozenset[str], claimed: str | None) -> Actor:
        """Return who answers by the link."""
        who = self.signed_in if self.answers_as == "session" else None
        return Actor.by_link(self.label, allowed, claimed, who.name if who else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A link that is good, its delivery, its reader, and the entries as they are now.

    `registered`: the hashes of the rules that the daemon follows, by name. `silences`: those that last.
    `absences`: those that are not over.
    """

    link: AnswerLink
    delivery: LinkedDelivery
    reader: LinkReader
    zone: str
    people: Mapping[str, Person]
    absences: Sequence[Absence]
    entries: Mapping[EntryName, LinkedEntry]
    registered: Mapping[str, str]
    silences: Sequence[Silence]
    now: datetime

    @property
    def whole(self) -> bool:
        """Whether it answers all entries of its message."""
        return self.link.commitment_id is None

    @property
    def entry(self) -> LinkedEntry:
        """Return the one entry that it answers."""
        (found,) = self.entries.values()
        return found


def open_link(services: Services, readers: Mapping[str, ChannelReaders], token: str, now: datetime) -> OpenedLink:
    """Return what a token opens. Raises DeadLinkError."""
    link = read(token, services.keys)
    if link is None:
        raise DeadLinkError("unknown")
    return open_again(services, readers, link, now)


def open_again(
    services: Services, readers: Mapping[str, ChannelReaders], link: AnswerLink, now: datetime
) -> OpenedLink:
    """Return what a link opens now. Raises DeadLinkError."""
    delivery = services.store.linked_deliveries.find(link.delivery)
    if delivery is None:
        raise DeadLinkError("unknown")
    people = services.store.linked_deliveries.people() | {one.key: one for one in services.settings.people}
    channel = readers.get(delivery.channel)
    if channel is None or not still_reaches(channel, delivery, people, now):
        raise DeadLinkError("gone")
    reader = _reader(services, delivery, channel, people)
    if services.store.link_revocations.voided(reader.label, delivery.rendered_at):
        raise DeadLinkError("revoked")
    which = delivery.printed if link.commitment_id is None else ((link.commitment_id, link.occurrence),)
    entries, registered = services.store.linked_deliveries.entries(which, now)
    if link.commitment_id is not None:
        _require_live(delivery, entries.get(which[0]), now)
    return OpenedLink(
        link=link,
        delivery=delivery,
        reader=reader,
        zone=reader.zone or channel.zone or services.settings.timezone or "UTC",
        people=people,
        absences=services.store.absences.recorded(now),
        entries=entries,
        registered=registered,
        silences=services.store.silences.lasting(now),
        now=now,
    )


def still_reaches(
    channel: ChannelReaders, delivery: LinkedDelivery, people: Mapping[str, Person], now: datetime
) -> bool:
    """Return whether the recipient of a delivery still gets alerts: they are one of the channel, or a deputy."""
    mine = [one for one in people.values() if one.email.lower() == delivery.recipient.lower()]
    if mine and all(one.has_left(now) for one in mine):
        return False
    return channel.reaches(delivery.recipient, people) or (delivery.to_deputy and bool(mine))


def _require_live(delivery: LinkedDelivery, entry: LinkedEntry | None, now: datetime) -> None:
    if entry is None:
        raise DeadLinkError("removed")
    if entry.closed_at and now >= max(entry.closed_at, delivery.rendered_at) + LIVES_AFTER_CLOSING:
        raise DeadLinkError("expired", delivery, entry)


def _reader(
    services: Services, delivery: LinkedDelivery, channel: ChannelReaders, people: Mapping[str, Person]
) -> LinkReader:
    address = delivery.recipient.lower()
    mine = [one for _, one in sorted(people.items()) if address and one.email.lower() == address]
    return LinkReader(
        label=delivery.recipient or delivery.channel,
        recipient=delivery.recipient,
        name=next((one.name for one in mine), None),
        zone=next((one.timezone for one in mine if one.timezone), None),
        shared=channel.shared or address in services.settings.shared_addresses,
    )
