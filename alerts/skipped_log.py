"""The log lines about reminders that are not sent to anybody."""

from __future__ import annotations

import logging

from alerts.log_output import fields
from alerts.store.claimed_watches import ClaimedWatches
from alerts.store.write_back import Written

log = logging.getLogger(__name__)


def log_skipped(claimed: ClaimedWatches, written: Written) -> None:
    """Log each reminder that was skipped, with the reason, once that is committed."""
    keys = {tracked.id: tracked.commitment.key for _, tracked in claimed.watches}
    for reminder, reason in written.skipped:
        key, rule, kind = keys[reminder.commitment_id], reminder.rule, reminder.kind
        seen = fields(event="skipped", reminder=reminder.id, rule=rule, commitment=key, kind=kind, reason=reason)
        log.info("reminder %s of rule %s about %s: skipped (%s)", str(reminder.id)[:8], rule, key, reason, extra=seen)
