"""The entries of calendars that are not loaded although they can be read: what has passed, what cannot be resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from alerts.actions.load_job import LoadJob, entries_of
from alerts.core.commitments import Commitment
from alerts.core.short_lists import few
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.expressions import references
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.interchange.file_contents import File, FileProblem
from alerts.store import Store

J = TypeVar("J", bound=LoadJob)


def without_history(store: Store, zone: str | None, read: Sequence[File], now: datetime) -> list[File]:
    """Return files without the single occurrences of series that have passed and are not tracked: they are history.

    Occurrences that a rule gives are history likewise when the series is recorded.
    """
    known = store.commitments.statuses(key for file in read for key in file.occurrences)
    chosen, found = ZoneChoice(zone), []
    for file in read:
        if not file.occurrences:
            found.append(file)
            continue
        stated = {entry.commitment.key: entry.commitment for entry in file.entries}
        gone = {key for key in file.occurrences - known.keys() if _has_passed(stated[key], chosen, now)}
        note = f"{len(gone)} single occurrences have passed and are not tracked: {few(sorted(gone))}"
        found.append(
            replace(
                file,
                entries=file.entries.without(gone),
                unread_keys=file.unread_keys | gone,
                notes=(*file.notes, note) if gone else file.notes,
            )
        )
    return found


def _has_passed(commitment: Commitment, zone: ZoneChoice, now: datetime) -> bool:
    deadline = parse(commitment.deadline)
    latest = None if references(deadline) else resolve(deadline, zone, {}).latest
    return latest is not None and latest <= now


def without_unresolved(job: J) -> J:
    """Return a load without the entries of calendars whose deadline depends on what is not there, or cannot be."""
    depends = {key for file in job.files for key in file.depending}
    while depends:
        parties = [party for file in job.files for party in file.parties]
        problems = job.store.commitments.find_problems(job.entries, parties, job.change, (), job.closed)
        wrong = {one.key: one.message for one in problems if one.key in depends}
        if not wrong:
            break
        depends -= wrong.keys()
        files = [_without(file, wrong) for file in job.files]
        job = replace(job, files=files, entries=entries_of(files))
    return job


def _without(file: File, wrong: dict[str, str]) -> File:
    mine = {key: file.entries[number] for number, key in enumerate(file.entries.keys) if key in wrong}
    gone = [FileProblem(entry.line, wrong[key], key=key) for key, entry in mine.items()]
    return replace(
        file,
        entries=file.entries.without(mine),
        unread_keys=file.unread_keys | mine.keys(),
        left_out=(*file.left_out, *gone),
    )
