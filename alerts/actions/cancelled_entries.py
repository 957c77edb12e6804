"""What a calendar cancels (METHOD:CANCEL; RFC 5546, section 3.2.5): it is withdrawn here, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from alerts.actions.close import close
from alerts.actions.load_job import LoadJob
from alerts.core.tracked import Tracked
from alerts.deadlines.recurrence import Recurrence, name_occurrence
from alerts.interchange.file_contents import EndedEntry

OF_A_SERIES = re.compile(r"\.\d{4}-\d\d-\d\d(T\d{4,6}Z?)?", re.ASCII)  # behind the key of the series


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What one file cancels and is open here: keys with the occurrence, empty for the whole.

    `older`: the keys of what it cancels by an older SEQUENCE than the one loaded.
    """

    path: str
    found: tuple[tuple[str, str], ...]
    older: tuple[str, ...]


def find_cancelled(job: LoadJob) -> list[Cancellation]:
    """Return what the files cancel, file by file."""
    if not any(one.withdrawn for file in job.files for one in file.ended):
        return []
    open_here = {one.commitment.key: one for one in job.store.ledger.tracked()}
    sequences = job.store.commitments.sequences()
    cancellations = []
    for file in job.files:
        cancelled = [one for one in file.ended if one.withdrawn]
        older = [one.key for one in cancelled if one.sequence < sequences.get(one.key, 0)]
        found = dict.fromkeys(
            about for one in cancelled if one.key not in older for about in _withdrawn_by(one, open_here)
        )
        cancellations.append(Cancellation(path=file.path, found=tuple(found), older=tuple(older)))
    return cancellations


def withdraw(job: LoadJob, cancellation: Cancellation) -> None:
    """Withdraw what a file cancels."""
    change = replace(job.change, reason=f"cancelled by {job.register or cancellation.path}")
    found = cancellation.found
    job.store.commitments.withdraw([key for key, occurrence in found if not occurrence], change)
    for key, occurrence in found:
        if occurrence:
            close(job.store, key, "withdrawn", change, occurrence)


def _withdrawn_by(one: EndedEntry, open_here: Mapping[str, Tracked]) -> Iterator[tuple[str, str]]:
    """Yield the keys of what a cancellation ends, with the occurrence where it is one of a series."""
    series = open_here.get(one.key)
    if one.original is None:
        if series:
            yield one.key, ""
        for key in open_here:
            if key.startswith(one.key) and OF_A_SERIES.fullmatch(key.removeprefix(one.key)):
                yield key, ""
        return
    recurs = series.bounds.recurrence if series else None
    walls = _walls(one.original, recurs)
    alone = [key for key in (f"{one.key}.{suffix}" for wall in walls for suffix in _suffixes(wall)) if key in open_here]
    if alone:
        yield alone[0], ""
    elif series and recurs:
        for name in map(name_occurrence, walls):
            if recurs.has(name) and series.at(name).open:
                yield one.key, name
                return


def _walls(original: date, recurs: Recurrence | None) -> list[date]:
    if recurs is None or recurs.zone is None:
        return [original.replace(tzinfo=None) if isinstance(original, datetime) else original]
    from alerts.interchange.ics.series_clock import SeriesClock  # here: its library takes long to import

    return SeriesClock(isinstance(recurs.start, datetime), recurs.zone).walls(original)


def _suffixes(wall: date) -> list[str]:
    """Return what the key of an occurrence that is tracked by itself may end with, the surest first."""
    if not isinstance(wall, datetime):
        return [wall.isoformat()]
    day = wall.date().isoformat()
    return [f"{day}T{wall:%H%M}", f"{day}T{wall:%H%M%S}", day]
