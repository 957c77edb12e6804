"""Values that calendars in mails and exported files have in common (RFC 5545)."""

from __future__ import annotations

CRITICAL = 1


PRODUCT = "-//deadline-alerts//EN"
NUMBERS = {"critical": CRITICAL, "high": 2, "normal": 5, "low": 9}
