"""Who gets which reminders in one message: routes, digests, fallbacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from alerts.core.owners import OWNER
from alerts.core.reminder_merging import merge, reason
from alerts.core.reminders import NAMESPACE, Reminder
from alerts.core.summaries import Scope

MAX_SINGLE_ALERTS = 5  # unless a rule decides, more reminders than this for one recipient go out as a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedReminder:
    """A reminder with what decides who gets it, and with which others.

    `owner`: the channel and the recipient that `owner` in `notify` stands for, if there is an owner.
    """

    reminder: Reminder
    notify: tuple[str, ...]
    owner: tuple[str, str] | None = None
    digest: bool | None = None
    critical: bool = False

    def routes(self, recipients: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        """Return the channels that it goes to, each with a recipient."""
        for name in self.notify:
            if name != OWNER:
                yield from ((name, recipient) for recipient in recipients.get(name, ()))
            elif self.owner:
                yield self.owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Reminders for one recipient through one channel; or a summary that goes to a fallback.

    `digest` is the setting of the rule while it decides whether its only reminder joins a digest.
    """

    channel: str
    recipient: str
    reminders: tuple[Reminder, ...] = ()
    scope: Scope | None = None
    digest: bool | None = None

    @property
    def id(self) -> UUID:
        """Return the id of the delivery: the same for the same content."""
        if self.scope:
            return self.scope.id(self.channel, self.recipient, is_fallback=True)
        carried = sorted(str(reminder.id) for reminder in self.reminders)
        return uuid5(NAMESPACE, "\x1f".join([self.channel, self.recipient, *carried]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Where reminders can go: the recipients of each channel, and the channels that take `one_at_a_time`."""

    recipients: Mapping[str, tuple[str, ...]]
    one_at_a_time: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedReminders:
    """Due reminders, each in an envelope: those that go at once, and those that are gathered.

    `merged` has the reasons of those (by `alert_key`) that others stand for.
    """

    at_once: tuple[Envelope, ...]
    gathered: tuple[Envelope, ...]
    merged: Mapping[tuple[object, ...], str]
    addressed: frozenset[tuple[object, ...]]  # those that have a recipient


def sort_by_route(items: Iterable[AddressedReminder], routes: Routes) -> SortedReminders:
    """Sort reminders by channel and recipient: each thing once, the latest of one state, what is critical at once."""
    by_route: dict[tuple[str, str], dict[tuple[object, ...], AddressedReminder]] = defaultdict(dict)
    for item in items:
        for route in item.routes(routes.recipients):
            by_route[route].setdefault(item.reminder.alert_key, item)
    at_once: list[Envelope] = []
    gathered: list[Envelope] = []
    merged: dict[tuple[object, ...], str] = {}
    for (channel, to), by_key in by_route.items():
        gone = merge(item.reminder for item in by_key.values())
        merged |= {
            alert_key: reason(gone[item.reminder.id]) for alert_key, item in by_key.items() if item.reminder.id in gone
        }
        for item in by_key.values():
            if item.reminder.id in gone:
                continue
            envelope = Envelope(channel=channel, recipient=to, reminders=(item.reminder,), digest=item.digest)
            alone = channel in routes.one_at_a_time or item.critical or item.digest is False
            (at_once if alone else gathered).append(envelope)
    addressed = frozenset(alert_key for by_key in by_route.values() for alert_key in by_key)
    return SortedReminders(at_once=tuple(at_once), gathered=tuple(gathered), merged=merged, addressed=addressed)


def seal(gathered: Iterable[Envelope]) -> list[Envelope]:
    """Return one digest for each recipient of what was gathered.

    Unless its rule asks for a digest, a few reminders get deliveries of their own.
    """
    by_route: dict[tuple[str, str], list[Envelope]] = defaultdict(list)
    for one in gathered:
        by_route[one.channel, one.recipient].append(one)
    return [found for (channel, to), together in by_route.items() for found in _seal(channel, to, together)]


def _seal(channel: str, recipient: str, gathered: Sequence[Envelope]) -> list[Envelope]:
    many = sum(one.digest is None for one in gathered) > MAX_SINGLE_ALERTS
    together: list[Envelope] = []
    alone: list[Envelope] = []
    for one in gathered:
        joins = one.digest or (one.digest is None and many)
        (together if joins else alone).append(one)
    if len(together) < 2:
        return list(gathered)
    reminders = tuple(reminder for one in together for reminder in one.reminders)
    return [*alone, Envelope(channel=channel, recipient=recipient, reminders=reminders)]


def address_to_fallbacks(
    reminders: Iterable[Reminder],
    fallbacks: Mapping[str, str | None],
    recipients: Mapping[str, tuple[str, ...]],
    one_at_a_time: Collection[str] = (),
    *,
    exclude: str,
) -> list[Envelope]:
    """Address what one channel (`exclude`) does not take to the fallbacks of the rules (rule → channel).

    They stay together, but a channel in `one_at_a_time` gets one reminder at a time.
    """
    routes: dict[str, list[Reminder]] = defaultdict(list)
    for reminder in reminders:
        if (channel := fallbacks.get(reminder.rule)) and channel != exclude:
            routes[channel].append(reminder)
    return [
        Envelope(channel=channel, recipient=recipient, reminders=tuple(together))
        for channel, carried in routes.items()
        for together in ([[single] for single in carried] if channel in one_at_a_time else [carried])
        for recipient in recipients.get(channel, ())
    ]


def address_summary_to_fallback(
    scope: Scope,
    fallbacks: Mapping[str, str | None],
    recipients: Mapping[str, tuple[str, ...]],
    one_at_a_time: Collection[str] = (),
    *,
    exclude: str,
) -> list[Envelope]:
    """Address a summary that one channel (`exclude`) does not take to the fallback of its rule, if that can."""
    channel = fallbacks.get(scope.rule.name)
    if channel is None or channel == exclude or channel in one_at_a_time:
        return []
    return [Envelope(channel=channel, recipient=recipient, scope=scope) for recipient in recipients.get(channel, ())]
