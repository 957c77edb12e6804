"""Open commitments about which no alert follows, although rules reach somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from alerts.core.owners import OWNER, Owners
from alerts.core.rules import matching
from alerts.core.short_lists import MOST_NAMED, Counted
from alerts.forecasting import forecast_watched, stored_watches_hold
from alerts.scheduled_rules import ScheduledRule, current
from alerts.store import Store
from alerts.store.standing import WatchedCommitment
from alerts.store.unproven_alerts import AlertingRules, UnprovenAlerts, unproven_alerts
from alerts.views.next_alerts import MAX_COMPUTED
from alerts.views.surroundings import Reading
from alerts.views.unreached import why_unreached


def silent_commitments(reading: Reading, now: datetime, end: datetime) -> tuple[Sequence[str], int]:
    """Return the keys of those about which nothing goes out before `end`, and how many are not known yet.

    What has changed since the last tick is worked out up to a number; the next tick does the rest.
    """
    store, rules = reading.store, reading.rules
    if not stored_watches_hold(store, rules):
        return _worked_out(reading, now, end), 0
    unproven = unproven_alerts(store.database, _alerting_rules(reading), end)
    first, count, doubtful, pending = list[str](), 0, list[UnprovenAlerts](), 0
    changed = 0
    for one in unproven:
        changed += one.changed
        if one.changed and changed > MAX_COMPUTED:
            pending += 1
        elif one.is_settled:
            first, count = [*first, one.key][:MOST_NAMED], count + 1
        else:
            doubtful.append(one)
    coming = set(_keys_with_alerts(store, rules, now, end, reading.owners, only=[one.id for one in doubtful]))
    silent = [one.key for one in doubtful if one.key not in coming]
    return Counted([*first, *silent][:MOST_NAMED], count + len(silent)), pending


def _worked_out(reading: Reading, now: datetime, end: datetime) -> Sequence[str]:
    """Return the same by a forecast of all: the stored watches are of other rules."""
    coming = set(_keys_with_alerts(reading.store, reading.rules, now, end, reading.owners))
    return [key for key in _reached(reading) if key not in coming]


def _reached(reading: Reading) -> Iterator[str]:
    """Yield the keys of open commitments with which a rule reaches somebody."""
    for item in reading.store.ledger.each():
        rules = matching(reading.settings.rules, item.commitment)
        if why_unreached(rules, reading.owners, item.commitment) is None:
            yield item.commitment.key


def _alerting_rules(reading: Reading) -> AlertingRules:
    owners = reading.owners
    notify = {name: set(one.rule.notify) for name, one in reading.rules.items()}
    return AlertingRules(
        always=frozenset(name for name, targets in notify.items() if targets - {OWNER}),
        owners_only=frozenset(name for name, targets in notify.items() if targets == {OWNER} and owners.channel),
        owners=frozenset(owners.people),
        # Each date has leads, or a day: so the watch of a series wakes for an alert.
        dated=frozenset(n for n, one in reading.rules.items() if one.rule.remind.before or one.rule.remind.on_the_day),
        starting=frozenset(name for name, one in reading.rules.items() if not one.rule.only_follows_up),
    )


def _keys_with_alerts(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    start: datetime,
    end: datetime,
    owners: Owners,
    *,
    only: Collection[int] | None = None,
) -> Iterator[str]:
    """The keys of what is tracked, or of `only` some, of which anything will go out before `end`."""
    known = current(store, rules)
    for chunk in store.watches.watched_commitments(only=only):
        for one in chunk:
            if (
                _has_stored_alert(one, rules, known, end, owners)
                or next(forecast_watched([one], rules, known, start, end, owners=owners), None) is not None
            ):
                yield one.tracked.commitment.key


def _has_stored_alert(
    one: WatchedCommitment,
    rules: Mapping[str, ScheduledRule],
    known: Mapping[str, ScheduledRule],
    end: datetime,
    owners: Owners,
) -> bool:
    """Return whether a tick has stored that an alert goes out before `end`, which costs less than to work it out.

    What is stored of a series or of a snoozed commitment is when to look again, so it says nothing.
    """
    if one.changed_at is not None or one.tracked.recurs or one.tracked.snoozed:
        return False
    return any(
        watch.next_at is not None
        and watch.next_at < end
        and name in known
        and any(owners.channels(rules[name].rule.notify, one.tracked.commitment))
        for (name, _), watch in one.watches.items()
    )
