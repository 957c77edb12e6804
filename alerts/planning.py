"""Evaluate what is due, and write down reminders, deliveries and summaries; the workers send them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from alerts.channels import Channel
from alerts.clock import monotonic
from alerts.core.audited_months import FindAudit, no_audit
from alerts.core.commitments import Commitment
from alerts.core.envelopes import AddressedReminder, Routes
from alerts.core.liveness import ALIVE
from alerts.core.owners import OWNER, Owners, as_named
from alerts.core.rules import Rule
from alerts.core.schedule.evaluation import evaluate
from alerts.core.schedule.moments import ONE_SECOND
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.summaries import Scope
from alerts.core.tracked import Tracked
from alerts.scheduled_rules import ScheduledRule, current
from alerts.skipped_log import log_skipped
from alerts.store import Store
from alerts.store.claimed_watches import ClaimedWatches
from alerts.store.new_watches import FirstEvaluation
from alerts.store.store_error import StoreError
from alerts.store.write_back import Evaluated

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(hours=1)  # after an evaluation that failed
TRIES = 2  # batches in a row of which all has changed meanwhile; the next turn tries them again
GIVES_WAY_EVERY = 0.5  # seconds
MANY = 500  # watches whose new times the statistics of the database should know of


def plan(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    on_batch: Callable[[], None] = lambda: None,
    stop: Callable[[], bool] = lambda: False,
    audit: FindAudit = no_audit,
) -> int:
    """Write down, batch by batch, everything that has fallen due; returns how many deliveries are new.

    Rules of which another process has registered another meaning are left to it. `on_batch` is called after each batch,
    when it can be sent; where `stop` says so, the rest is left. `audit` returns the month that a summary states.
    """
    for _ in settle(store, rules, now):
        on_batch()
        if stop():
            return 0
    mine = {name: scheduled.rule for name, scheduled in current(store, rules).items()}

    @cache
    def planned_rules() -> set[str]:
        return {*mine, *store.registrations.rules_of_live_processes(now, ALIVE)}

    count = 0
    for deliveries in _plan_due(
        store, {name: rules[name] for name in mine}, channels, now, planned_rules=planned_rules, stop=stop
    ):
        count += deliveries
        on_batch()
    if stop():
        return count
    for sealed in store.gathering.seal(planned_rules, now):
        count += sealed
        on_batch()
    for summaries_planned in _plan_all_summaries(store, rules, mine, channels, now, audit=audit):
        count += summaries_planned
        on_batch()
    return count


def settle(store: Store, rules: Mapping[str, ScheduledRule], now: datetime) -> Iterator[int]:
    """Bring the watches up to date with what has changed; yield the number of commitments of each batch.

    New watches that send nothing by `now` are evaluated at once: to claim and read each again would take twice as long.
    """

    def first(tracked: Tracked, watch: Watch) -> Evaluation:
        return evaluate(rules[watch.rule].rule, tracked, watch, now, rules[watch.rule].cron)

    mine = {name: scheduled.rule for name, scheduled in rules.items()}
    yield from store.watches.settle(FirstEvaluation(rules=mine, now=now, evaluate=first))


def _plan_due(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    planned_rules: Callable[[], Collection[str]],
    stop: Callable[[], bool],
) -> Iterator[int]:
    """Plan what is due, batch by batch: yields the number of new deliveries.

    A batch is claimed and written back in short transactions; no transaction is open while it is evaluated.
    """
    mine = {name: scheduled.rule for name, scheduled in rules.items()}
    evaluated, in_vain, given_way = 0, 0, monotonic()
    while in_vain < TRIES and not stop():
        claimed = store.watches.claim_due(mine, now)
        if claimed is None:
            break
        try:
            evaluations = _evaluate_all(rules, claimed, now, stop)
            if evaluations is None:
                store.watches.release(claimed)
                return
            found = Evaluated(evaluations=evaluations, addressed=_addressed(rules, channels, claimed, evaluations))
            written = store.watches.write_back(claimed, found, _routes(channels), now, planned_rules=planned_rules())
        except BaseException:
            with suppress(StoreError):  # where the database is gone, the claim ends by itself
                store.watches.release(claimed)
            raise
        log_skipped(claimed, written)
        evaluated += written.watches
        in_vain = 0 if written.watches else in_vain + 1
        yield written.deliveries
        given_way = _give_way(store, given_way)
        if written.left:  # a rule may no longer match what has changed
            sum(settle(store, rules, now))
    if evaluated >= MANY:
        store.watches.analyze()


def _give_way(store: Store, since: float) -> float:
    """Let others write, a while after they last could: many short transactions keep them waiting as a long one does.

    Return when they last could, in seconds on a steady clock.
    """
    if monotonic() - since <= GIVES_WAY_EVERY:
        return since
    store.database.give_way()
    return monotonic()


def _evaluate_all(
    rules: Mapping[str, ScheduledRule], claimed: ClaimedWatches, now: datetime, stop: Callable[[], bool]
) -> list[Evaluation] | None:
    """Evaluate claimed watches; None where that was stopped."""
    found = []
    for watch, tracked in claimed.watches:
        if stop():
            return None
        found.append(_evaluate(rules[watch.rule], tracked, watch, now))
    return found


def _addressed(
    rules: Mapping[str, ScheduledRule],
    channels: Mapping[str, Channel],
    claimed: ClaimedWatches,
    evaluations: Iterable[Evaluation],
) -> list[AddressedReminder]:
    """Return the reminders of evaluated watches with the channels and the owners that they go to."""
    recipients = _routes(channels).recipients
    owners = Owners(channel=_owners_channel(channels), people=claimed.people)
    return [
        AddressedReminder(
            reminder=reminder,
            notify=rules[watch.rule].rule.notify,
            owner=_owner_route(owners, tracked.commitment, recipients),
            digest=rules[watch.rule].rule.digest,
            critical=tracked.commitment.priority == "critical",
        )
        for (watch, tracked), evaluation in zip(claimed.watches, evaluations, strict=True)
        for reminder in evaluation.reminders
    ]


def _routes(channels: Mapping[str, Channel]) -> Routes:
    return Routes(
        recipients={name: channel.recipients for name, channel in channels.items()},
        one_at_a_time={name for name, channel in channels.items() if channel.one_at_a_time},
    )


def _plan_all_summaries(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    mine: Mapping[str, Rule],
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    audit: FindAudit,
) -> Iterator[int]:
    """Write down the summaries that are due: yields the number of deliveries per rule."""
    # A channel that takes one reminder at a time takes no summary.
    recipients = {name: channel.recipients for name, channel in channels.items() if not channel.one_at_a_time}
    owners_channel = _owners_channel(channels)
    for name, since in store.summaries.since([rule.name for rule in mine.values() if rule.summary]).items():
        count = _plan_summaries(
            store, rules[name], since=since, recipients=recipients, owners_channel=owners_channel, now=now, audit=audit
        )
        if count:
            yield count


def _owners_channel(channels: Mapping[str, Channel]) -> str | None:
    return next((name for name, channel in channels.items() if channel.default), None)


def _plan_summaries(
    store: Store,
    scheduled: ScheduledRule,
    *,
    since: datetime,
    recipients: Mapping[str, tuple[str, ...]],
    owners_channel: str | None,
    now: datetime,
    audit: FindAudit,
) -> int:
    """Write down a rule's summaries if its firing has come; of several missed firings those of the latest."""
    rule = scheduled.rule
    firing = scheduled.cron.before(now.replace(microsecond=0) + ONE_SECOND)
    if firing is None or firing <= since:
        return 0
    scope = Scope(rule=rule, firing=firing, audit=audit(rule.name, firing, now))
    scopes = {(name, recipient): scope for name in rule.notify for recipient in recipients.get(name, ())}
    if OWNER in rule.notify and owners_channel:
        for person in store.summaries.owners(rule):
            route = owners_channel, as_named(person, recipients[owners_channel])
            own = scopes.setdefault(route, replace(scope, owners=(person.key,)))
            if own.owners:  # whoever gets the whole has theirs in it, and several may share an address
                scopes[route] = replace(own, owners=tuple(dict.fromkeys((*own.owners, person.key))))
    return store.summaries.put(scope, scopes, now)


def _owner_route(
    owners: Owners, commitment: Commitment, recipients: Mapping[str, tuple[str, ...]]
) -> tuple[str, str] | None:
    """Return the channel and the address of a commitment's owner; None where there is none."""
    owner = owners.of(commitment)
    if owner is None or owners.channel is None:
        return None
    return owners.channel, as_named(owner, recipients[owners.channel])


def _evaluate(scheduled: ScheduledRule, tracked: Tracked, watch: Watch, now: datetime) -> Evaluation:
    """Evaluate one watch; should that fail, the others go on, and it is tried again in an hour."""
    try:
        return evaluate(scheduled.rule, tracked, watch, now, scheduled.cron)
    except Exception:
        log.exception("rule %s cannot evaluate %s; trying again in an hour", watch.rule, tracked.commitment.key)
        return Evaluation(replace(watch, next_at=now + RETRY_AFTER))
