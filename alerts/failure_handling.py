"""What happens when a delivery fails: the rule's fallback gets its reminders, the operators get a notice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from alerts.channels import Channel
from alerts.core.delivery_failures import DeliveryFailure
from alerts.core.envelopes import Envelope, address_summary_to_fallback, address_to_fallbacks
from alerts.scheduled_rules import ScheduledRule, current
from alerts.store import Store
from alerts.store.outbox.reach import ServedRecipients


def handle_failures(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    channels: Mapping[str, Channel],
    operators: Sequence[str],
    now: datetime,
) -> int:
    """Send the reminders of failed deliveries to the rule's fallback, and a notice to the operators.

    Returns how many deliveries had failed. Where other rules are registered than these, a process that has those does
    it: this one may not know their fallback.
    """
    if set(store.watches.registered()) - set(current(store, rules)):
        return 0
    recipients = {name: channel.recipients for name, channel in channels.items()}
    one_at_a_time = {name for name, channel in channels.items() if channel.one_at_a_time}
    fallbacks = {name: scheduled.rule.fallback for name, scheduled in rules.items()}
    count = 0
    own = {
        name: ServedRecipients(recipients=channel.recipients, owners=channel.default)
        for name, channel in channels.items()
    }
    store.unserved.update(own, now)
    for failure_batch in store.failure_batches():
        envelopes = {
            failed.failure.id: address_to_fallbacks(
                failed.reminders, fallbacks, recipients, one_at_a_time, exclude=failed.failure.channel
            )
            for failed in failure_batch.deliveries
            if failed.may_fall_back
        }
        for failed in failure_batch.deliveries:
            if failed.may_fall_back and failed.scope:
                exclude = failed.failure.channel
                envelopes[failed.failure.id] += address_summary_to_fallback(
                    failed.scope, fallbacks, recipients, one_at_a_time, exclude=exclude
                )
        sent = failure_batch.send_to_fallback(envelopes, now)
        failures = [
            _with_fallback_channels(failed.failure, envelopes.get(failed.failure.id, ()), sent)
            for failed in failure_batch.deliveries
        ]
        failure_batch.notify(failures, {name: recipients[name] for name in operators if name in recipients}, now)
        count += len(failures)
    return count


def _with_fallback_channels(
    failure: DeliveryFailure, envelopes: Iterable[Envelope], sent: Collection[UUID]
) -> DeliveryFailure:
    return replace(failure, fallback_channels=tuple(sorted({one.channel for one in envelopes if one.id in sent})))
