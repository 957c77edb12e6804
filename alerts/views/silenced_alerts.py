"""Silences as commands and pages know them."""

from __future__ import annotations

from datetime import datetime

from alerts.core.silences import LONGEST, Silence
from alerts.store.silence_rows import SHOWN_FOR
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
