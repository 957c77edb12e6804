"""One turn: write down what has fallen due, and elsewhere what did not get through; lanes hand it over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from alerts.channels import Channel
from alerts.core.commitments import Commitment, Person, Tracked
from alerts.core.moments import TICK
from alerts.core.notifications import Address, Routes, Trouble, Word, fall_back, sum_up_elsewhere
from alerts.core.owners import OWNER, Owners
from alerts.core.registration import ALIVE
from alerts.core.rules import Rule
from alerts.core.summaries import Scope
from alerts.core.watches import Look, Watch, look
from alerts.cron import Cron
from alerts.store import Reach, Store

log = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(hours=1)  # after a look that failed


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule and the firings of its cron."""

    rule: Rule
    cron: Cron

    @classmethod
    def all(cls, rules: Iterable[Rule]) -> dict[str, Ruled]:
        """The rules by name."""
        return {rule.name: cls(rule, Cron(rule.cron, rule.timezone)) for rule in rules}


def plan(
    store: Store,
    rules: Mapping[str, Ruled],
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    on_batch: Callable[[], None] = lambda: None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Write down, batch by batch, everything that has fallen due; returns how many deliveries are new.

    Rules of which another process has registered another meaning are left to it. `on_batch` is called after each batch,
    when its deliveries are there to be sent; where `stop` says so, the rest is left for the next time.
    """
    for _ in store.watches.settle():
        on_batch()
        if stop():
            return 0
    recipients = {name: channel.recipients for name, channel in channels.items()}
    singly = {name for name, channel in channels.items() if channel.singly}
    routes = Routes(recipients=recipients, singly=singly)
    mails_owners = next((name for name, channel in channels.items() if channel.default), None)
    count = 0
    mine = {name: ruled.rule for name, ruled in current(store, rules).items()}
    planned = store.registrations.planned(now, ALIVE)
    for batch in store.watches.due(mine, until=now, on_commit=on_batch, planned=planned):
        if stop():
            return count
        looked = [_look(rules[watch.rule], tracked, watch, now) for watch, tracked in batch.watches]
        to_owners = {one.commitment.owner for watch, one in batch.watches if OWNER in mine[watch.rule].notify}
        owners = Owners(channel=mails_owners, people=batch.people(to_owners))
        words = [
            Word(
                reminder=reminder,
                notify=rules[watch.rule].rule.notify,
                owner=_way(owners, tracked.commitment, recipients),
                digest=rules[watch.rule].rule.digest,
                critical=tracked.commitment.priority == "critical",
            )
            for (watch, tracked), seen in zip(batch.watches, looked, strict=True)
            for reminder in seen.said
        ]
        count += batch.record(looked, words, now, routes)
    if stop():
        return count
    for sealed in store.gathering.seal({*mine, *planned}, now):
        count += sealed
        on_batch()
    whole = {name: some for name, some in recipients.items() if name not in singly}  # others take no summary
    for name, since in store.summaries.since([rule.name for rule in mine.values() if rule.summary]).items():
        if summed_up := _sum_up(store, rules[name], since=since, recipients=whole, mails_owners=mails_owners, now=now):
            count += summed_up
            on_batch()
    return count


def _sum_up(
    store: Store,
    ruled: Ruled,
    *,
    since: datetime,
    recipients: Mapping[str, tuple[str, ...]],
    mails_owners: str | None,
    now: datetime,
) -> int:
    """Write down a rule's summaries if its firing has come; of several missed firings those of the latest."""
    rule = ruled.rule
    firing = ruled.cron.before(now.replace(microsecond=0) + TICK)
    if firing is None or firing <= since:
        return 0
    whole = Scope(rule=rule, firing=firing)
    post = {(name, recipient): whole for name in rule.notify for recipient in recipients.get(name, ())}
    if OWNER in rule.notify and mails_owners:
        for person in store.summaries.owners(rule):
            way = mails_owners, _as_named(person, recipients[mails_owners])
            own = post.setdefault(way, replace(whole, owners=(person.key,)))
            if own.owners:  # whoever gets the whole has theirs in it, and several may share an address
                post[way] = replace(own, owners=tuple(dict.fromkeys((*own.owners, person.key))))
    return store.summaries.put(whole, post, now)


def _way(owners: Owners, commitment: Commitment, recipients: Mapping[str, tuple[str, ...]]) -> tuple[str, str] | None:
    """The channel and the address through which the owner of a commitment is told."""
    owner = owners.of(commitment)
    if owner is None or owners.channel is None:
        return None
    return owners.channel, _as_named(owner, recipients[owners.channel])


def _as_named(person: Person, recipients: Iterable[str]) -> str:
    """A person's address, as the channel writes it where it names them, too: else they would be told twice."""
    return next((one for one in recipients if one.lower() == person.email.lower()), person.email)


def current(store: Store, rules: Mapping[str, Ruled]) -> dict[str, Ruled]:
    """The rules that mean what was last registered under their names."""
    registered = store.watches.registered()
    return {name: ruled for name, ruled in rules.items() if registered.get(name) == ruled.rule.hash}


def _look(ruled: Ruled, tracked: Tracked, watch: Watch, now: datetime) -> Look:
    """One look; should it fail, the others are not held up, and it is tried again."""
    try:
        return look(ruled.rule, tracked, watch, now, ruled.cron)
    except Exception:
        log.exception("rule %s cannot look at %s; again in an hour", watch.rule, tracked.commitment.key)
        return Look(replace(watch, next_at=now + LOOK_AGAIN))


def relieve(
    store: Store,
    rules: Mapping[str, Ruled],
    channels: Mapping[str, Channel],
    operators: Sequence[str],
    now: datetime,
) -> int:
    """Tell elsewhere what does not get through: its words to the rule's fallback, the failure to the operators.

    Returns how many deliveries were in trouble. Where other rules are registered than these, it is left to a process
    that has those: this one may not know to whom else to turn.
    """
    if set(store.watches.registered()) - set(current(store, rules)):
        return 0
    recipients = {name: channel.recipients for name, channel in channels.items()}
    singly = {name for name, channel in channels.items() if channel.singly}
    fallbacks = {name: ruled.rule.fallback for name, ruled in rules.items()}
    count = 0
    own = {name: Reach(recipients=channel.recipients, owners=channel.default) for name, channel in channels.items()}
    store.missing.notice(own, now)
    for relief in store.reliefs():
        post = {
            failing.trouble.id: fall_back(
                failing.reminders, fallbacks, recipients, singly, besides=failing.trouble.channel
            )
            for failing in relief.failing
            if failing.undelivered
        }
        for failing in relief.failing:
            if failing.undelivered and failing.scope:
                besides = failing.trouble.channel
                post[failing.trouble.id] += sum_up_elsewhere(
                    failing.scope, fallbacks, recipients, singly, besides=besides
                )
        told = relief.tell_instead(post, now)
        troubles = [
            _told_instead(failing.trouble, post.get(failing.trouble.id, ()), told) for failing in relief.failing
        ]
        relief.notify(troubles, {name: recipients[name] for name in operators if name in recipients}, now)
        count += len(troubles)
    return count


def _told_instead(trouble: Trouble, post: Iterable[Address], told: Collection[UUID]) -> Trouble:
    return replace(trouble, instead=tuple(sorted({one.channel for one in post if one.id in told})))
