"""The alerts to come if nothing changes: the evaluations of a tick, run forward."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from alerts.core.owners import NO_OWNERS, Owners
from alerts.core.reminder_merging import merge
from alerts.core.reminders import Reminder
from alerts.core.rules import Rule
from alerts.core.schedule.evaluation import evaluate
from alerts.core.schedule.moments import Firings
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen


@frozen
class Forecast:
    """A reminder to come, what it is about, and the channels that it will go out through."""

    reminder: Reminder
    tracked: Tracked
    channels: tuple[str, ...]


def forecast_reminders(
    watches: Iterable[tuple[Watch, Tracked]],
    rules: Mapping[str, Rule],
    firings: Mapping[str, Firings],
    until: datetime,
    owners: Owners = NO_OWNERS,
    *,
    occurrence: str | None = None,
) -> Iterator[Forecast]:
    """Yield the reminders that go out before `until`, in order; with `occurrence`, those about one date of a series."""
    queue: list[tuple[datetime, int, str, str, Watch, Tracked]] = []
    queued: set[tuple[str, int, str]] = set()

    def wait(watch: Watch, tracked: Tracked) -> None:
        queued.add((watch.rule, watch.commitment_id, watch.occurrence))
        if watch.next_at is not None:
            item = (watch.next_at, watch.commitment_id, watch.rule, watch.occurrence, watch, tracked)
            heapq.heappush(queue, item)

    for watch, tracked in watches:
        if occurrence is None or watch.occurrence in ("", occurrence):  # that of the series makes the others
            wait(watch, tracked)
    sent: set[tuple[object, ...]] = set()
    while queue and queue[0][0] < until:
        now = queue[0][0]
        due: list[tuple[Reminder, Rule, Tracked]] = []
        while queue and queue[0][0] == now:
            _, _, name, _, watch, tracked = heapq.heappop(queue)
            evaluation = evaluate(rules[name], tracked, watch, now, firings[name])
            due += [(reminder, rules[name], tracked) for reminder in evaluation.reminders]
            wait(evaluation.watch, tracked)
            for new in evaluation.new_watches:
                if occurrence not in (None, new.occurrence):
                    continue
                if (new.rule, new.commitment_id, new.occurrence) not in queued:
                    wait(new, tracked.at(new.occurrence))
        yield from _routed(due, owners, sent)


def _routed(
    due: Sequence[tuple[Reminder, Rule, Tracked]], owners: Owners, sent: set[tuple[object, ...]]
) -> Iterator[Forecast]:
    """Yield what goes out of reminders due together: through each channel the latest of one state, each thing once.

    What goes out is added to `sent`.
    """
    addressed = [(one, item, list(owners.channels(rule.notify, item.commitment))) for one, rule, item in due]
    by_recipient_name: dict[str, dict[tuple[object, ...], Reminder]] = defaultdict(dict)
    for reminder, _, targets in addressed:
        for recipient_name, _ in targets:
            by_recipient_name[recipient_name].setdefault(reminder.alert_key, reminder)
    gone = {
        (one.alert_key, recipient_name)
        for recipient_name, reminders in by_recipient_name.items()
        for one in _merged(reminders.values())
    }
    for reminder, item, targets in addressed:
        unsent = [
            (recipient_name, channel)
            for recipient_name, channel in targets
            if (reminder.alert_key, recipient_name) not in sent and (reminder.alert_key, recipient_name) not in gone
        ]
        sent |= {(reminder.alert_key, recipient_name) for recipient_name, _ in unsent}
        if unsent:
            yield Forecast(reminder, item, tuple(dict.fromkeys(channel for _, channel in unsent)))


def _merged(reminders: Collection[Reminder]) -> list[Reminder]:
    merged = merge(reminders)
    return [one for one in reminders if one.id in merged]
