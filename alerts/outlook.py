"""What will be said if nothing changes, from the stored cursors on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from alerts.core.commitments import Tracked
from alerts.core.moments import TICK
from alerts.core.outlook import Foretold, foretell
from alerts.core.rules import Rule, matching
from alerts.core.watches import Watch
from alerts.store import Standing, Store
from alerts.tick import Ruled, current

__all__ = ["Foretold", "at_once", "if_changed", "outlook"]


def outlook(store: Store, rules: Mapping[str, Ruled], start: datetime, end: datetime) -> list[Foretold]:
    """What will go out before `end`, soonest first; nothing is written.

    Rules that are not registered yet, or have another meaning now, are taken as they stand in the settings, from
    `start` on.
    """
    standing = store.watches.standing()
    found = [word for chunk in standing for word in _foretell(chunk, store, rules, start, end)]
    return sorted(found, key=lambda word: (word.reminder.send_at, word.reminder.commitment_id, word.reminder.rule))


def at_once(store: Store, rules: Mapping[str, Ruled], now: datetime) -> Iterator[Foretold]:
    """What the next tick will say of that which has changed since the last one."""
    for chunk in store.watches.standing(changed_only=True):
        yield from _foretell(chunk, store, rules, now, now + TICK)


def if_changed(
    store: Store, rules: Mapping[str, Ruled], now: datetime, foreseen: Mapping[str, Tracked]
) -> Iterator[Foretold]:
    """What the next tick would say were commitments, by key, as foreseen; those with a negative id are new."""
    for chunk in store.watches.standing():
        known = [(one, foreseen.get(one.tracked.commitment.key)) for one in chunk]
        yield from _foretell([_as_foreseen(*pair, now) for pair in known if any(pair[1:]) or pair[0].changed_at],
                             store, rules, now, now + TICK)  # fmt: skip
    fresh = [Standing(tracked, {}, now) for tracked in foreseen.values() if tracked.id < 0]
    yield from _foretell(fresh, store, rules, now, now + TICK)


def _as_foreseen(standing: Standing, tracked: Tracked | None, now: datetime) -> Standing:
    if tracked is None:
        return standing
    changes = (*standing.tracked.changes, *tracked.changes)
    return replace(standing, tracked=replace(tracked, changes=changes), changed_at=now)


def _foretell(
    standing: Iterable[Standing], store: Store, rules: Mapping[str, Ruled], start: datetime, end: datetime
) -> Iterator[Foretold]:
    known = current(store, rules)
    specs: dict[str, Rule] = {name: ruled.rule for name, ruled in rules.items()}
    watches = []
    for one in standing:
        for rule in matching(specs.values(), one.tracked.commitment):
            watch = one.watches.get(rule.name)
            if watch is None:
                since = one.changed_at or start
                watch = Watch(rule=rule.name, commitment_id=one.tracked.id, since=since, next_at=since)
            elif rule.name not in known:
                watch = replace(watch, since=start, next_at=start, changed=True)
            elif one.changed_at is not None:
                watch = replace(watch, since=one.changed_at, next_at=one.changed_at)
            if one.tracked.open or one.watches:
                watches.append((watch, one.tracked))
    return foretell(watches, specs, {name: ruled.cron for name, ruled in rules.items()}, end)
