"""Notifications: what one recipient is told through one channel, and the message that it becomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from alerts.core.commitments import Party, Revision, Source, Tracked
from alerts.core.reminders import NAMESPACE, Reminder

SINGLY_AT_MOST = 5  # where a rule leaves it open, more than so many words for one recipient go out as a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reminder with all that its words need."""

    reminder: Reminder
    tracked: Tracked
    by: tuple[Party, ...] = ()
    to: tuple[Party, ...] = ()
    source: Source | None = None
    speaks_next: datetime | None = None
    change: Revision | None = None  # what a `moved` or `closed` reminder tells of


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One recipient, one channel, and one reminder or several (a digest). `zone` is the reader's."""

    id: UUID
    channel: str
    recipient: str
    zone: str
    told: tuple[Told, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A reminder with what decides to whom it goes and in which company."""

    reminder: Reminder
    notify: tuple[str, ...]
    digest: bool | None = None
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Reminders on their way to one recipient through one channel."""

    channel: str
    recipient: str
    reminders: tuple[Reminder, ...]

    @property
    def id(self) -> UUID:
        """The delivery's id: the same for the same content."""
        carried = sorted(str(reminder.id) for reminder in self.reminders)
        return uuid5(NAMESPACE, "\x1f".join([self.channel, self.recipient, *carried]))


def address(words: Iterable[Word], recipients: Mapping[str, tuple[str, ...]]) -> list[Address]:
    """Sort words by channel and recipient: the same thing once, several as a digest, what is critical singly."""
    post: dict[tuple[str, str], dict[tuple[object, ...], Word]] = defaultdict(dict)
    for word in words:
        said = word.reminder
        thing = (said.commitment_id, said.occurrence, said.bounds_version, said.kind, said.moment)
        for channel in word.notify:
            for recipient in recipients.get(channel, ()):
                post[channel, recipient].setdefault(thing, word)
    return [found for (channel, to), told in post.items() for found in _bundle(channel, to, list(told.values()))]


def _bundle(channel: str, recipient: str, words: list[Word]) -> list[Address]:
    unset = sum(word.digest is None and not word.critical for word in words)
    gather = {True: True, False: False, None: unset > SINGLY_AT_MOST}
    together = [word.reminder for word in words if gather[word.digest] and not word.critical]
    if len(together) < 2:
        together = []
    inside = {reminder.id for reminder in together}
    groups: list[tuple[Reminder, ...]] = [(word.reminder,) for word in words if word.reminder.id not in inside]
    groups += [tuple(together)] if together else []
    return [Address(channel=channel, recipient=recipient, reminders=group) for group in groups]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification rendered. `body` is the JSON of a webhook or chat post; the others leave it out."""

    subject: str
    text: str
    html: str | None = None
    body: Mapping[str, object] | None = None
    rendered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message on its way: every try of it carries the same id and the same bytes."""

    id: UUID
    recipient: str
    message: Message
    attempt: int = 1
