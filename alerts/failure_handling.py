"""What happens when a delivery fails: the rule's fallback gets its reminders, the operators get a notice."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from alerts.channels import Channel
from alerts.core.delivery_failures import DeliveryFailure
from alerts.core.envelopes import Envelope, address_summary_to_fallback, address_to_fallbacks
from alerts.scheduled_rules import ScheduledRule, current
from alerts.store import Store
from alerts.store.outbox.address_notices import report_changed_addresses
from alerts.store.outbox.fail_over import FailedDelivery, FailureBatch
from alerts.store.outbox.reach import ServedRecipients
from alerts.store.outbox.resume_notices import report_resumed

log = logging.getLogger(__name__)


def handle_failures(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    channels: Mapping[str, Channel],
    operators: Sequence[str],
    now: datetime,
) -> int:
    """Send the reminders of failed deliveries to the rule's fallback, and a notice to the operators.

    After a restore, operators and owners get a notice when sending goes on, and so does the old address of somebody who
    has another one now. Returns how many deliveries had failed, and how many such notices there are. Where other rules
    are registered than these, a process that has those does it: this one may not know their fallback.
    """
    if set(store.watches.registered()) - set(current(store, rules)):
        return 0
    fallbacks = _Fallbacks(
        by_rule={name: scheduled.rule.fallback for name, scheduled in rules.items()},
        recipients={name: channel.recipients for name, channel in channels.items()},
        one_at_a_time={name for name, channel in channels.items() if channel.one_at_a_time},
    )
    informed = {name: channels[name].recipients for name in operators if name in channels}
    served = {
        name: ServedRecipients(recipients=channel.recipients, owners=channel.default)
        for name, channel in channels.items()
    }
    store.unserved.update(served, now)
    mailing = next(((name, channel.recipients) for name, channel in channels.items() if channel.default), None)
    resumed = report_resumed(store.database, informed, mailing, now)
    resumed += _tell_old_addresses(store, mailing, now)
    return resumed + sum(_handle(batch, fallbacks, informed, now) for batch in store.failure_batches())


def _tell_old_addresses(store: Store, mailing: tuple[str, Sequence[str]] | None, now: datetime) -> int:
    """Send a notice to the old addresses of people whose address was changed; return how many."""
    changed = report_changed_addresses(store.database, mailing, now)
    for one in changed:
        if mailing is None:
            log.warning("%s has another address, and the old one is not told: no channel has `default`", one.person)
        else:
            log.info("%s has another address, and the old one is told", one.person)
    return len(changed) if mailing else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fallbacks:
    """The fallback channel of each rule, and the recipients of each channel."""

    by_rule: Mapping[str, str | None]
    recipients: Mapping[str, tuple[str, ...]]
    one_at_a_time: Collection[str]

    def envelopes(self, failed: FailedDelivery) -> list[Envelope]:
        """Address what a failed delivery carries to the fallbacks of the rules."""
        routes = (self.by_rule, self.recipients, self.one_at_a_time)
        found = address_to_fallbacks(failed.reminders, *routes, exclude=failed.failure.channel)
        if failed.scope:
            found += address_summary_to_fallback(failed.scope, *routes, exclude=failed.failure.channel)
        return found


def _handle(batch: FailureBatch, fallbacks: _Fallbacks, informed: Mapping[str, tuple[str, ...]], now: datetime) -> int:
    """Handle some failures in one transaction; return how many. `informed`: the operators' channels."""
    envelopes = {failed.failure.id: fallbacks.envelopes(failed) for failed in batch.deliveries if failed.may_fall_back}
    sent = batch.send_to_fallback(envelopes, now)
    failures = [
        _with_fallback_channels(failed.failure, envelopes.get(failed.failure.id, ()), sent)
        for failed in batch.deliveries
    ]
    batch.notify(failures, informed, now)
    return len(failures)


def _with_fallback_channels(
    failure: DeliveryFailure, envelopes: Iterable[Envelope], sent: Collection[UUID]
) -> DeliveryFailure:
    return replace(failure, fallback_channels=tuple(sorted({one.channel for one in envelopes if one.id in sent})))
