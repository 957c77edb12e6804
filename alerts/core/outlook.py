"""What will be said if nothing changes: the same looks as the tick's, run forward."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.core.commitments import Tracked
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
        now, _, name, _, watch, tracked = heapq.heappop(queue)
        rule = rules[name]
        looked = look(rule, tracked, watch, now, firings[name])
        for said in looked.said:
            reached = owners.channels(rule.notify, tracked.commitment)
            ways = [(word, channel) for word, channel in reached if (said.thing, word) not in told]
            told |= {(said.thing, word) for word, _ in ways}
            if ways:
                yield Foretold(said, tuple(dict.fromkeys(channel for _, channel in ways)))
        wait(looked.watch, tracked)
        for new in looked.unfolded:
            if (new.rule, new.commitment_id, new.occurrence) not in here:
                wait(new, tracked.at(new.occurrence))
