"""The answers about a commitment that hold now, as lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from alerts.core.rules import matching
from alerts.core.schedule.answers import acknowledged_now, own_snoozes_now, paused_until, snoozed_now
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.views.shown_times import shown
from alerts.views.surroundings import Reading


def whom(snooze: OwnSnooze) -> str:
    """Return for whom an own snooze holds."""
    return snooze.name or snooze.recipient


def answered(reading: Reading, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[str]:
    """Return who has acknowledged and snoozed it, and until when. Ended answers are left out."""
    rules, lines = matching(reading.settings.rules, item.commitment), []
    if acknowledgement := acknowledged_now(rules, item, now):
        ends = paused_until(rules, item, now)
        lines.append(f"acknowledged by {acknowledgement.by}" + (f" until {shown(ends, reading.zone)}" if ends else ""))
    return lines + snoozes(reading, item, own, now)


def snoozes(reading: Reading, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[str]:
    """Return who has snoozed it or one of its occurrences, for everybody or for one recipient."""
    lines = [f"snoozed by {one.by} until {shown(one.until, reading.zone)}" for one in [snoozed_now(item, now)] if one]
    for one in own_now(item, own, now):
        which = f"{one.occurrence} " if one.occurrence and not item.occurrence else ""
        lines.append(f"{which}snoozed by {one.by} until {shown(one.until, reading.zone)} (for {whom(one)} only)")
    return lines


def own_now(item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[OwnSnooze]:
    """Return the active snoozes of single recipients, including those of occurrences."""
    return [one for one in own if own_snoozes_now([one], replace(item, occurrence=one.occurrence), now)]
