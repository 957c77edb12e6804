"""Owners whom alerts do not reach: they have left, are away without a deputy, or answer nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from alerts.core.absences import Absences
from alerts.core.short_lists import few
from alerts.store.owner_answers import unanswered_since
from alerts.views.shown_times import shown
from alerts.views.surroundings import Reading

SILENT_FOR = timedelta(days=90)


def absent_owners(
    reading: Reading, owners: Collection[str], owned_by: Callable[[str], Sequence[str]], now: datetime
) -> Iterator[str]:
    """Yield a line for each owner of open commitments who has left, is away without a deputy, or answers nothing.

    `owned_by` gives the keys of what somebody owns.
    """
    people = reading.people
    absences = Absences(people=people, recorded=reading.store.absences.all(now).recorded)
    known = sorted(key for key in owners if key in people)
    silent = unanswered_since(reading.store.database, [people[key] for key in known], now - SILENT_FOR)
    for key in known:
        owner = people[key]
        if owner.has_left(now):
            whom = [deputy.person.name for deputy in absences.deputies(owner, now)] or reading.settings.operators
            yield (
                f"{key} has left, and alerts go to {', '.join(whom) or 'nobody'}: name another owner with "
                f"`alerts assign` for {few(owned_by(key))}"
            )
        elif (absentee := absences.absentee(owner, now)) and not absences.deputies(owner, now):
            back = shown(absentee.back_at, absentee.zone)
            owned = few(owned_by(key))
            yield f"{key} is away until {back} without a deputy, and owns {owned}: name one with `alerts away`"
        elif key in silent and not absentee:
            since = shown(silent[key], reading.zone)
            owned = few(owned_by(key))
            yield f"{key} owns {owned} and has answered no alert since {since}: does {owner.email} reach them?"
