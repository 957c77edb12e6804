"""What will be said if nothing changes: the same looks as the tick's, run forward."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.core.commitments import Tracked
from alerts.core.merging import merge
from alerts.core.moments import Firings
from alerts.core.owners import NO_OWNERS, Owners
from alerts.core.reminders import Reminder
from alerts.core.rules import Rule
from alerts.core.watches import Watch, look


@dataclass(frozen=True, slots=True)
class Foretold:
    """A reminder to come, and the channels through which it will be told."""

    reminder: Reminder
    channels: tuple[str, ...]


def foretell(
    watches: Iterable[tuple[Watch, Tracked]],
    rules: Mapping[str, Rule],
    firings: Mapping[str, Firings],
    until: datetime,
    owners: Owners = NO_OWNERS,
) -> Iterator[Foretold]:
    """Yield what will be said before `until`, in the order in which it goes out."""
    queue: list[tuple[datetime, int, str, str, Watch, Tracked]] = []
    here: set[tuple[str, int, str]] = set()

    def wait(watch: Watch, tracked: Tracked) -> None:
        here.add((watch.rule, watch.commitment_id, watch.occurrence))
        if watch.next_at is not None:
            item = (watch.next_at, watch.commitment_id, watch.rule, watch.occurrence, watch, tracked)
            heapq.heappush(queue, item)

    for watch, tracked in watches:
        wait(watch, tracked)
    told: set[tuple[object, ...]] = set()
    while queue and queue[0][0] < until:
        now = queue[0][0]
        said: list[tuple[Reminder, Rule, Tracked]] = []
        while queue and queue[0][0] == now:
            _, _, name, _, watch, tracked = heapq.heappop(queue)
            looked = look(rules[name], tracked, watch, now, firings[name])
            said += [(reminder, rules[name], tracked) for reminder in looked.said]
            wait(looked.watch, tracked)
            for new in looked.unfolded:
                if (new.rule, new.commitment_id, new.occurrence) not in here:
                    wait(new, tracked.at(new.occurrence))
        yield from _reached(said, owners, told)


def _reached(
    said: Sequence[tuple[Reminder, Rule, Tracked]], owners: Owners, told: set[tuple[object, ...]]
) -> Iterator[Foretold]:
    """Yield what goes out of what is said at once: through each channel, the latest of one state, and each thing once.

    What has been told is added to `told`.
    """
    addressed = [(one, list(owners.channels(rule.notify, tracked.commitment))) for one, rule, tracked in said]
    by_way: dict[str, dict[tuple[object, ...], Reminder]] = defaultdict(dict)
    for reminder, ways in addressed:
        for word, _ in ways:
            by_way[word].setdefault(reminder.thing, reminder)
    gone = {(one.thing, word) for word, some in by_way.items() for one in _merged(some.values())}
    for reminder, ways in addressed:
        mine = [
            (word, channel)
            for word, channel in ways
            if (reminder.thing, word) not in told and (reminder.thing, word) not in gone
        ]
        told |= {(reminder.thing, word) for word, _ in mine}
        if mine:
            yield Foretold(reminder, tuple(dict.fromkeys(channel for _, channel in mine)))


def _merged(reminders: Collection[Reminder]) -> list[Reminder]:
    merged = merge(reminders)
    return [one for one in reminders if one.id in merged]
