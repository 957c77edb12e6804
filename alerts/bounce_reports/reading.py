"""Read what a mail reports, whatever its form."""

from __future__ import annotations

import logging
from email import message_from_bytes

from alerts.bounce_reports.plain_reports import read_plain
from alerts.bounce_reports.report import BounceReport, own_parts
from alerts.bounce_reports.status_parts import read_status

log = logging.getLogger(__name__)


def read_report(data: bytes) -> BounceReport:
    """Return what a mail reports. One that cannot be read is `unknown`: it must not stop the others."""
    try:
        message = message_from_bytes(data)
        parts = list(own_parts(message))
        return read_status(parts) or read_plain(message, parts)
    except Exception as error:  # noqa: BLE001 # anybody can send anything, such as parts within parts without end
        log.warning("a report cannot be read: %s: %s", type(error).__name__, error)
        return BounceReport(kind="unknown")
