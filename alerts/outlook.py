"""What will be said if nothing changes, from the stored cursors on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.core.commitments import Tracked
from alerts.core.moments import TICK
from alerts.core.outlook import Foretold, foretell
from alerts.core.owners import NO_OWNERS, OWNER, Owners
from alerts.core.rules import Rule, matching
from alerts.core.watches import Watch
from alerts.store import Standing, Store, occurrence_of
from alerts.tick import Ruled, current

__all__ = ["Foretold", "ForetoldSummary", "at_once", "if_changed", "outlook", "spoken_of", "summaries"]


def outlook(
    store: Store,
    rules: Mapping[str, Ruled],
    start: datetime,
    end: datetime,
    *,
    owners: Owners = NO_OWNERS,
    only: int | None = None,
) -> list[Foretold]:
    """What will go out before `end`, soonest first, of all that is tracked or `only` of one; nothing is written.

    Rules that are not registered yet, or have another meaning now, are taken as they stand in the settings, from
    `start` on.
    """
    known = current(store, rules)
    standing = store.watches.standing(only=only)
    found = [word for chunk in standing for word in _foretell(chunk, rules, known, start, end, owners=owners)]
    return sorted(found, key=lambda word: (word.reminder.send_at, word.reminder.commitment_id, word.reminder.rule))


@dataclass(frozen=True, slots=True)
class ForetoldSummary:
    """A summary to come: when, of which rule, and the channels through which it goes."""

    at: datetime
    rule: str
    channels: tuple[str, ...]


def summaries(
    store: Store,
    rules: Mapping[str, Ruled],
    start: datetime,
    end: datetime,
    owners: Owners = NO_OWNERS,
    *,
    singly: Collection[str] = (),
) -> Iterator[ForetoldSummary]:
    """The summaries that go out before `end`; of several firings that were missed, the latest is still to come.

    `singly` names the channels that take one word at a time, and so no summary.
    """
    since = store.summaries.since(current(store, rules))
    for name, ruled in rules.items():
        if ruled.rule.summary is None:
            continue
        served = since.get(name, start)
        channels = tuple(one for one in _whole(store, ruled.rule, owners) if one not in singly)
        missed = ruled.cron.before(start.replace(microsecond=0) + TICK)
        if missed is not None and missed > served and channels:
            yield ForetoldSummary(missed, name, channels)
        firing = ruled.cron.at_or_after(max(served, start).replace(microsecond=0) + TICK)
        while firing is not None and firing < end and channels:
            yield ForetoldSummary(firing, name, channels)
            firing = ruled.cron.at_or_after(firing + TICK)


def _whole(store: Store, rule: Rule, owners: Owners) -> list[str]:
    """The channels that a summary of a rule is for; the owners' where there is one to tell as things stand."""
    asked = OWNER in rule.notify and owners.channel and owners.people
    owned = asked and not store.summaries.owner_keys(rule).isdisjoint(owners.people)
    to = [(owners.channel if owned else None) if word == OWNER else word for word in rule.notify]
    return list(dict.fromkeys(one for one in to if one))


def at_once(store: Store, rules: Mapping[str, Ruled], now: datetime, owners: Owners = NO_OWNERS) -> Iterator[Foretold]:
    """What the next tick will say of that which has changed since the last one."""
    known = current(store, rules)
    for chunk in store.watches.standing(changed_only=True):
        yield from _foretell(chunk, rules, known, now, now + TICK, owners=owners)


def spoken_of(
    store: Store, rules: Mapping[str, Ruled], start: datetime, end: datetime, owners: Owners = NO_OWNERS
) -> Iterator[str]:
    """The keys of what is tracked of which anything will go out before `end`."""
    known = current(store, rules)
    for chunk in store.watches.standing():
        for one in chunk:
            if next(_foretell([one], rules, known, start, end, owners=owners), None) is not None:
                yield one.tracked.commitment.key


def if_changed(
    store: Store,
    rules: Mapping[str, Ruled],
    now: datetime,
    foreseen: Mapping[str, Tracked],
    owners: Owners = NO_OWNERS,
) -> Iterator[Foretold]:
    """What the next tick would say were commitments, by key, as foreseen; those with a negative id are new."""
    known = current(store, rules)
    for chunk in store.watches.standing():
        pairs = [(one, foreseen.get(one.tracked.commitment.key)) for one in chunk]
        some = [_as_foreseen(one, tracked, now) for one, tracked in pairs if tracked or one.changed_at]
        yield from _foretell(some, rules, known, now, now + TICK, owners=owners)
    fresh = [Standing(tracked, {}, now) for tracked in foreseen.values() if tracked.id < 0]
    yield from _foretell(fresh, rules, known, now, now + TICK, owners=owners)


def _as_foreseen(standing: Standing, tracked: Tracked | None, now: datetime) -> Standing:
    if tracked is None:
        return standing
    was = standing.tracked
    foreseen = replace(
        tracked,
        changes=(*was.changes, *tracked.changes),
        occurrences=was.occurrences,
        stated_at=was.stated_at if was.bounds.mark == tracked.bounds.mark else now,
    )
    return replace(standing, tracked=foreseen, changed_at=now)


def _foretell(
    standing: Iterable[Standing],
    rules: Mapping[str, Ruled],
    known: Mapping[str, Ruled],
    start: datetime,
    end: datetime,
    *,
    owners: Owners,
) -> Iterator[Foretold]:
    specs: dict[str, Rule] = {name: ruled.rule for name, ruled in rules.items()}
    watches = []
    for one in standing:
        for rule in matching(specs.values(), one.tracked.commitment):
            mine = [watch for (name, _), watch in one.watches.items() if name == rule.name]
            if not mine:
                stated_at = one.tracked.stated_at or one.tracked.recorded_at
                since = max(one.changed_at or start, stated_at)
                mine = [Watch(rule=rule.name, commitment_id=one.tracked.id, since=since, next_at=since)]
            elif rule.name not in known:
                mine = [replace(watch, since=start, next_at=start, changed=True) for watch in mine]
            elif one.changed_at is not None:
                mine = [replace(watch, next_at=one.changed_at) for watch in mine]
            about = [(watch, occurrence_of(one.tracked, watch.occurrence)) for watch in mine]
            if one.tracked.open or one.watches:
                watches += [(watch, item) for watch, item in about if item is not None]
    return foretell(watches, specs, {name: ruled.cron for name, ruled in rules.items()}, end, owners)
