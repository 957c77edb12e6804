"""Open commitments about which no alert follows, although rules reach somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from alerts.core.commitments import Commitment
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import matching
from alerts.core.short_lists import MOST_NAMED, Counted
from alerts.forecasting import forecast_watched, stored_watches_hold
from alerts.scheduled_rules import ScheduledRule, current
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
    if not stored_watches_hold(store, rules):  # they are of other rules
        return list(_worked_out(reading, now, end)), 0
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
    silent = list(_worked_out(reading, now, end, only=[one.id for one in doubtful]))
    return Counted([*first, *silent][:MOST_NAMED], count + len(silent)), pending


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


def _worked_out(
    reading: Reading, start: datetime, end: datetime, *, only: Collection[int] | None = None
) -> Iterator[str]:
    """Yield the keys of the same, of all or of `only` some, by a forecast where the stored watches do not tell."""
    store, rules, owners = reading.store, reading.rules, reading.owners
    known = current(store, rules)
    for chunk in store.watches.watched_commitments(only=only):
        for one in chunk:
            if (
                one.tracked.open
                and _is_reached(reading, one.tracked.commitment)
                and not _has_stored_alert(one, rules, known, end, owners)
                and next(forecast_watched([one], rules, known, start, end, owners=owners), None) is None
            ):
                yield one.tracked.commitment.key


def _is_reached(reading: Reading, commitment: Commitment) -> bool:
    """Return whether a rule reaches somebody with a commitment. What has changed has no watches yet that tell."""
    return why_unreached(matching(reading.settings.rules, commitment), reading.owners, commitment) is None


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
