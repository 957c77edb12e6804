"""Which alerts go out if nothing changes, from the stored cursors on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

from alerts.core.forecast import Forecast, forecast_reminders
from alerts.core.owners import NO_OWNERS, OWNER, Owners
from alerts.core.rules import Rule, matching
from alerts.core.schedule.moments import ONE_SECOND
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen
from alerts.far_dates import dates_without_alerts
from alerts.scheduled_rules import ScheduledRule, current
from alerts.store import Store
from alerts.store.standing import WatchedCommitment
from alerts.store.watched_commitments import occurrence_of

AHEAD = timedelta(days=731)  # how far the next alert of what recurs is looked for: it recurs for ever
FOR_EVER = datetime.max.replace(tzinfo=UTC)
MOST_COMPARED = 50  # alerts: while the first waits for long, later ones are looked at for one that goes out before
GoesOutAt = Callable[[Forecast], datetime]


def due_at(alert: Forecast) -> datetime:
    """Return when an alert is due: it goes out then where nothing holds it back."""
    return alert.reminder.send_at


def forecast(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    start: datetime,
    end: datetime,
    *,
    owners: Owners = NO_OWNERS,
    only: Collection[int] | None = None,
) -> list[Forecast]:
    """What will go out before `end`, soonest first, of all that is tracked or `only` of some; nothing is written.

    Rules that are not registered yet, or have another meaning now, are taken as they stand in the settings, from
    `start` on.
    """
    known = current(store, rules)
    if only is None and stored_watches_hold(store, rules):
        only = store.watches.due_by(end)
    watched = store.watches.watched_commitments(only=only)
    found = [
        forecast for chunk in watched for forecast in forecast_watched(chunk, rules, known, start, end, owners=owners)
    ]
    return sorted(
        found, key=lambda forecast: (forecast.reminder.send_at, forecast.reminder.commitment_id, forecast.reminder.rule)
    )


def stored_watches_hold(store: Store, rules: Mapping[str, ScheduledRule]) -> bool:
    """Return whether all these rules are registered as they stand, and each has its watches.

    Then an unchanged commitment has no alert before its first watch is due.
    """
    return current(store, rules).keys() == rules.keys() and store.watches.are_settled()


@frozen
class SummaryForecast:
    """A summary to come: when, of which rule, and the channels through which it goes.

    `owners`: the keys of those who own something that the rule is about.
    """

    at: datetime
    rule: str
    channels: tuple[str, ...]
    owners: frozenset[str] = frozenset()


def summaries(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    start: datetime,
    end: datetime,
    owners: Owners = NO_OWNERS,
    *,
    one_at_a_time: Collection[str] = (),
) -> Iterator[SummaryForecast]:
    """The summaries that go out before `end`; of several firings that were missed, the latest is still to come.

    `one_at_a_time` names the channels that take one reminder at a time, and so no summary.
    """
    since = store.summaries.since(current(store, rules))
    for name, scheduled in rules.items():
        if scheduled.rule.summary is None:
            continue
        served = since.get(name, start)
        owned = frozenset(store.summaries.owner_keys(scheduled.rule)) if OWNER in scheduled.rule.notify else frozenset()
        channels = tuple(one for one in _summary_channels(scheduled.rule, owners, owned) if one not in one_at_a_time)
        missed = scheduled.cron.before(start.replace(microsecond=0) + ONE_SECOND)
        if missed is not None and missed > served and channels:
            yield SummaryForecast(missed, name, channels, owned)
        firing = scheduled.cron.at_or_after(max(served, start).replace(microsecond=0) + ONE_SECOND)
        while firing is not None and firing < end and channels:
            yield SummaryForecast(firing, name, channels, owned)
            firing = scheduled.cron.at_or_after(firing + ONE_SECOND)


def _summary_channels(rule: Rule, owners: Owners, owned: Collection[str]) -> list[str]:
    """The channels that a summary of a rule is for; the owners' where there is one to tell as things stand."""
    reached = any(key in owners.people for key in owned)
    to = [(owners.channel if reached else None) if name == OWNER else name for name in rule.notify]
    return list(dict.fromkeys(one for one in to if one))


def forecast_of_changes(
    store: Store, rules: Mapping[str, ScheduledRule], now: datetime, owners: Owners = NO_OWNERS
) -> Iterator[Forecast]:
    """What the next tick will say of that which has changed since the last one."""
    known, far = current(store, rules), dates_without_alerts(rules, now)
    for chunk in store.watches.watched_commitments(changed_only=True, new_before=far):
        yield from forecast_watched(chunk, rules, known, now, now + ONE_SECOND, owners=owners)


def first_alerts(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    now: datetime,
    owners: Owners,
    ids: Collection[int],
    *,
    goes_out_at: GoesOutAt = due_at,
) -> dict[int, Forecast | None]:
    """Return the next alert about each commitment of `ids`; None where none follows, of what recurs for two years."""
    known, found = current(store, rules), dict[int, Forecast | None]()
    for chunk in store.watches.watched_commitments(only=ids):
        for one in chunk:
            coming = forecast_watched([one], rules, known, now, _next_alert_by(one, now), owners=owners)
            found[one.tracked.id] = _first_out(coming, goes_out_at)
    return found


def _first_out(coming: Iterable[Forecast], goes_out_at: GoesOutAt) -> Forecast | None:
    """Return what goes out first: a later alert may, while an earlier one waits. Of several the latest goes out."""
    found, first = None, FOR_EVER
    for one in islice(coming, MOST_COMPARED):
        if (at := goes_out_at(one)) <= first:
            found, first = one, at
        if first <= one.reminder.send_at:
            break
    return found


def next_alerts(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    now: datetime,
    owners: Owners = NO_OWNERS,
    *,
    only: int,
    occurrence: str,
    goes_out_at: GoesOutAt = due_at,
) -> list[Forecast]:
    """Return what goes out next about one occurrence: all that goes out at that time. Empty if nothing will."""
    known = current(store, rules)
    watched = [one for chunk in store.watches.watched_commitments(only=[only]) for one in chunk]
    return [
        found
        for one in watched
        for found in next_alerts_of(one, rules, known, now, owners, occurrence=occurrence, goes_out_at=goes_out_at)
    ]


def next_alerts_of(
    watched: WatchedCommitment,
    rules: Mapping[str, ScheduledRule],
    known: Mapping[str, ScheduledRule],
    now: datetime,
    owners: Owners = NO_OWNERS,
    *,
    occurrence: str,
    goes_out_at: GoesOutAt = due_at,
) -> list[Forecast]:
    """Return what goes out next about one occurrence, as `next_alerts` does, of what has been read."""
    found, first, compared, end = list[Forecast](), FOR_EVER, 0, _next_alert_by(watched, now)
    coming = forecast_watched([watched], rules, known, now, end, owners=owners, occurrence=occurrence)
    for one in coming:
        if one.reminder.send_at > first or compared == MOST_COMPARED:
            break
        if one.reminder.occurrence != occurrence:
            continue
        compared += 1
        if (at := goes_out_at(one)) < first:
            found, first = [], at
        if at == first:
            found.append(one)
    return sorted(found, key=due_at, reverse=True)  # of what has waited together the latest goes out


def _next_alert_by(watched: WatchedCommitment, now: datetime) -> datetime:
    return now + AHEAD if watched.tracked.recurs else FOR_EVER


def forecast_after_change(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    now: datetime,
    planned_state: Mapping[str, Tracked],
    owners: Owners = NO_OWNERS,
) -> Iterator[Forecast]:
    """What the next tick would say were commitments, by key, as foreseen; those with a negative id are new."""
    known = current(store, rules)
    planned = {tracked.id: tracked for tracked in planned_state.values() if tracked.id > 0}
    changed = store.watches.watched_commitments(changed_only=True)
    waiting = ([one for one in some if one.tracked.id not in planned] for some in changed)
    for chunk in chain(store.watches.watched_commitments(only=planned), waiting):
        some = [_as_planned(one, planned.get(one.tracked.id), now) for one in chunk]
        yield from forecast_watched(some, rules, known, now, now + ONE_SECOND, owners=owners)
    fresh = [WatchedCommitment(tracked, {}, now) for tracked in planned_state.values() if tracked.id < 0]
    yield from forecast_watched(fresh, rules, known, now, now + ONE_SECOND, owners=owners)


def forecast_new(
    store: Store, rules: Mapping[str, ScheduledRule], now: datetime, tracked: Tracked, owners: Owners = NO_OWNERS
) -> Iterator[Forecast]:
    """Yield what goes out about a commitment once it is recorded as foreseen, the soonest first; perhaps for ever."""
    one = WatchedCommitment(tracked, {}, now)
    yield from forecast_watched([one], rules, current(store, rules), now, _next_alert_by(one, now), owners=owners)


def _as_planned(watched: WatchedCommitment, tracked: Tracked | None, now: datetime) -> WatchedCommitment:
    if tracked is None:
        return watched
    was = watched.tracked
    planned_state = replace(
        tracked,
        changes=(*was.changes, *tracked.changes),
        occurrences=was.occurrences,
        stated_at=was.stated_at if was.bounds.fingerprint == tracked.bounds.fingerprint else now,
    )
    return replace(watched, tracked=planned_state, changed_at=now)


def forecast_watched(
    watched: Iterable[WatchedCommitment],
    rules: Mapping[str, ScheduledRule],
    known: Mapping[str, ScheduledRule],
    start: datetime,
    end: datetime,
    *,
    owners: Owners,
    occurrence: str | None = None,
) -> Iterator[Forecast]:
    """Yield what goes out before `end` about commitments that have been read; `known` rules are registered alike."""
    specs: dict[str, Rule] = {name: scheduled.rule for name, scheduled in rules.items()}
    watches = []
    for one in watched:
        for rule in matching(specs.values(), one.tracked.commitment):
            if not owners.channels(rule.notify, one.tracked.commitment):
                continue  # nobody hears it, so that its repeats would be looked through to the end of time
            mine = [watch for (name, _), watch in one.watches.items() if name == rule.name]
            if not mine:
                since = max(one.changed_at or start, one.tracked.stated_at or one.tracked.recorded_at)
                mine = [Watch(rule=rule.name, commitment_id=one.tracked.id, since=since, next_at=since)]
            elif rule.name not in known:
                mine = [replace(watch, since=start, next_at=start, changed=True) for watch in mine]
            elif one.changed_at is not None:
                mine = [replace(watch, next_at=one.changed_at) for watch in mine]
            about = [(watch, occurrence_of(one.tracked, watch.occurrence)) for watch in mine]
            if one.tracked.open or one.watches:
                watches += [(watch, item) for watch, item in about if item is not None]
    firings = {name: scheduled.cron for name, scheduled in rules.items()}
    return forecast_reminders(watches, specs, firings, end, owners, occurrence=occurrence)
