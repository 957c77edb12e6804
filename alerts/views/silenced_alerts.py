"""Silences as commands know them, and the alerts that they hold back."""

from __future__ import annotations

from datetime import datetime

from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.silences import LONGEST, Silence
from alerts.core.tracked import Tracked
from alerts.store.silence_rows import SHOWN_FOR
from alerts.views.shown_times import shown
from alerts.views.surroundings import Reading


def recent_silences(reading: Reading, now: datetime) -> list[Silence]:
    """Return recent silences, with those of the settings that the next tick stores; the first to end first."""
    stored = reading.store.silences.recent(now - LONGEST)  # somebody may have ended one of the settings long ago
    ids = {one.id for one in stored}
    known = (*stored, *(one for one in reading.settings.silences if one.id not in ids))
    return sorted((one for one in known if one.ends > now - SHOWN_FOR), key=lambda one: (one.ends, one.id))


def lasting_silences(reading: Reading, now: datetime) -> list[Silence]:
    """Return the silences that last or are to come."""
    return [one for one in recent_silences(reading, now) if one.ends > now]


def silenced_until(
    reading: Reading, known: RecipientsOfAlerts, about: Tracked, rule: str, at: datetime
) -> datetime | None:
    """Return until when silences hold back an alert of a rule that is due at an instant; None where none does."""
    return known.silenced_until(about, at, reading.rules[rule].cron.before)


def silenced_text(until: datetime | None, zone: str) -> str:
    """Return what is added to an alert that is held back; empty for one that is not."""
    return f", silenced until {shown(until, zone)}" if until else ""
