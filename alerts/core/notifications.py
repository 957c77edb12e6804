"""Notifications: what one recipient is told through one channel, and the message that it becomes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid5

from alerts.core.commitments import OwnSnooze, Party, Person, Revision, Source, Tracked
from alerts.core.merging import merge, reason
from alerts.core.owners import OWNER
from alerts.core.posts import Post
from alerts.core.reminders import NAMESPACE, Reminder
from alerts.core.summaries import Scope, Summary

SINGLY_AT_MOST = 5  # where a rule leaves it open, more than so many words for one recipient go out as a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """By what readers' calendars know an entry: its UID, unique in the world, and a SEQUENCE that only rises."""

    uid: str
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reminder with all that its words need."""

    reminder: Reminder
    tracked: Tracked
    by: tuple[Party, ...] = ()
    to: tuple[Party, ...] = ()
    source: Source | None = None
    earlier_sources: tuple[Source | None, ...] = ()  # one for each of the commitment's; None for one that is not known
    owner: Person | None = None
    speaks_next: datetime | None = None
    change: Revision | None = None  # what a `moved` or `closed` reminder tells of
    pause_ends: datetime | None = None  # until when an acknowledgement pauses the rule's repeats
    snoozes: tuple[OwnSnooze, ...] = ()  # for single recipients, over or not
    entry: CalendarEntry | None = None  # where it may go into calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A delivery that operators must hear of: it is dead, it has failed for an hour, or its template failed.

    `about` says what it carries ("truce before"), `instead` to which channels the words went in its place.
    """

    id: UUID
    channel: str
    recipient: str
    state: str
    error: str
    attempts: int = 0
    about: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return asdict(self) | {"id": str(self.id)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        lists = {name: tuple(data[name]) for name in ("about", "instead")}
        return cls(**{**data, **lists, "id": UUID(data["id"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What operators are told: troubles, and how many `more` there are beside."""

    troubles: tuple[Trouble, ...]
    more: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {"troubles": [one.to_json() for one in self.troubles], "more": self.more}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(troubles=tuple(Trouble.from_json(one) for one in data["troubles"]), more=data["more"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One recipient, one channel, and one reminder or several (a digest); or a notice. `zone` is the reader's.

    With a `summary` the reminders are what that lists.

    `instead_of`: the delivery whose words it carries because that one does not get through.
    """

    id: UUID
    channel: str
    recipient: str
    zone: str
    told: tuple[Told, ...]
    now: datetime
    instead_of: Trouble | None = None
    notice: Notice | None = None
    summary: Summary | None = None

    @property
    def thread(self) -> str | None:
        """The key of the commitment, where it is about one alone."""
        keys = {told.tracked.commitment.key for told in self.told}
        return keys.pop() if len(keys) == 1 and not self.summary else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A reminder with what decides to whom it goes and in which company.

    `owner`: the channel and the recipient for which `owner` stands in `notify`, where there is somebody to tell.
    """

    reminder: Reminder
    notify: tuple[str, ...]
    owner: tuple[str, str] | None = None
    digest: bool | None = None
    critical: bool = False

    def ways(self, recipients: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        """The channels and the recipients in them that are to hear of it."""
        for name in self.notify:
            if name != OWNER:
                yield from ((name, recipient) for recipient in recipients.get(name, ()))
            elif self.owner:
                yield self.owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Reminders on their way to one recipient through one channel; or, elsewhere than it was meant for, a summary."""

    channel: str
    recipient: str
    reminders: tuple[Reminder, ...] = ()
    scope: Scope | None = None

    @property
    def id(self) -> UUID:
        """The delivery's id: the same for the same content."""
        if self.scope:
            return self.scope.id(self.channel, self.recipient, elsewhere=True)
        carried = sorted(str(reminder.id) for reminder in self.reminders)
        return uuid5(NAMESPACE, "\x1f".join([self.channel, self.recipient, *carried]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Where reminders can go: the recipients of each channel, and the channels (`singly`) that take one at a time."""

    recipients: Mapping[str, tuple[str, ...]]
    singly: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A reminder that may share a digest with others for one recipient; `digest` is what its rule says of that."""

    channel: str
    recipient: str
    reminder: Reminder
    digest: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What is due by where it goes: at once, or gathered; and the reasons why some of it (by `thing`) is merged."""

    at_once: tuple[Address, ...]
    gathered: tuple[Gathered, ...]
    merged: Mapping[tuple[object, ...], str]
    addressed: frozenset[tuple[object, ...]]  # all for which there is anybody


def sort_out(words: Iterable[Word], routes: Routes) -> Sorted:
    """Sort words by channel and recipient: the same thing once, of one state the latest, what is critical at once."""
    post: dict[tuple[str, str], dict[tuple[object, ...], Word]] = defaultdict(dict)
    for word in words:
        for way in word.ways(routes.recipients):
            post[way].setdefault(word.reminder.thing, word)
    at_once: list[Address] = []
    gathered: list[Gathered] = []
    merged: dict[tuple[object, ...], str] = {}
    for (channel, to), told in post.items():
        gone = merge(word.reminder for word in told.values())
        merged |= {thing: reason(gone[word.reminder.id]) for thing, word in told.items() if word.reminder.id in gone}
        for word in told.values():
            if word.reminder.id in gone:
                continue
            if channel in routes.singly or word.critical or word.digest is False:
                at_once.append(Address(channel=channel, recipient=to, reminders=(word.reminder,)))
            else:
                gathered.append(Gathered(channel=channel, recipient=to, reminder=word.reminder, digest=word.digest))
    addressed = frozenset(thing for told in post.values() for thing in told)
    return Sorted(at_once=tuple(at_once), gathered=tuple(gathered), merged=merged, addressed=addressed)


def seal(gathered: Iterable[Gathered]) -> list[Address]:
    """Put what was gathered for each recipient into one digest, or, where its rule leaves that open and it is little,
    into deliveries of their own.
    """
    post: dict[tuple[str, str], list[Gathered]] = defaultdict(list)
    for one in gathered:
        post[one.channel, one.recipient].append(one)
    return [found for (channel, to), some in post.items() for found in _seal(channel, to, some)]


def _seal(channel: str, recipient: str, some: Sequence[Gathered]) -> list[Address]:
    many = sum(one.digest is None for one in some) > SINGLY_AT_MOST
    together = [one.reminder for one in some if one.digest or (one.digest is None and many)]
    if len(together) < 2:
        together = []
    inside = {reminder.id for reminder in together}
    groups: list[tuple[Reminder, ...]] = [(one.reminder,) for one in some if one.reminder.id not in inside]
    groups += [tuple(together)] if together else []
    return [Address(channel=channel, recipient=recipient, reminders=group) for group in groups]


def fall_back(
    reminders: Iterable[Reminder],
    fallbacks: Mapping[str, str | None],
    recipients: Mapping[str, tuple[str, ...]],
    singly: Collection[str] = (),
    *,
    besides: str,
) -> list[Address]:
    """Address what one channel (`besides`) does not take to the fallbacks of the rules (rule → channel) that say it.

    It goes there in the same company, but to a channel of `singly` one word at a time.
    """
    ways: dict[str, list[Reminder]] = defaultdict(list)
    for reminder in reminders:
        if (channel := fallbacks.get(reminder.rule)) and channel != besides:
            ways[channel].append(reminder)
    return [
        Address(channel=channel, recipient=recipient, reminders=tuple(some))
        for channel, words in ways.items()
        for some in ([[word] for word in words] if channel in singly else [words])
        for recipient in recipients.get(channel, ())
    ]


def sum_up_elsewhere(
    scope: Scope,
    fallbacks: Mapping[str, str | None],
    recipients: Mapping[str, tuple[str, ...]],
    singly: Collection[str] = (),
    *,
    besides: str,
) -> list[Address]:
    """Address a summary that one channel (`besides`) does not take to the fallback of its rule, if that can."""
    channel = fallbacks.get(scope.rule.name)
    if channel is None or channel == besides or channel in singly:
        return []
    return [Address(channel=channel, recipient=recipient, scope=scope) for recipient in recipients.get(channel, ())]


def notice_id(channel: str, recipient: str, troubles: Sequence[Trouble]) -> UUID:
    """The id of a notice to operators: the same for the same troubles."""
    told = sorted(f"{one.id} {one.state} {one.attempts}" for one in troubles)
    return uuid5(NAMESPACE, "\x1f".join(["notice", channel, recipient, *told]))


def entries_of(told: Iterable[Told]) -> str:
    """A digest of which reminders a message was rendered with."""
    ids = sorted(str(one.reminder.id) for one in told)
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification rendered. `body` is the JSON of a webhook or chat post; the others leave it out.

    `thread` is what it belongs to: a commitment's key, where it is about one alone. `calendar` is its deadline as
    iCalendar, for a mail. `post` is what a chat's body is made from, and is not kept.
    """

    subject: str
    text: str
    html: str | None = None
    body: Mapping[str, object] | None = None
    rendered_at: datetime
    thread: str | None = None
    calendar: str | None = None
    post: Post | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message on its way: every try of it carries the same id and the same bytes."""

    id: UUID
    recipient: str
    message: Message
    attempt: int = 1
