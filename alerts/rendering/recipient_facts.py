"""What templates see of why a reader gets a message that was meant for others."""

from __future__ import annotations

from datetime import datetime

from alerts.core.absences import Absentee
from alerts.core.delivery_failures import DeliveryFailure
from alerts.deadlines.points import Day, Instant, Point
from alerts.rendering.fact_parts import AbsenteeFacts, FallbackFacts
from alerts.rendering.template_filters import clean, flat, on_day


def fallback_facts(failure: DeliveryFailure) -> FallbackFacts:
    """Return what templates see of the delivery that this one replaces."""
    return FallbackFacts(
        channel=flat(clean(failure.channel)),
        recipient=flat(clean(failure.recipient)) or None,
        error=flat(clean(failure.error)),
        dead=failure.state in ("dead", "bounced"),
    )


def absentee_facts(absentee: Absentee) -> AbsenteeFacts:
    """Return what templates see of somebody who is away or has left: the day on which they are back, or the time."""
    until = day_or_time(absentee.back_at, absentee.zone) if absentee.back_at else None
    return AbsenteeFacts(name=flat(clean(absentee.name)), until=until)


def day_or_time(at: datetime, zone: str) -> Point:
    """Return the day that begins at an instant in a zone, or else the instant."""
    day = Day(on_day(at, zone), zone)
    return day if day.start == at else Instant(at, zone)
