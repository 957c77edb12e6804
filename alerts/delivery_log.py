"""The log lines about deliveries: one for each that was accepted, and one for each attempt that failed."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from alerts.core.deliveries import Delivery, EndedAttempt, Outcome
from alerts.log_output import fields

log = logging.getLogger(__name__)


def log_sent(ended_attempts: Iterable[EndedAttempt]) -> None:
    """Log each delivery that was accepted. What failed was logged when that was decided."""
    for delivery, outcome, _, _ in ended_attempts:
        if outcome.state == "sent":
            short, alerts = str(delivery.id)[:8], len(delivery.contexts)
            seen = fields(
                event="sent", delivery=delivery.id, channel=delivery.channel, attempt=delivery.attempt, alerts=alerts
            )
            text = "%s via %s: sent (attempt %s, reminders: %s)"
            log.info(text, short, delivery.channel, delivery.attempt, alerts, extra=seen)


def log_failed(delivery: Delivery, outcome: Outcome) -> None:
    """Log an attempt that failed, and what becomes of the delivery."""
    level = logging.ERROR if outcome.state == "dead" else logging.WARNING
    seen = fields(event="failed", delivery=delivery.id, channel=delivery.channel, state=outcome.state)
    text = "%s via %s: %s (%s)"
    log.log(level, text, str(delivery.id)[:8], delivery.channel, outcome.error, outcome.state, extra=seen)
